"""Products of rows that two readers share, on whole numbers: equal to each row's own product to the last bit."""

import numpy as np
import pytest

from charrnn.cells import readers as two_readers
from charrnn.cells.readers import Readers
from charrnn.kernels.cpu import PAD
from charrnn.kernels.jit import as_kernel
from charrnn.kernels.matmul import copied_size
from charrnn.kernels.microkernel import BF16, FLOAT32, tiles
from charrnn.kernels.packing import pack

add_weight_gradient_of_two, part, product_of_two = map(
    as_kernel, (two_readers.add_weight_gradient_of_two, two_readers.part, two_readers.product_of_two))

KINDS = pytest.mark.parametrize("kind", [FLOAT32, BF16], ids=["float32", "bf16"])
FIRST_SOURCE, PLACE = 7, 4
# Who reads the rows: in turn by chance, the decoder all, the encoder all.
WHO = pytest.mark.parametrize("who", ["mixed", "decoder", "encoder"])


def readers_of(who, rows, sorted_size):
    """Readers of so many rows from PLACE on, and which of the rows the encoder reads."""
    rng = np.random.default_rng(rows)
    tokens = rng.integers(FIRST_SOURCE * 2, size=PLACE + rows).astype(np.int32)
    if who != "mixed":
        tokens[PLACE:] = FIRST_SOURCE - 1 if who == "decoder" else FIRST_SOURCE
    return Readers(tokens, FIRST_SOURCE, np.zeros(sorted_size, np.float32)), tokens[PLACE:] >= FIRST_SOURCE


def whole_numbers(rng, *shape):
    return rng.integers(-8, 9, shape).astype(np.float32)


@KINDS
@WHO
@pytest.mark.parametrize("accumulate", [False, True])
def test_each_row_is_multiplied_with_the_weights_of_its_reader(who, kind, accumulate):
    rng = np.random.default_rng(1)
    rows, depth, before, columns = 13, 2 * PAD, PAD, 3 * PAD
    lda, ldc, a_at, c_at = depth + 2, columns + 5, 3, 4
    weights = whole_numbers(rng, 2, depth, columns)
    packed = np.zeros(2 * depth * (before + columns) // (1 + kind), np.float32)
    for reader in range(2):
        pack(weights[reader], False, packed, (reader * (before + columns) + before) * depth, kind == BF16, 0, 1)
    a, c = whole_numbers(rng, a_at + rows * lda), whole_numbers(rng, c_at + rows * ldc)
    readers, is_source = readers_of(who, rows, rows * (depth + columns))
    lines = a[a_at:].reshape(rows, lda)[:, :depth]
    expected = c.copy()
    inside = expected[c_at:].reshape(rows, ldc)[:, :columns]
    inside[...] = accumulate * inside + np.stack(
        [line @ weights[int(reader)] for line, reader in zip(lines, is_source, strict=True)])
    rounded = np.zeros(rows * depth // 2 if kind == BF16 else 0, np.float32)
    product_of_two(tiles(kind), readers, PLACE, a, a_at, lda, rows, packed, before * depth, depth, columns, c, c_at,
                   ldc, accumulate, rounded)
    np.testing.assert_array_equal(c, expected)


@KINDS
@WHO
def test_each_place_adds_to_the_gradient_of_its_reader(who, kind):
    rng = np.random.default_rng(2)
    places, rows, columns = 11, 2 * PAD, 3 * PAD
    lda, ldb, a_at, b_at, c_at = rows + 3, columns + 1, 2, 5, 2 * columns
    a, b = whole_numbers(rng, a_at + places * lda), whole_numbers(rng, b_at + places * ldb)
    c = whole_numbers(rng, 2, c_at + rows * columns)
    readers, is_source = readers_of(who, places, places * (rows + columns))
    A, B = a[a_at:].reshape(places, lda)[:, :rows], b[b_at:].reshape(places, ldb)[:, :columns]
    expected = c.copy()
    for reader in range(2):
        own = is_source == (reader == 1)
        expected[reader, c_at:] += (A[own].T @ B[own]).ravel()
    rounded = np.zeros((rows + columns) * (places + 1) // 2 if kind == BF16 else 0, np.float32)
    copied = np.zeros(copied_size(columns) if kind == FLOAT32 else 0, np.float32)
    add_weight_gradient_of_two(tiles(kind), readers, PLACE, a, a_at, lda, b, b_at, ldb, places, rows, columns,
                               c.ravel(), c_at, columns, rounded, copied)
    np.testing.assert_array_equal(c, expected)


@WHO
def test_a_place_has_the_half_of_its_reader(who):
    readers, is_source = readers_of(who, 9, 0)
    array = np.arange(12, dtype=np.float32)
    for place, reader in enumerate(is_source):
        assert part(readers, PLACE + place, array).tolist() == array.reshape(2, 6)[int(reader)].tolist()
