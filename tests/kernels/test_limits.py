"""What the limits of a choice leave is what sorting leaves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charrnn.kernels.limits import keep_likely, keep_mass, keep_top
from charrnn.kernels.softmax import NEVER
from charrnn.kernels.target import PAD, padded

ONE = np.float32(1)
numbers = st.floats(-50, 50, width=32)
# with equals among them, and with what was banned
rows = st.lists(st.one_of(numbers, st.sampled_from([0.0, -0.0, 1.5, -2.0, float(NEVER)])), min_size=2, max_size=90)


def padded_row(values: list[float], padding: np.float32) -> np.ndarray:
    row = np.full(padded(len(values)), padding, np.float32)
    row[: len(values)] = values
    return row


def ordered(values: np.ndarray) -> np.ndarray:
    """Places from the largest to the smallest value, of equals the first first."""
    return np.argsort(-values.astype(np.float64), kind="stable")


@given(rows, st.data())
def test_top_k(values: list[float], data: st.DataObject) -> None:
    values = [value + 0.0 for value in values]  # -0.0 has other bits than 0.0, and is as large
    top_k = data.draw(st.integers(1, len(values) - 1))
    row = padded_row(values, NEVER)
    expected = row.copy()
    expected[ordered(row[: len(values)])[top_k:]] = NEVER
    keep_top(row, np.zeros_like(row), top_k)
    assert np.array_equal(row, expected)


@given(rows, st.floats(0, 1, exclude_max=True))
def test_mass(values: list[float], share: float) -> None:
    logits = np.array(values, np.float64)
    row = padded_row(list(np.exp(logits - logits.max())), np.float32(0))
    before, total = row.copy(), np.float32(row.sum(dtype=np.float64))
    rest = keep_mass(row, np.zeros(PAD, np.float32), share, total)
    order = ordered(before)
    kept = np.count_nonzero(row)
    # the largest stay as they are, of equals the first, and the others are gone
    assert np.array_equal(row[order[:kept]], before[order[:kept]])
    assert not row[order[kept:]].any()
    assert kept >= 1
    mass = np.cumsum(before[order], dtype=np.float64)
    assert mass[kept - 1] >= share * total * (1 - 1e-5)
    # with one less it would be too little
    assert kept == 1 or mass[kept - 2] < share * total * (1 + 1e-5)
    np.testing.assert_allclose(rest, mass[kept - 1], rtol=1e-5)


def test_mass_of_equals() -> None:
    for share, kept in [(0.0, 1), (0.1, 1), (0.2, 2), (0.5, 4), (0.99, 7)]:
        row = padded_row([1.0] * 7, np.float32(0))
        assert keep_mass(row, np.zeros(PAD, np.float32), share, np.float32(7)) == kept
        assert list(np.flatnonzero(row)) == list(range(kept))


@given(rows, st.floats(0, 1, width=32))
def test_likely(values: list[float], least: float) -> None:
    logits = np.array(values, np.float64)
    row = padded_row(list(np.exp(logits - logits.max())), np.float32(0))
    expected = np.where(row >= np.float32(least), row, np.float32(0))
    rest = keep_likely(row, np.float32(least))
    assert np.array_equal(row, expected)
    np.testing.assert_allclose(rest, expected.sum(dtype=np.float64), rtol=1e-5)
