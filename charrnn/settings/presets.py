"""Layer settings: presets: settings that go together, by name.

The recipes of well-known programs are as near as our engine comes: initial values are our own, and the rates are for
gradients of the mean loss, where some of those programs take the sum over a window.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charrnn.errors import SettingsError
from charrnn.settings.training import Settings, settings_of


@dataclass(frozen=True)
class Preset:
    """What help says about it, and its settings."""

    description: str
    values: Mapping[str, Any]


DEFAULT = "default"
OURS = (DEFAULT, "quick", "best")  # what they leave open is fitted to text and time; the others are as they are
OPTIMIZER = "adamw"  # where one of ours leaves it open
# Sources: gist.github.com/karpathy/d4dee566867f8291f086, and train.lua of karpathy/char-rnn and of jcjohnson/torch-rnn.
PRESETS = {
    DEFAULT: Preset("settings that fit the text and the time", {}),
    "quick": Preset("a first look in seconds: a small network, few epochs", {
        "cell": "gru", "hidden": 128, "layers": 1, "dropout": 0.0, "batch": 16, "window": 50, "epochs": 2.0}),
    "best": Preset("a long run for a low loss: a large network, 45 epochs", {
        "hidden": 512, "layers": 1, "batch": 16, "epochs": 45.0}),
    # Its gradient is the sum over a window of 25, clipped at 5: 0.2 of the mean. It reads on from the start for ever.
    "min-char-rnn": Preset("Karpathy's 112 lines: RNN of 100, Adagrad", {
        "cell": "rnn", "hidden": 100, "layers": 1, "embedding": 0, "dropout": 0.0, "batch": 1, "window": 25,
        "optimizer": "adagrad", "lr": 0.1, "warmup": 0.0, "decay": "constant", "clip": 0.0, "clip_value": 0.2}),
    # Its gradient is the sum over a window of 50, clipped at 5: 0.1 of the mean.
    "char-rnn": Preset("Karpathy's char-rnn: 2 layers of 128, RMSprop", {
        "cell": "lstm", "hidden": 128, "layers": 2, "embedding": 0, "dropout": 0.0, "batch": 50, "window": 50,
        "optimizer": "rmsprop", "lr": 2e-3, "warmup": 0.0, "decay": "step", "decay_factor": 0.97, "decay_after": 10,
        "decay_every": 1, "clip": 0.0, "clip_value": 0.1, "epochs": 50.0, "val_fraction": 0.05}),
    "torch-rnn": Preset("Johnson's torch-rnn: 2 layers of 128, Adam", {
        "cell": "lstm", "hidden": 128, "layers": 2, "embedding": 64, "dropout": 0.0, "batch": 50, "window": 50,
        "optimizer": "adam", "lr": 2e-3, "warmup": 0.0, "decay": "step", "decay_factor": 0.5, "decay_after": 4,
        "decay_every": 5, "clip": 0.0, "clip_value": 5.0, "epochs": 50.0}),
}


def preset_values(name: str) -> Mapping[str, Any]:
    """The settings of a preset; raises SettingsError, which names the nearest, for a name that there is not."""
    if name not in PRESETS:
        nearest = difflib.get_close_matches(name, PRESETS, n=1)
        advice = f"did you mean {nearest[0]}? " if nearest else ""
        raise SettingsError(f"no preset is called {name!r}; {advice}there are {', '.join(PRESETS)}")
    return PRESETS[name].values


def early_settings(given: Mapping[str, Any], inherited: Mapping[str, Any], preset: str) -> Settings:
    """What is known of a run's settings before its text is read; raises SettingsError for what contradicts."""
    usual = {"optimizer": OPTIMIZER} if preset in OURS else {}
    return settings_of(merge_settings(given, inherited, preset_values(preset), usual))


def merge_settings(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """One set of settings out of several; earlier ones win. Epochs in one rule out later minutes, and vice versa."""
    merged: dict[str, Any] = {}
    for layer in layers:
        has_budget = merged.get("epochs") is not None or merged.get("minutes") is not None
        merged |= {name: value for name, value in layer.items()
                   if name not in merged and not (has_budget and name in ("epochs", "minutes"))}
    return merged
