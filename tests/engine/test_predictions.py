"""Predictions of shards, of windows and of parts of a text, put together and taken apart."""

import math

import numpy as np
import pytest

from charrnn.engine.predictions import Predictions


def predictions(T: int, N: int, first: int = 0) -> Predictions:
    """Every number is another one."""
    made = Predictions.empty(T, N, 2)
    for number, array in enumerate(made[1:]):
        array[...] = np.arange(array.size).reshape(array.shape) + first + 1000 * number
    return made._replace(loss=float(made.nats.sum()))


def test_shards_lie_side_by_side_and_windows_one_after_the_other() -> None:
    left, right = predictions(3, 2), predictions(3, 1, 100)
    batch = Predictions.joined([left, right])
    assert batch.nats[:, :2].tolist() == left.nats.tolist()
    assert batch.top[:, 2].tolist() == right.top[:, 0].tolist()
    assert batch.loss == left.loss + right.loss
    text = Predictions.joined([predictions(3, 1), predictions(2, 1, 100)], axis=0)
    assert text.nats[:, 0].tolist() == [0, 1, 2, 100, 101]


def test_a_selection_has_its_own_loss_in_which_the_unpredicted_do_not_count() -> None:
    whole = predictions(4, 2)
    whole.nats[0] = np.nan
    column = whole.select((slice(None), 1))
    assert column.ranks.tolist() == whole.ranks[:, 1].tolist()
    assert column.probabilities.shape == (4, 2)
    assert column.loss == 3 + 5 + 7
    assert column.select(slice(2, None)).nats.tolist() == [5, 7]


def test_bits() -> None:
    made = predictions(2, 1)
    made.nats[:], made.entropies[:] = math.log(2), math.log(8)
    assert made.surprisals == pytest.approx(np.ones((2, 1)))
    assert made.expected == pytest.approx(np.full((2, 1), 3.0))
