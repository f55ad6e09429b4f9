"""Products of any size out of tiles, on whole numbers that are exact in float32: equality is to the last bit."""

import itertools

import numpy as np
import pytest

from charrnn.kernels import matmul as products
from charrnn.kernels import packing
from charrnn.kernels.cpu import PAD, TARGET, padded
from charrnn.kernels.jit import as_kernel
from charrnn.kernels.matmul import _DEPTH_BLOCK, copied_size
from charrnn.kernels.microkernel import BF16, FLOAT32, tiles
from charrnn.kernels.packing import pack

matmul, add_transposed_product = as_kernel(products.matmul), as_kernel(products.add_transposed_product)
number_of_panels, panel_width, panel_start = (
    as_kernel(function) for function in (packing.panels, packing.panel_width, packing.panel_start))

COLUMNS = range(PAD, 9 * PAD + 1, PAD)
GUARD = np.float32(-12345)
KINDS = pytest.mark.parametrize("kind", [FLOAT32, BF16], ids=["float32", "bf16"])


def whole_numbers(rng, *shape):
    return rng.integers(-8, 9, shape).astype(np.float32)


def packed_of(B, transposed, parts, at=0, kind=FLOAT32):
    """B packed from where it lies, or from its transpose, in so many parts, from number `at` on."""
    packed = np.full((at + B.size) // (1 + kind) + 3, GUARD)
    weight = np.ascontiguousarray(B.T if transposed else B)
    for part in range(parts):
        pack(weight, transposed, packed, at, kind == BF16, part, parts)
    return packed


def scratch(kind, size):
    """Memory for `size` rounded numbers, and a guard behind it that is not to be touched."""
    memory = np.full(size // 2 + 1, GUARD)
    return memory[: size // 2 if kind == BF16 else 0], memory[-1:]


def packed_copies(kind, columns):
    return np.full(copied_size(columns) if kind == FLOAT32 else 0, GUARD)


def panels_of(B):
    """B cut into as few panels as there can be, of nearly equal width, the narrow ones first."""
    vectors = B.shape[1] // TARGET.lanes
    count = -(-vectors // TARGET.vectors)
    widths = sorted(len(part) * TARGET.lanes for part in np.array_split(np.arange(vectors), count))
    return np.split(B, np.cumsum(widths)[:-1], axis=1)


@pytest.mark.parametrize("columns", COLUMNS)
def test_what_is_left_after_a_panel_is_cut_as_if_it_stood_alone(columns):
    count = number_of_panels(columns)
    starts = [panel_start(panel, columns) for panel in range(count + 1)]
    assert (starts[0], starts[-1]) == (0, columns)
    widths = [part.shape[1] for part in panels_of(np.zeros((1, columns)))]
    assert np.diff(starts).tolist() == [panel_width(panel, columns) for panel in range(count)] == widths
    for first, last in itertools.combinations(range(count + 1), 2):
        part = starts[last] - starts[first]
        assert number_of_panels(part) == last - first
        assert panel_width(0, part) == panel_width(first, columns)


@pytest.mark.parametrize("columns", COLUMNS)
def test_pack_is_the_same_from_both_sides_and_in_any_parts(columns):
    for depth, transposed in ((5, False), (3 * PAD, False), (PAD, True), (3 * PAD, True)):
        B = whole_numbers(np.random.default_rng(columns), depth, columns)
        expected = [panel.ravel() for panel in panels_of(B)]
        for parts in (1, 2, 3, 4):
            packed = packed_of(B, transposed, parts, at=2)
            np.testing.assert_array_equal(packed[2:-3], np.concatenate(expected))
            assert (packed[[0, 1, -1, -2, -3]] == GUARD).all()


@pytest.mark.parametrize("columns", COLUMNS)
def test_pairs_are_packed_from_both_sides_and_in_any_parts(columns):
    for depth, transposed in ((6, False), (3 * PAD, False), (PAD, True), (3 * PAD, True)):
        B = whole_numbers(np.random.default_rng(columns), depth, columns)
        halves = (B.view(np.uint32) >> np.uint32(16)).astype(np.uint16)  # exact: whole numbers below 256
        expected = [np.stack([panel[k : k + 2].T for k in range(0, depth, 2)]).ravel() for panel in panels_of(halves)]
        for parts in (1, 2, 3, 4):
            packed = packed_of(B, transposed, parts, at=2, kind=BF16)
            np.testing.assert_array_equal(packed[1:-3].view(np.uint16), np.concatenate(expected))
            assert (packed[[0, -1, -2, -3]] == GUARD).all()


@pytest.mark.few(60)
@KINDS
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("rows", [1, 7, 61])
@pytest.mark.parametrize("depth", [1, 6, 33, 34])
def test_matmul(rows, columns, depth, kind):
    if kind == BF16:
        depth += depth % 2
    rng = np.random.default_rng(rows * columns + depth)
    # what lies behind the depth may be read, and must not count
    lda, ldc, a_at, c_at, packed_at = padded(depth) + 2, columns + PAD, 3, 5, 4
    a, B, c = whole_numbers(rng, rows + 1, lda), whole_numbers(rng, depth, columns), whole_numbers(rng, rows + 1, ldc)
    A = a.ravel()[a_at : a_at + rows * lda].reshape(rows, lda)[:, :depth].astype(np.float64)
    for accumulate in (False, True):
        expected, out = c.ravel().copy(), c.copy()
        inside = expected[c_at : c_at + rows * ldc].reshape(rows, ldc)[:, :columns]
        inside[...] = A @ B + accumulate * inside
        packed = packed_of(B, depth % PAD == 0, 2, packed_at, kind)
        rounded, behind = scratch(kind, rows * padded(depth))
        matmul(tiles(kind), a.ravel(), a_at, lda, rows, packed, packed_at, depth, columns, out.ravel(), c_at,
               ldc, accumulate, rounded)
        np.testing.assert_array_equal(out.ravel(), expected)
        assert behind == GUARD


@pytest.mark.few(80)
@KINDS
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("rows", [1, 7, 61, 203])
@pytest.mark.parametrize("depth", [1, 19, _DEPTH_BLOCK - 1, _DEPTH_BLOCK, _DEPTH_BLOCK + 1, 2 * _DEPTH_BLOCK + 9])
def test_add_transposed_product(rows, columns, depth, kind):
    rng = np.random.default_rng(rows * columns + depth)
    lda, ldb, ldc, a_at, b_at, c_at = padded(rows) + 2, columns + PAD, columns + 3, 1, 2, 4
    a, b = whole_numbers(rng, depth + 1, lda), whole_numbers(rng, depth + 1, ldb)
    c = whole_numbers(rng, rows + 1, ldc + 4)
    A = a.ravel()[a_at : a_at + depth * lda].reshape(depth, lda)[:, :rows].astype(np.float64)
    B = b.ravel()[b_at : b_at + depth * ldb].reshape(depth, ldb)[:, :columns]
    expected = c.ravel().copy()
    expected[c_at : c_at + rows * ldc].reshape(rows, ldc)[:, :columns] += (A.T @ B).astype(np.float32)
    rounded, behind = scratch(kind, (padded(rows) + columns) * (depth + depth % 2))
    add_transposed_product(tiles(kind), a.ravel(), a_at, lda, b.ravel(), b_at, ldb, depth, rows, columns, c.ravel(),
                           c_at, ldc, rounded, packed_copies(kind, columns))
    assert behind == GUARD
    np.testing.assert_array_equal(c.ravel(), expected)


def test_a_product_of_no_rows_changes_nothing():
    c = np.full((2, PAD), GUARD)
    a, packed = np.ones((1, 3), np.float32), np.ones(3 * PAD, np.float32)
    matmul(tiles(), a.ravel(), 0, 3, 0, packed, 0, 3, PAD, c.ravel(), 0, PAD, False, packed[:0])
    add_transposed_product(tiles(), a.ravel(), 0, 3, packed, 0, PAD, 0, 2, PAD, c.ravel(), 0, PAD, packed[:0],
                           packed[:0])
    assert (c == GUARD).all()
