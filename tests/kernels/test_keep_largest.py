"""What the limits of a choice leave is what sorting leaves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charrnn.kernels import sample_logits
from charrnn.kernels.cpu import padded
from charrnn.kernels.jit import as_kernel
from charrnn.kernels.sample_logits import Limits
from charrnn.kernels.softmax import NEVER

keep_largest = as_kernel(sample_logits.keep_largest)

numbers = st.floats(-50, 50, width=32)
# with equals among them, and with what was banned
rows = st.lists(st.one_of(numbers, st.sampled_from([0.0, -0.0, 1.5, -2.0, float(NEVER)])), min_size=2, max_size=90)


def ordered(values: np.ndarray) -> np.ndarray:
    """Places from the largest to the smallest value, of equals the first first."""
    return np.argsort(-values.astype(np.float64), kind="stable")


def weights_of(values: list[float]) -> tuple[np.ndarray, np.float32]:
    """exp(value - largest), padded with zeros, and their sum."""
    logits = np.array(values, np.float64)
    row = np.zeros(padded(len(values)), np.float32)
    row[: len(values)] = np.exp(logits - logits.max())
    return row, np.float32(row.sum(dtype=np.float64))


def kept(row: np.ndarray, count: int, total: np.float32, top_k: int = 0, top_p: float = 1.0,
         min_p: float = 0.0) -> np.float32:
    """The sum that is left, in `row` itself."""
    return keep_largest(row, count, Limits(top_k, top_p, min_p), total)


@given(rows, st.data())
def test_top_k(values: list[float], data: st.DataObject) -> None:
    top_k = data.draw(st.integers(1, len(values) + 2))
    row, total = weights_of(values)
    expected = row.copy()
    expected[ordered(row[: len(values)])[top_k:]] = 0
    rest = kept(row, len(values), total, top_k)
    assert np.array_equal(row, expected)
    np.testing.assert_allclose(rest, expected.sum(dtype=np.float64), rtol=1e-5)


@given(rows, st.floats(0, 1, exclude_max=True))
def test_mass(values: list[float], share: float) -> None:
    row, total = weights_of(values)
    before = row.copy()
    rest = kept(row, len(values), total, top_p=share)
    order, number = ordered(before), np.count_nonzero(row)
    # the largest stay as they are, of equals the first, and the others are gone
    assert np.array_equal(row[order[:number]], before[order[:number]])
    assert not row[order[number:]].any()
    assert number >= 1
    mass = np.cumsum(before[order], dtype=np.float64)
    assert mass[number - 1] >= share * total * (1 - 1e-5)
    # with one less it would be too little
    assert number == 1 or mass[number - 2] < share * total * (1 + 1e-5)
    np.testing.assert_allclose(rest, mass[number - 1], rtol=1e-5)


def test_mass_of_equals() -> None:
    for share, number in [(0.0, 1), (0.1, 1), (0.2, 2), (0.5, 4), (0.99, 7)]:
        row, total = weights_of([1.0] * 7)
        assert kept(row, 7, total, top_p=share) == number
        assert list(np.flatnonzero(row)) == list(range(number))


@given(rows, st.floats(0, 1, width=32))
def test_likely(values: list[float], least: float) -> None:
    row, total = weights_of(values)
    expected = np.where(row >= np.float32(least), row, np.float32(0))
    rest = kept(row, len(values), total, min_p=least)
    assert np.array_equal(row, expected)
    np.testing.assert_allclose(rest, expected.sum(dtype=np.float64), rtol=1e-5)


@given(rows, st.integers(0, 20), st.floats(0, 1), st.floats(0, 1))
def test_one_after_the_other_is_all_at_once(values: list[float], top_k: int, top_p: float, min_p: float) -> None:
    (row, total), (steps, rest) = weights_of(values), weights_of(values)
    for limit in ({"top_k": top_k}, {"top_p": top_p}, {"min_p": min_p}):
        rest = kept(steps, len(values), rest, **limit)
    assert kept(row, len(values), total, top_k, top_p, min_p) == rest
    assert np.array_equal(row, steps)
