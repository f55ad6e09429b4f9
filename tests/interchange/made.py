"""Networks of all kinds, with random parameters, as checkpoints, and what the reference engine says of a text."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.engine.reference.backpropagation import forward
from charrnn.runs.checkpoint import Checkpoint, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import NetworkSettings, Settings, TrainingSettings
from charrnn.training.history import History
from charrnn.training.progress import TrainingProgress
from tests.networks import random_parameters

CHARACTERS = "\n !abcdeé"
V, T, N = len(CHARACTERS), 7, 3
SHAPES = [{"layers": 1}, {"layers": 3, "embedding": 5}, {"layers": 2, "learn_initial_state": True, "dropout": 0.3}]


def checkpoint_of(cell: str, **shape: object) -> Checkpoint:
    """A network of 6 units with random parameters, which was never trained."""
    network = NetworkSettings(cell=cell, hidden=6, **shape)  # type: ignore[arg-type]
    arrays = random_parameters(network, V, np.random.default_rng(3))
    settings = replace(Settings(network), training=TrainingSettings(lr=0.01, epochs=1.0, shards=1))
    progress = TrainingProgress(0, 0.0, {}, {}, History()).to_dict()
    return Checkpoint(settings, CHARACTERS, CorpusInfo("made"), progress,
                      {name: array.astype(np.float32) for name, array in arrays.items()})


def saved(folder: Path, checkpoint: Checkpoint, name: str = "made") -> Path:
    """The checkpoint as the best of a run."""
    (folder / name).mkdir(parents=True)
    save_checkpoint(folder / name / "best.safetensors", checkpoint)
    return folder / name / "best.safetensors"


def ids() -> np.ndarray:
    return np.random.default_rng(4).integers(V, size=(T, N))


def logits(checkpoint: Checkpoint, inputs: np.ndarray) -> np.ndarray:
    """(T, N, V), from the initial state, in float64."""
    arrays = {name: array.astype(np.float64) for name, array in checkpoint.arrays.items()}
    return forward(checkpoint.settings.network, arrays, inputs, None).logits


def letters(cell: str) -> str:
    return CELLS[cell].letters
