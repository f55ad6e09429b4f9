"""Untrained networks with random parameters, as models: every value counts, and nothing has to be trained."""

from collections.abc import Sequence

import numpy as np

from charrnn.model import Model
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import NetworkSettings, Settings, TextSettings
from charrnn.text.labels import LabelScheme
from tests.networks import random_parameters

CHARACTERS = "\n ,.abcdefghijklmnopqrstuvwxyz"
TEXT = "the cat sat on a mat, and then it ran.\nwhat was there, in the box?\n".replace("?", ".") * 3


def random_model(units: Sequence[str] = CHARACTERS, *, text: TextSettings | None = None, seed: int = 0,
                 **network: object) -> Model:
    """A model of `units` with so shaped a network; `text` says how it reads."""
    shape = NetworkSettings(**{"cell": "lstm", "hidden": 20, "layers": 1, **network})  # type: ignore[arg-type]
    settings = Settings(network=shape, text=text or TextSettings())
    arrays = random_parameters(shape, len(units), np.random.default_rng(seed))
    for name in arrays:
        if name.startswith("weight_hh"):
            arrays[name] *= 2 / np.sqrt(shape.hidden)  # larger ones make rounding grow with every step
    return Model(Checkpoint(settings, units, CorpusInfo("random"), {},
                            {name: array.astype(np.float32) for name, array in arrays.items()}))


def labelled_model(*, numbers: bool = False, names: tuple[str, str] = ("hot", "cold"), hidden: int = 20,
                   layers: int = 1, cell: str = "lstm", embedding: int = 0) -> Model:
    """The same with two labels, or with three numbers as one."""
    scheme = (LabelScheme(means=(0.4, 0.5, 1950.25), scales=(0.3, 0.25, 31.5)) if numbers
              else LabelScheme(names=names, shares=(0.7, 0.3)))
    shape = NetworkSettings(cell=cell, hidden=hidden, layers=layers, embedding=embedding, label_width=scheme.width)
    text = TextSettings(labels="numbers" if numbers else "column")
    arrays = random_parameters(shape, len(CHARACTERS), np.random.default_rng(0))
    for name in arrays:
        if name.startswith("weight_hh"):
            arrays[name] *= 2 / np.sqrt(hidden)
    return Model(Checkpoint(Settings(network=shape, text=text), CHARACTERS, CorpusInfo("random", labels=scheme), {},
                            {name: array.astype(np.float32) for name, array in arrays.items()}))
