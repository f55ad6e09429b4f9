"""That networks learn what they should, and that a gate remembers what a plain network loses."""

import math

import numpy as np
import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.text.windows import NO_TARGET
from charrnn.training.events import Step
from charrnn.training.trainer import Trainer
from tests.training.runs import settings_of

CELLS = pytest.mark.parametrize("cell", KINDS)


@pytest.mark.few(4)
@CELLS
@pytest.mark.parametrize("cut", [{}, {"windows": "snippets"}, {"windows": "snippets", "targets": "last"}])
@pytest.mark.parametrize("network", [{"layers": 1}, {"layers": 2, "embedding": 4}])
def test_two_letters_in_turn(cell, cut, network):
    settings = settings_of(cell, **cut, **network, dropout=0.0, hidden=16, batch=8, lr=0.02, warmup=0.0,
                           decay="constant", epochs=200, validations=1)
    trainer, losses = Trainer(settings, np.tile([0, 1], 400), 2, 1), []
    for event in trainer.events():
        if isinstance(event, Step):
            losses.append(event.loss / math.log(2))
        if len(losses) == 200:
            trainer.stop()
    assert len(losses) == 200
    assert losses[0] > 0.7
    assert max(losses[-10:]) < 0.05
    if "targets" not in cut:  # who only ever saw the ninth letter need not know the tenth
        assert trainer.evaluation.loss() / math.log(2) < 0.05


LETTERS, FILLER, CUE = 8, 8, 9
DISTANCE = 6


def recall(seed=0, count=5_000):
    """A letter, filler, a cue, the same letter again: x.....?x"""
    letters = np.random.default_rng(seed).integers(LETTERS, size=count)
    return np.concatenate([[letter, *[FILLER] * (DISTANCE - 1), CUE, letter] for letter in letters])


def recall_bits(trainer):
    """Bits that a letter after the cue costs; 3 for one who has forgotten which it was."""
    ids = recall(seed=1, count=600).reshape(200, -1).T.astype(np.int32)  # the third in each row is asked for
    inputs, targets = np.ascontiguousarray(ids[:-1]), ids[1:].copy()
    targets[:-1] = NO_TARGET
    return trainer.engine.streams(200, len(inputs)).evaluate(inputs, targets) / 200 / math.log(2)


def trained_to_recall(cell, window):
    settings = settings_of(cell, dropout=0.0, layers=1, hidden=48, window=window, batch=256 // window,
                           lr=0.02, epochs=12, validations=1)
    trainer = Trainer(settings, recall(), 10, 1)
    assert recall_bits(trainer) > 2.5
    list(trainer.events())
    return recall_bits(trainer)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_three_bits_are_remembered(cell):
    assert trained_to_recall(cell, window=2 * DISTANCE) < 0.4


@pytest.mark.slow
def test_with_a_window_too_short_nobody_remembers():
    """The gradient reaches no further back than a window: the test above can fail."""
    assert trained_to_recall("lstm", window=2) > 2.5
