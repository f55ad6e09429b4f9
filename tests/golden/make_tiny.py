"""Writes tiny.safetensors: a network that has learned one sentence by heart, with wide margins everywhere.

To train it anew:  python -m tests.golden.make_tiny
"""

import tempfile
from pathlib import Path

import numpy as np

import charrnn
from charrnn.runs.checkpoint import Checkpoint, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo

LINE = "the quick brown fox jumps over the lazy dog.\n"
PATH = Path(__file__).with_name("tiny.safetensors")


def build() -> Checkpoint:
    """The trained network without what only training needs, its weights rounded to 1/256."""
    with tempfile.TemporaryDirectory() as folder:
        model = charrnn.train(text=LINE * 40, hidden=12, batch=4, window=45, epochs=60, val_fraction=0.0, shards=1,
                              folder=folder)
    arrays = {name: np.round(array * 256) / np.float32(256) for name, array in model.parameters.items()}
    history = {"points": [], "ticks": 0, "sum": 0.0, "count": 0}
    progress = {"step": 0, "epoch": 0.0, "history": history}
    return Checkpoint(model.settings, model.vocabulary.characters, CorpusInfo("tiny"), progress, arrays)


if __name__ == "__main__":
    save_checkpoint(PATH, build())
    print(f"wrote {PATH.name}: {PATH.stat().st_size:,} bytes")
