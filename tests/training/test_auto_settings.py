"""What is chosen for a text and a budget: it can be trained on, gives way to what is given, and follows both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.runs.run import check_text
from charrnn.settings import TrainingSettings
from charrnn.settings.presets import DEFAULT, OURS, PRESETS
from charrnn.training.auto_settings import SIZES, automatic_settings, fitting

MINUTES = st.none() | st.floats(0.01, 1e4)


@given(characters=st.integers(20, 10**10), minutes=MINUTES, cores=st.integers(1, 128), has_bf16=st.booleans())
def test_any_text_of_some_characters_can_be_trained_on(characters, minutes, cores, has_bf16):
    wanted = {} if minutes is None else {"minutes": minutes}
    fitted, reason = fitting(wanted, characters, cores, has_bf16)
    assert f"{characters:,} characters" in reason
    settings, _ = automatic_settings({**wanted, **fitted}, DEFAULT, characters)
    check_text(characters, "ab", settings)
    assert settings.training.precision == ("bf16" if has_bf16 else "float32")


@given(characters=st.integers(1000, 10**8), cores=st.integers(1, 16), has_bf16=st.booleans(),
       minutes=st.lists(st.floats(0.02, 500), min_size=2, max_size=2, unique=True))
def test_more_time_never_makes_the_network_smaller(characters, cores, has_bf16, minutes):
    less, more = (fitting({"minutes": one}, characters, cores, has_bf16)[0] for one in sorted(minutes))
    assert less["hidden"] * less["layers"] <= more["hidden"] * more["layers"]


@pytest.mark.parametrize(("characters", "minutes", "layers", "hidden"), [
    (1_115_394, 0.1, 1, 128), (1_115_394, 1.0, 1, 384), (1_115_394, 3.0, 1, 512), (1_115_394, 8.0, 1, 512),
    (10_000, 8.0, 1, 128), (100_000, 8.0, 1, 256), (10**9, 1.0, 1, 384), (1_115_394, None, 1, 512)])
def test_by_hand_for_two_cores(characters, minutes, layers, hidden):
    chosen, _ = fitting({"minutes": minutes}, characters, 2, True)
    assert (chosen["layers"], chosen["hidden"]) == (layers, hidden)


def test_a_text_read_many_times_gets_much_dropout():
    (few, _), (many, _) = (fitting({"epochs": epochs}, 100_000, 2, True) for epochs in (2.0, 60.0))
    assert few["dropout"] < many["dropout"] == 0.5
    assert "recurrent_dropout" not in few
    assert many["recurrent_dropout"] > 0
    (small, _) = fitting({"epochs": 60.0, "hidden": 64}, 100_000, 2, True)
    assert "recurrent_dropout" not in small  # it has no room to learn a text by heart


def test_long_runs_with_much_dropout_have_a_lower_rate():
    rates = [fitting({"epochs": epochs}, 100_000, 2, True)[0]["lr"] for epochs in (20.0, 50.0, 200.0, 800.0)]
    assert rates[0] == rates[1] > rates[2] > rates[3] > 0
    assert "lr" not in fitting({"epochs": 20.0, "lr": 0.5}, 100_000, 2, True)[0]


@given(epochs=st.floats(0.01, 1e5), characters=st.integers(20, 10**8))
def test_the_average_is_never_longer_than_the_run(epochs, characters):
    fitted, _ = fitting({"epochs": epochs}, characters, 2, True)
    steps = epochs * characters / (fitted["batch"] * fitted["window"])
    assert 0 <= fitted["averaging"] <= 0.999
    assert 1 / (1 - fitted["averaging"]) <= max(1.0, steps / 20) * 1.01


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_given_stands(preset):
    asked = {"hidden": 77, "batch": 3, "window": 9, "dropout": 0.7, "precision": "float32", "lr": 0.123}
    settings, why = automatic_settings(asked, preset, 50_000)
    assert (settings.network.hidden, settings.windows.batch, settings.windows.window) == (77, 3, 9)
    assert (settings.network.dropout, settings.training.precision, settings.training.lr) == (0.7, "float32", 0.123)
    for name in asked:
        assert f"--{name}" not in why
    if preset not in OURS:
        assert why == f"preset {preset}"


def test_nothing_is_told_where_nothing_was_chosen():
    everything = {"hidden": 7, "layers": 1, "batch": 3, "window": 9, "dropout": 0.0, "precision": "float32",
                  "averaging": 0.0}
    settings, why = automatic_settings(everything, DEFAULT, 50_000)
    assert why == ""
    assert settings.training == TrainingSettings()  # nor lr, of a network so small


def test_sizes_go_from_large_to_small():
    assert list(SIZES) == sorted(SIZES, key=lambda size: size.pace)
    assert SIZES[-1].least == 0
