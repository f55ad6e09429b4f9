"""Layer cells: which weights read a row: the decoder's all of them, or the encoder's those of a source.

A window has sequences side by side, and at any time some may be inside a source and some inside a target. Where an
encoder has weights of its own, every array of weights holds the decoder's and behind them the encoder's. The rows of a
product are then sorted by who reads them, so that each is multiplied once, with the weights that are its own.

The loops of recurrence.py call the first two functions here, and in networks with an encoder the others.
"""

from typing import NamedTuple

import numpy as np

from charrnn.kernels.jit import inner
from charrnn.kernels.matmul import add_transposed_product, matmul


class Readers(NamedTuple):
    """Who reads what: the encoder every place of tokens (T*N) from first_source on.

    sorted   scratch memory for the rows of a product and of its result
    """

    tokens: np.ndarray
    first_source: int
    sorted: np.ndarray


@inner
def product(tiles, readers, place, a, a_at, lda, rows, packed, packed_at, depth, columns, c, c_at, ldc, accumulate,
            rounded):
    """matmul() of rows that belong to the window's places from `place` on."""
    matmul(tiles, a, a_at, lda, rows, packed, packed_at, depth, columns, c, c_at, ldc, accumulate, rounded)


@inner
def add_weight_gradient(tiles, readers, place, a, a_at, lda, b, b_at, ldb, depth, rows, columns, c, c_at, ldc, rounded,
                        copied):
    """add_transposed_product() over places, `depth` of them from `place` on."""
    add_transposed_product(tiles, a, a_at, lda, b, b_at, ldb, depth, rows, columns, c, c_at, ldc, rounded, copied)


@inner
def gather(readers, reader, place, rows, a, a_at, lda, width, at):
    """Copies the rows of A (rows, width) that belong to a reader into `sorted`, from `at` on; returns how many."""
    count = 0
    for row in range(rows):
        if (readers.tokens[place + row] >= readers.first_source) == (reader == 1):
            source = a[a_at + row * lda:a_at + row * lda + width]
            target = readers.sorted[at + count * width:at + (count + 1) * width]
            for j in range(width):
                target[j] = source[j]
            count += 1
    return count


@inner
def product_of_two(tiles, readers, place, a, a_at, lda, rows, packed, packed_at, depth, columns, c, c_at, ldc,
                   accumulate, rounded):
    """The same, each row with the weights of its reader."""
    lines, out_at = readers.sorted, rows * depth
    one = packed.size if rounded.size else packed.size // 2  # two bfloat16 numbers take the place of one float32
    for reader in range(2):
        count = gather(readers, reader, place, rows, a, a_at, lda, depth, 0)
        if count == 0:
            continue
        matmul(tiles, lines, 0, depth, count, packed, reader * one + packed_at, depth, columns, lines, out_at, columns,
               False, rounded)
        done = 0
        for row in range(rows):
            if (readers.tokens[place + row] >= readers.first_source) == (reader == 1):
                source = lines[out_at + done * columns:out_at + (done + 1) * columns]
                target = c[c_at + row * ldc:c_at + row * ldc + columns]
                if accumulate:
                    for j in range(columns):
                        target[j] += source[j]
                else:
                    for j in range(columns):
                        target[j] = source[j]
                done += 1


@inner
def add_weight_gradient_of_two(tiles, readers, place, a, a_at, lda, b, b_at, ldb, depth, rows, columns, c, c_at, ldc,
                               rounded, copied):
    """The same, each place into the gradient of its reader's weights."""
    lines, b_lines_at = readers.sorted, depth * rows
    for reader in range(2):
        count = gather(readers, reader, place, depth, a, a_at, lda, rows, 0)
        gather(readers, reader, place, depth, b, b_at, ldb, columns, b_lines_at)
        if count > 0:
            add_transposed_product(tiles, lines, 0, rows, lines, b_lines_at, columns, count, rows, columns, c,
                                   reader * (c.size // 2) + c_at, ldc, rounded, copied)


@inner
def part(readers, place, array):
    """The half of an array of one number after the other that belongs to the reader of a place."""
    half = array.size // 2
    at = half if readers.tokens[place] >= readers.first_source else 0
    return array[at:at + half]


# What takes the place of each function in networks with an encoder.
OF_TWO = {"product": product_of_two, "add_weight_gradient": add_weight_gradient_of_two}
