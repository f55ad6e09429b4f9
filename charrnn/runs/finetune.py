"""Layer runs: fine-tuning: a new run that begins with a trained network, on a text that may have new characters."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.engine.vocabulary_growth import grow_vocabulary
from charrnn.errors import SettingsError
from charrnn.runs.checkpoint import load_checkpoint, naming
from charrnn.runs.corpus_info import Parent
from charrnn.runs.labelled import with_label
from charrnn.runs.trained_network import check_network
from charrnn.settings import TextSettings, TrainingSettings
from charrnn.settings.presets import merge_settings
from charrnn.storage.run_folders import run_name_of
from charrnn.text.tokenizers import vocabulary_of
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.schedules import fitting_rate

# The settings that a new run shares with its parent.
_NETWORK = ("cell", "hidden", "layers", "embedding", "learn_initial_state", "encoder")
_TEXT = ("documents", "unit", "normalize", "lowercase")
# The share of the usual rate to train with. From tiny Shakespeare to the sonnets, LSTM 1x128, nats after 1, 3 and 10
# epochs: at the whole rate 1.694 1.667 1.643, at half 1.686 1.667 1.650, at a quarter 1.685 1.669 1.659; from nothing
# 1.778 after 10.
RATE_SHARE = 0.5


class FineTuning:
    """What a new run takes over from a checkpoint, its parent: shape and parameters of the network, and vocabulary."""

    def __init__(self, path: Path) -> None:
        self.path, self.checkpoint = path, load_checkpoint(path)
        settings = self.checkpoint.settings
        with naming(path):
            self.vocabulary: Vocabulary = check_network(self.checkpoint)
        self.name = run_name_of(path)
        self._shape = {**{name: getattr(settings.network, name) for name in _NETWORK},
                       **{name: getattr(settings.text, name) for name in _TEXT}}

    def settings(self, given: Mapping[str, Any], preset: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of a new run that the parent decides; raises SettingsError where `given` says otherwise.

        A preset gives way, but the learning rate is a share of its rate if it has one.
        """
        for name, value in self._shape.items():
            if given.get(name, value) != value:
                wanted = _option(name, given[name])
                raise SettingsError(f"{wanted} contradicts {self.name}, which has {_option(name, value)}; leave "
                                    f"{wanted.removeprefix('no ').split()[0]} out, or --init-from")
        if self.checkpoint.settings.network.has_encoder and not given.get("pairs"):
            raise SettingsError(f"{self.name} has --encoder own, which reads the sources of pairs; give --pairs, or "
                                "begin from another run")
        optimizer = merge_settings(given, preset).get("optimizer", TrainingSettings.optimizer)
        usual = preset.get("lr") or fitting_rate(self.checkpoint.settings.network, optimizer)
        return {**self._shape, "lr": float(f"{RATE_SHARE * usual:.2g}")}

    def vocabulary_with(self, other: Vocabulary, settings: TextSettings) -> Vocabulary:
        """The parent's vocabulary and the units of another one."""
        return vocabulary_of(settings, [*self.vocabulary.units, *other.units])

    def added(self, vocabulary: Vocabulary) -> list[str]:
        """The units of a larger vocabulary that the parent does not know."""
        known = set(self.vocabulary.units)
        return [unit for unit in vocabulary.units if unit not in known]

    def arrays_for(self, vocabulary: Vocabulary) -> dict[str, np.ndarray]:
        """The parent's parameters for a larger vocabulary; of one with labels for the average of all."""
        arrays = with_label(self.checkpoint).arrays
        return grow_vocabulary(arrays, self.vocabulary.places_in(vocabulary), len(vocabulary))

    @property
    def parent(self) -> Parent:
        """What the new run's checkpoints say of its parent."""
        corpus = self.checkpoint.corpus
        return Parent(self.name, self.checkpoint.progress.get("step", 0), corpus.name, corpus.fingerprint)


def _option(name: str, value: Any) -> str:
    """`--hidden 8`, `--no-lowercase`, `no --documents`: a setting as it is typed."""
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    return f"no --{option}" if value is None else f"--{option} {value}"
