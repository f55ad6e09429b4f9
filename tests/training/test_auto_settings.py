"""What is set automatically for a text and a budget: it can be trained on, gives way to what is given, follows both."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.engine.initial import parameter_shapes
from charrnn.runs.run import check_text
from charrnn.settings import (
    NetworkSettings,
    RunSettings,
    Settings,
    TextSettings,
    TrainingSettings,
    WindowSettings,
    settings_of,
)
from charrnn.settings.presets import DEFAULT, OURS, PRESETS
from charrnn.text.corpus import Corpus
from charrnn.text.shape import TextShape
from charrnn.training.auto_settings import SIZES, Machine, automatic_settings, fitting, fitting_shards
from charrnn.training.pace import expected_pace, measured_pace

MINUTES = st.none() | st.floats(0.01, 1e4)
SHAPES = st.builds(TextShape, st.integers(20, 10**10), st.integers(2, 300), st.none() | st.integers(1, 5000))


def machine(cores=2, has_bf16=True, vocabulary=65):
    return Machine(cores, expected_pace(cores, vocabulary), has_bf16)


@given(text=SHAPES, minutes=MINUTES, cores=st.integers(1, 128), has_bf16=st.booleans())
def test_any_text_of_some_characters_can_be_trained_on(text, minutes, cores, has_bf16):
    wanted = {} if minutes is None else {"minutes": minutes}
    fitted, reason = fitting(wanted, text, machine(cores, has_bf16))
    assert f"{text.length:,} characters" in reason
    settings = Settings(*(kind(**{name: value for name, value in {**fitted, **wanted}.items()
                                  if name in kind.__dataclass_fields__})
                          for kind in (NetworkSettings, WindowSettings, TrainingSettings)))
    check_text(text.length, "ab", settings)
    assert settings.training.precision == ("bf16" if has_bf16 else "float32")


@given(characters=st.integers(1000, 10**8), cores=st.integers(1, 16), has_bf16=st.booleans(),
       minutes=st.lists(st.floats(0.02, 500), min_size=2, max_size=2, unique=True))
def test_more_time_never_makes_the_network_smaller(characters, cores, has_bf16, minutes):
    less, more = (fitting({"minutes": one}, TextShape(characters), machine(cores, has_bf16))[0]
                  for one in sorted(minutes))
    assert less["hidden"] * less["layers"] <= more["hidden"] * more["layers"]


@pytest.mark.parametrize(("characters", "minutes", "hidden"), [
    (1_115_394, 0.01, 128), (1_115_394, 0.25, 256), (1_115_394, 1.0, 384), (1_115_394, 3.0, 512),
    (1_115_394, 8.0, 512), (10_000, 8.0, 128), (100_000, 8.0, 256), (10**9, 1.0, 384), (1_115_394, None, 512)])
def test_by_hand_for_two_cores(characters, minutes, hidden):
    fitted, _ = fitting({"minutes": minutes}, TextShape(characters, 65), machine())
    assert (fitted["layers"], fitted["hidden"]) == (1, hidden)


def test_a_slow_machine_and_a_large_vocabulary_get_a_smaller_network():
    text, wanted = TextShape(1_000_000, 65), {"minutes": 1.0}
    usual = fitting(wanted, text, machine())[0]["hidden"]
    slow = Machine(2, lambda settings: 0.1 * expected_pace(2, 65)(settings), True)
    assert fitting(wanted, text, slow)[0]["hidden"] < usual
    assert fitting(wanted, text, machine(vocabulary=10_000))[0]["hidden"] < usual


@pytest.mark.parametrize("size", SIZES[:-1])
def test_a_size_is_taken_where_enough_can_be_read_for_its_parameters(size):
    text, minutes = TextShape(size.least, 65), 20.0
    needed = size.worth * sum(math.prod(shape) for shape in parameter_shapes(
        NetworkSettings(size.cell, size.hidden, size.layers), 65).values())

    def chosen(readable):
        return fitting({"minutes": minutes}, text, Machine(8, lambda _: readable / minutes))[0]

    taken, left = chosen(1.01 * needed), chosen(0.99 * needed)
    assert (taken["cell"], taken["hidden"]) == (size.cell, size.hidden)
    assert (left["cell"], left["hidden"]) != (size.cell, size.hidden)


@pytest.mark.parametrize(("engine", "cell"), [("compiled", "mogrifier"), ("torch", "lstm")])
def test_the_best_preset_has_the_cell_that_fits_text_and_engine(engine, cell):
    corpus = Corpus.of("To be, or not to be? " * 30_000)
    network = automatic_settings({}, "best", corpus, run=RunSettings(engine=engine)).settings.network
    assert (network.cell, network.layers, network.hidden) == (cell, 1, 512)


def test_the_best_preset_reads_windows_of_two_lines():
    corpus = Corpus.of(("To be, or not to be, that is the question, " * 2 + "\n") * 8_000)
    assert automatic_settings({}, "best", corpus).settings.windows.window == 2 * 87


def test_a_text_read_many_times_gets_more_dropout():
    few, many = (fitting({"epochs": epochs}, TextShape(100_000), machine())[0] for epochs in (2.0, 30.0))
    assert few["dropout"] < many["dropout"] == 0.4
    assert few["weight_decay"] > 0 < many["weight_decay"]
    assert "recurrent_dropout" not in few
    assert many["recurrent_dropout"] == 0.15
    by_heart, _ = fitting({"epochs": 120.0}, TextShape(100_000), machine())
    assert (by_heart["dropout"], by_heart["recurrent_dropout"]) == (0.5, 0.25)
    small, _ = fitting({"epochs": 60.0, "hidden": 64}, TextShape(100_000), machine())
    assert "recurrent_dropout" not in small
    assert small["dropout"] == small["weight_decay"] == 0  # it has no room to learn a text by heart


def test_a_larger_network_learns_a_text_by_heart_sooner_and_gets_more_dropout():
    def chosen(hidden, epochs, characters=600_000):
        return fitting({"epochs": epochs, "hidden": hidden, "cell": "mogrifier"}, TextShape(characters, 65),
                       machine())[0]

    assert [chosen(hidden, 9.0)["dropout"] for hidden in (128, 256, 384, 768)] == [0.0, 0.0, 0.2, 0.3]
    assert [chosen(256, epochs)["dropout"] for epochs in (3.0, 15.0, 30.0, 90.0)] == [0.0, 0.2, 0.3, 0.4]
    assert [chosen(256, epochs).get("recurrent_dropout") for epochs in (30.0, 90.0)] == [None, 0.1]
    # nobody learns anything by heart in three passes, and a longer text is harder to learn
    assert chosen(512, 3.0, 20_000)["dropout"] == 0.0 < chosen(512, 12.0)["dropout"]
    assert chosen(384, 12.0, 6_000_000)["dropout"] == 0.0


@given(minutes=st.floats(0.01, 1e3), characters=st.integers(20, 10**8), cores=st.integers(1, 16))
def test_a_short_text_is_not_learned_by_heart_with_the_time_that_is_left(minutes, characters, cores):
    text = TextShape(characters, 65)
    fitted, reason = fitting({"minutes": minutes}, text, machine(cores))
    run = settings_of({**fitted, "minutes": minutes})
    passes = expected_pace(cores, 65)(run) * minutes / characters
    enough = math.ceil(max(120, 2000 * run.windows.batch * run.windows.window / characters))
    assert fitted.get("epochs") == (enough if passes > enough else None)
    assert ("by heart" in reason) == (passes > enough)
    if passes > enough:  # then all else is as for so many epochs: more time changes nothing
        same = {name: value for name, value in fitted.items() if name != "epochs"}
        size = {name: fitted[name] for name in ("cell", "layers", "hidden")}
        assert {**fitting({"epochs": float(enough), **size}, text, machine(cores))[0], **size} == same
        assert "epochs" not in fitting({"minutes": minutes, "epochs": 1e3}, text, machine(cores))[0]
    assert "epochs" not in fitting({"minutes": minutes, "hidden": 64}, text, machine(cores))[0]  # it has no room


def test_a_gru_has_some_weight_decay_however_long_the_text():
    for characters, cell, least in ((10**8, "gru", 0.03), (10**8, "mogrifier", 0.03), (10**8, "lstm", 0.0),
                                    (30_000, "gru", 0.1)):
        fitted, _ = fitting({"minutes": 1.0, "cell": cell}, TextShape(characters, 65), machine())
        assert least <= fitted["weight_decay"] < least + 0.01


@pytest.mark.parametrize("characters", [30_000, 10**6])
def test_pytorch_gets_a_cell_that_it_has_a_layer_for(characters):
    text = TextShape(characters, 65)
    for engine, long in (("compiled", "mogrifier"), ("reference", "mogrifier"), ("torch", "lstm")):
        here = Machine.here(text, RunSettings(engine=engine))
        assert fitting({"epochs": 1.0, "hidden": 8}, text, here)[0]["cell"] == (long if characters > 80_000 else "gru")


@pytest.mark.parametrize(("characters", "given", "cell"), [
    (1_115_394, {"minutes": 3.0}, "mogrifier"), (1_115_394, {"minutes": 60.0}, "mogrifier"),
    (1_115_394, {}, "mogrifier"), (500_000, {"minutes": 8.0, "epochs": 2.0}, "mogrifier"),
    (10**8, {"minutes": 60.0}, "mogrifier"), (50_000, {}, "gru"), (50_000, {"minutes": 60.0}, "gru")])
def test_all_but_short_texts_get_a_mogrifier_however_often_they_are_read(characters, given, cell):
    assert fitting(given, TextShape(characters, 65), machine())[0]["cell"] == cell


def test_what_is_none_was_not_given():
    text, given = TextShape(16_000, 75), {"minutes": 1.0}
    assert fitting({**given, "epochs": None, "dropout": None}, text, machine()) == fitting(given, text, machine())


def test_more_time_is_advised_only_where_time_is_short():
    text = TextShape(100_000, 65)
    assert "give more time" in fitting({"minutes": 0.01}, text, machine())[1]
    assert "give more time" not in fitting({"minutes": 60.0, "epochs": 1.0}, text, machine())[1]


@pytest.mark.parametrize(("optimizer", "fitted"), [
    ("adam", {"beta1", "beta2"}), ("adamw", {"beta1", "beta2", "weight_decay"}), ("sgd", set())])
def test_each_optimizer_gets_what_it_can_use(optimizer, fitted):
    chosen, _ = fitting({"optimizer": optimizer}, TextShape(1_000_000), machine())
    assert {"beta1", "beta2", "weight_decay"} & set(chosen) == fitted
    assert "optimizer" not in chosen


@given(epochs=st.floats(0.01, 1e5), characters=st.integers(20, 10**8))
def test_the_average_is_never_longer_than_the_run(epochs, characters):
    fitted, _ = fitting({"epochs": epochs}, TextShape(characters), machine())
    steps = epochs * characters / (fitted["batch"] * fitted["window"])
    assert 0 <= fitted["averaging"] <= 0.999
    assert 1 / (1 - fitted["averaging"]) <= max(1.0, steps / 20) * 1.01


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_given_stands(preset):
    asked = {"hidden": 77, "batch": 3, "window": 9, "dropout": 0.7, "precision": "float32", "lr": 0.123}
    _, settings, why = automatic_settings(asked, preset, Corpus.of("some text\n" * 500))
    assert (settings.network.hidden, settings.windows.batch, settings.windows.window) == (77, 3, 9)
    assert (settings.network.dropout, settings.training.precision, settings.training.lr) == (0.7, "float32", 0.123)
    for name in asked:
        assert f"--{name}" not in why
    if preset not in OURS:
        assert why == f"preset {preset}"


def test_nothing_is_told_where_nothing_was_chosen():
    everything = {"cell": "gru", "hidden": 7, "layers": 1, "batch": 3, "window": 9, "dropout": 0.0,
                  "precision": "float32", "averaging": 0.0, "optimizer": "sgd"}
    _, settings, why = automatic_settings(everything, DEFAULT, Corpus.of("some text\n" * 500))
    assert why == ""
    assert settings.training == TrainingSettings(optimizer="sgd")


def test_sizes_go_from_large_to_small():
    assert list(SIZES) == sorted(SIZES, key=lambda size: -size.hidden * size.layers)
    assert SIZES[-1].least == 0


def test_a_pace_is_timed():
    small, large = (Settings(NetworkSettings("gru", hidden, dropout=0.2, recurrent_dropout=0.1),
                             WindowSettings(window=20, batch=9)) for hidden in (16, 200))
    pace = measured_pace(RunSettings(), 31, lambda batch: fitting_shards(batch, 2), 1)
    assert 0 < pace(large) < pace(small) < math.inf


@pytest.mark.parametrize("is_compiled", [True, False])
@pytest.mark.parametrize(("given", "preset", "cells"), [
    ({"minutes": 0.01, "hidden": 9, "cell": "rnn"}, DEFAULT, {"rnn"}),
    ({"minutes": 0.01, "hidden": 9}, "quick", {"gru"}),
    ({"minutes": 0.01, "hidden": 9, "epochs": 1.0}, DEFAULT, {"gru"}),
    ({"epochs": 1.0, "hidden": 9}, DEFAULT, set())])
def test_each_wait_for_the_compiler_is_told_of(given, preset, cells, is_compiled, monkeypatch):
    waits, asked = [], set()

    def of(network, *_):
        asked.add(network.cell)
        return is_compiled

    monkeypatch.setattr("charrnn.engine.compiled.engine.is_compiled", of)
    automatic_settings(given, preset, Corpus.of("some text\n" * 500), on_compile=lambda: waits.append(1))
    assert asked == cells
    assert len(waits) == (0 if is_compiled else len(cells))


@pytest.mark.parametrize(("text", "line"), [
    ("a b c" * 50, None), ("one\n", None), ("four\n\n\n\n" * 30, 5), ("x\n" * 20 + "y" * 99 + "\n", 100)])
def test_the_usual_line_is_one_that_half_of_the_text_stands_in(text, line):
    shape = TextShape.of(Corpus.of(text))
    assert shape == TextShape(len(text), len(set(text)), line)


def test_lines_decide_the_window():
    def window(line, minutes=100.0):
        return fitting({"minutes": minutes}, TextShape(1_000_000, line=line), machine())[0]["window"]

    assert [window(line) for line in (None, 10, 80, 5000)] == [64, 64, 160, 200]
    assert window(80, 1.0) == 64  # with longer ones too few steps would fit
    [short, long] = (fitting({"epochs": epochs}, TextShape(1_000_000, line=80), machine())[0]["window"]
                     for epochs in (2.0, 200.0))
    assert short == 64 < long == 160


def test_networks_far_too_large_are_not_even_timed():
    timed = []

    def pace(settings):
        timed.append(settings.network.hidden)
        return expected_pace(2, 65)(settings)

    fitting({"minutes": 0.15}, TextShape(1_000_000, 65), Machine(2, pace, True))
    assert timed == [256]
    timed.clear()
    fitting({"minutes": 3.0}, TextShape(100_000, 65), Machine(2, pace, True))
    assert timed == [256]  # for larger ones the text is too short


def test_rare_words_are_read_as_one_where_there_are_too_many(monkeypatch):
    corpus = Corpus.of("a b b c c c d d d d " * 50 + "e " * 20, settings=TextSettings(unit="token"))
    monkeypatch.setattr("charrnn.training.auto_settings.MOST_UNITS", 3)
    wanted = {"unit": "token", "hidden": 9, "epochs": 1.0}
    fewer, settings, why = automatic_settings(wanted, DEFAULT, corpus)
    assert settings.text.min_count == 51
    assert "--min-count 51" in why
    read = Corpus.of("a b b c c c d d d d " * 50 + "e " * 20, settings=settings.text)
    assert fewer.vocabulary == read.vocabulary
    assert len(fewer.vocabulary) == 4  # the rare are one
    places = np.arange(len(corpus))
    np.testing.assert_array_equal(fewer.ids.take(places), read.ids.take(places))
    same, settings, _ = automatic_settings({**wanted, "min_count": 1}, DEFAULT, corpus)
    assert same.vocabulary == corpus.vocabulary
    assert settings.text.min_count == 1
