"""Presets are settings that exist, and what is given wins over them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import charrnn
from charrnn.errors import SettingsError
from charrnn.settings import settings_of
from charrnn.settings.presets import DEFAULT, PRESETS, merge_settings, preset_values
from tests.cli.tiny import TEXT

LAYER = st.dictionaries(st.sampled_from(["hidden", "lr", "epochs", "minutes", "cell"]), st.integers(1, 9))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_made_of_settings(name: str) -> None:
    values = preset_values(name)
    settings = settings_of(values)
    for part in (settings.network, settings.windows, settings.training, settings.text):
        for key, value in part.to_dict().items():
            assert key not in values or value == values[key]


@pytest.mark.parametrize(("name", "facts"), {
    # the gist's figures: hidden 100, 25 characters, Adagrad at 0.1, clip 5 on the sum over a window
    "min-char-rnn": ("rnn", 1, 100, 0, 1, 25, "adagrad", 0.1, 5 / 25),
    # train.lua's: 2 x 128, 50 x 50, RMSprop at 2e-3, clip 5 on the sum
    "char-rnn": ("lstm", 2, 128, 0, 50, 50, "rmsprop", 2e-3, 5 / 50),
    # train.lua's: 2 x 128, 64 wide, 50 x 50, Adam at 2e-3, clip 5 on the mean
    "torch-rnn": ("lstm", 2, 128, 64, 50, 50, "adam", 2e-3, 5)}.items())
def test_the_recipes_are_those_of_the_programs(name: str, facts: tuple[object, ...]) -> None:
    settings = settings_of(preset_values(name))
    network, windows, training = settings.network, settings.windows, settings.training
    assert (network.cell, network.layers, network.hidden, network.embedding, windows.batch, windows.window,
            training.optimizer, training.lr, training.clip_value) == facts
    assert training.clip == network.dropout == training.warmup == 0


@pytest.mark.parametrize(("typed", "words"), [("bset", "did you mean best"), ("x", "there are default, quick")])
def test_a_name_that_there_is_not(typed: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        preset_values(typed)
    with pytest.raises(SettingsError, match=words):
        charrnn.train(text=TEXT, preset=typed)


@given(st.lists(LAYER, max_size=4))
def test_the_first_layer_that_has_a_name_wins(layers: list[dict[str, int]]) -> None:
    chosen = merge_settings(*layers)
    for name, value in chosen.items():
        assert value == next(layer[name] for layer in layers if name in layer)
    budgets = [name for name in chosen if name in ("epochs", "minutes")]
    with_budget = [layer for layer in layers if {"epochs", "minutes"} & set(layer)]
    # a budget of a later layer gives way as a whole: minutes typed stand for a preset's epochs
    assert set(budgets) == ({"epochs", "minutes"} & set(with_budget[0]) if with_budget else set())


@pytest.mark.parametrize(("settings", "words"), [
    ({"momentum": 0.5}, "--momentum has no effect with --optimizer adam.*--optimizer sgd"),
    ({"weight_decay": 0.5, "optimizer": "sgd"}, "--weight-decay has no effect with --optimizer sgd.*--optimizer adamw"),
    ({"decay_factor": 0.5}, "--decay-factor has no effect with --decay cosine.*--decay step or exponential"),
    ({"lr_end": 0.5, "decay": "constant"}, "--lr-end has no effect with --decay constant.*cosine or linear")])
def test_a_setting_without_use_is_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings_of(settings)
    settings_of({name: value for name, value in settings.items() if name in ("optimizer", "decay")} | {
        "momentum": 0.9, "weight_decay": 0.01, "decay_factor": 0.97, "lr_end": 0.02})  # the defaults may be named


def test_what_is_given_wins_over_the_preset(tmp_path: Path) -> None:
    model = charrnn.train(text=TEXT, preset="torch-rnn", hidden=8, layers=1, batch=2, window=10, epochs=0.5,
                          folder=tmp_path)
    network, training = model.settings.network, model.settings.training
    assert (network.hidden, network.layers, network.embedding) == (8, 1, 64)
    assert (training.epochs, training.decay_factor, training.clip_value) == (0.5, 0.5, 5.0)


def test_the_default_preset_says_nothing_by_itself() -> None:
    assert preset_values(DEFAULT) == {}
