"""The compiled tiles against NumPy: bit for bit, on whole numbers small enough to be exact in both kinds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.kernels.cpu import TARGET
from charrnn.kernels.jit import as_kernel, inner
from charrnn.kernels.microkernel import BF16, FLOAT32, tile, tile_numpy, tiles

GUARD = np.float32(-12345)  # what lies around C, and must stay


@as_kernel
@inner
def compiled(tiles, rows, vectors, a, a_at, lda, a_step, b, b_at, b_step, c, c_at, ldc, depth, accumulate):
    tile(tiles, rows, vectors, a, a_at, lda, a_step, b, b_at, b_step, c, c_at, ldc, depth, accumulate)


def whole_numbers(rng, size):
    return rng.integers(-8, 9, size).astype(np.float32)


def pairs(rng, size):
    """Whole numbers two and two, as bfloat16: the upper halves of their float32 bits."""
    first, second = (whole_numbers(rng, size).view(np.uint32) for _ in range(2))
    return (first >> np.uint32(16) | second).view(np.float32)


ELEMENTS = {FLOAT32: whole_numbers, BF16: pairs}
KINDS = pytest.mark.parametrize("kind", ELEMENTS, ids=["float32", "bf16"])


def operands(kind, rows, vectors, depth, by_columns, spare, seed):
    """a, b, c and the offsets and strides at which a tile of this size lies in them."""
    rng, columns = np.random.default_rng(seed), vectors * TARGET.lanes
    lda, a_step = (1, rows + spare) if by_columns else (depth + spare, 1)
    b_step, ldc = columns + spare, columns + 2 * spare
    a_at, b_at, c_at = spare, 2 * spare, 3 * spare
    a = ELEMENTS[kind](rng, a_at + (rows - 1) * lda + (depth - 1) * a_step + 1)
    b = ELEMENTS[kind](rng, b_at + (depth - 1) * b_step + columns)
    c = np.full(c_at + rows * ldc + 7, GUARD)
    inside = np.zeros(c.size, bool)
    for row in range(rows):
        inside[c_at + row * ldc : c_at + row * ldc + columns] = True
    c[inside] = whole_numbers(rng, int(inside.sum()))
    return (a, a_at, lda, a_step), (b, b_at, b_step), (c, c_at, ldc), inside


@pytest.mark.few(8)
@KINDS
@pytest.mark.parametrize("rows", range(1, TARGET.rows + 1))
@pytest.mark.parametrize("vectors", range(1, TARGET.vectors + 1))
@given(depth=st.integers(1, 40), by_columns=st.booleans(), spare=st.integers(0, 9), accumulate=st.booleans(),
       seed=st.integers(0, 2**32))
def test_every_tile_equals_numpy(kind, rows, vectors, depth, by_columns, spare, accumulate, seed):
    a, b, (c, c_at, ldc), inside = operands(kind, rows, vectors, depth, by_columns, spare, seed)
    expected = c.copy()
    tile_numpy(kind, rows, vectors, *a, *b, expected, c_at, ldc, depth, accumulate)
    compiled(tiles(kind), rows, vectors, *a, *b, c, c_at, ldc, depth, accumulate)
    np.testing.assert_array_equal(c, expected)
    assert (c[~inside] == GUARD).all()


@pytest.mark.parametrize("accumulate", [False, True])
@KINDS
def test_the_reference_itself_is_a_product(kind, accumulate):
    rows, vectors, depth = TARGET.rows, TARGET.vectors, 13
    a, b, (c, c_at, ldc), inside = operands(kind, rows, vectors, depth, False, 5, seed=1)
    columns = vectors * TARGET.lanes
    A = np.array([[a[0][a[1] + r * a[2] + k] for k in range(depth)] for r in range(rows)])
    B = np.array([b[0][b[1] + k * b[2] :][:columns] for k in range(depth)])
    if kind == BF16:
        A, B = numbers_of(A), numbers_of(B.T).T
        assert A.shape == (rows, 2 * depth)
    expected = A @ B + (c[inside].reshape(rows, columns) if accumulate else 0)
    tile_numpy(kind, rows, vectors, *a, *b, c, c_at, ldc, depth, accumulate)
    np.testing.assert_array_equal(c[inside].reshape(rows, columns), expected)


def numbers_of(pairs):
    """The numbers (rows, 2 * columns) in pairs (rows, columns), in their order."""
    halves = np.ascontiguousarray(pairs, np.float32).view(np.uint16)
    return (halves.astype(np.uint32) << np.uint32(16)).view(np.float32)


@KINDS
def test_a_nan_is_not_lost(kind):
    (a, *a_rest), b, c, inside = operands(kind, 1, 1, 3, False, 0, seed=2)
    a[1] = np.nan
    compiled(tiles(kind), 1, 1, a, *a_rest, *b, *c, 3, False)
    assert np.isnan(c[0][inside]).all()
