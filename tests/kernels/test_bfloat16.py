"""Rounding to bfloat16 is to the nearest, to even from half way, and pairs lie where the tiles look for them."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.kernels import bfloat16
from charrnn.kernels.cpu import PAD
from charrnn.kernels.jit import as_kernel

round_rows, round_line_pairs = as_kernel(bfloat16.round_rows), as_kernel(bfloat16.round_line_pairs)

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-2.0**126, max_value=2.0**126)


def as_float(bits):
    return np.array(bits, np.uint32).view(np.float32)


def numbers_of(pairs):
    """The numbers in pairs, (2,) each, as float32."""
    return (np.ascontiguousarray(pairs).view(np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)


def paired(first, second):
    """A pair of numbers, one of a line of such pairs."""
    lines, out = np.repeat(np.array([first, second], np.float32), PAD), np.zeros(PAD, np.float32)
    round_line_pairs(lines, 0, PAD, 2, PAD, out, 0)
    assert len(np.unique(out.view(np.uint32))) == 1
    return out[:1].view(np.uint32)


def nearest(x):
    """The bfloat16 nearest to a float32, found among its two neighbours by their distance."""
    bits = int(np.float32(x).view(np.uint32))
    below, above = bits & 0xFFFF0000, (bits & 0xFFFF0000) + 0x10000
    distances = [abs(float(as_float(neighbour)) - float(x)) for neighbour in (below, above)]
    if distances[0] == distances[1]:
        return as_float(below if not below & 0x10000 else above)
    return as_float(below if distances[0] < distances[1] else above)


@given(FLOATS, FLOATS)
@example(1.00390625, 1.01171875)  # half way, to the even one below and above
@example(-0.0, 0.0)
@example(1e-45, -3e-39)
def test_a_pair_holds_the_nearest_numbers(first, second):
    found = numbers_of(paired(first, second))
    expected = np.array([nearest(first), nearest(second)])
    assert found.tobytes() == expected.tobytes()


def test_what_is_no_number_stays_visible():
    first, second = numbers_of(paired(np.nan, -np.inf))
    assert np.isnan(first)
    assert second == -np.inf


@pytest.mark.parametrize(("rows", "columns", "lda", "at"), [(1, 16, 16, 0), (3, 48, 50, 5), (7, 16, 17, 3)])
def test_pairs_along_rows(rows, columns, lda, at):
    a = np.random.default_rng(rows).standard_normal(at + rows * lda).astype(np.float32)
    a[at : at + 4] = 1.00390625, 1.01171875, -3e-39, -0.0  # half way, to the even one below and above
    out = np.full(rows * columns // 2 + 1, np.float32(7))
    round_rows(a, at, lda, rows, columns, out)
    expected = [[nearest(number) for number in row] for row in a[at:].reshape(rows, lda)[:, :columns]]
    np.testing.assert_array_equal(numbers_of(out[:-1]).reshape(rows, columns), expected)
    assert out[-1] == 7


@pytest.mark.parametrize(("rows", "columns", "lda", "at"),
                         [(1, 16, 16, 0), (2, 32, 40, 5), (7, 16, 17, 3), (8, 48, 50, 1)])
def test_pairs_of_lines(rows, columns, lda, at):
    a = np.arange(at + rows * lda, dtype=np.float32) % 127 - 60
    pairs = -(-rows // 2)
    out = np.full(2 + pairs * columns + 1, np.float32(7))
    round_line_pairs(a, at, lda, rows, columns, out, 2)
    lines = np.zeros((2 * pairs, columns))
    lines[:rows] = a[at:].reshape(rows, lda)[:, :columns]
    found = numbers_of(out[2:-1]).reshape(pairs, columns, 2)
    np.testing.assert_array_equal(found[:, :, 0], lines[::2])
    np.testing.assert_array_equal(found[:, :, 1], lines[1::2])
    assert out[[0, 1, -1]].tolist() == [7, 7, 7]
