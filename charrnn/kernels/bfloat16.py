"""Floor 2: float32 numbers rounded to bfloat16, in the pairs that bfloat16 tiles read.

A bfloat16 number is the upper half of a float32: the same range, 8 bits of precision in place of 24. Two of them share
the 32 bits of one float32 place, the first in the lower half. Rounding is to the nearest, to even from half way.
"""

import numpy as np

from charrnn.kernels.jit import JIT, inner

_u = np.uint32


@inner
def _rounded(bits):
    """The bits of a float32 rounded to its upper 16, those below not yet cut off. A NaN of hardware stays a NaN."""
    half = _u(_u(0x7FFF) + _u(_u(bits >> _u(16)) & _u(1)))
    return _u(bits + half) if JIT else _u(int(bits) + int(half) & 0xFFFFFFFF)


@inner
def pair(first, second):
    """The pair of two float32 numbers. All are given as bits: as a float32, a pair may be what hardware alters."""
    return _u(_u(_rounded(first) >> _u(16)) | _u(_rounded(second) & _u(0xFFFF0000)))


@inner
def round_rows(a, a_at, lda, rows, columns, out):
    """out (rows * columns / 2) = A (rows, columns) in pairs along its rows: (0, 1), (2, 3), ..."""
    for row in range(rows):
        start = a_at + row * lda
        source = a[start:start + columns].view(_u)
        target = out[row * columns // 2:(row + 1) * columns // 2].view(np.uint16)
        for j in range(columns):
            target[j] = np.uint16(_rounded(source[j]) >> _u(16))


@inner
def round_line_pairs(a, a_at, lda, rows, columns, out, out_at):
    """out (rows / 2 * columns) = A (rows, columns) in pairs of lines: 0 with 1, 2 with 3 and so on."""
    for row in range(0, rows, 2):
        start = a_at + row * lda
        first = a[start:start + columns].view(_u)
        at = out_at + row // 2 * columns
        target = out[at:at + columns].view(_u)
        if row + 1 < rows:
            second = a[start + lda:start + lda + columns].view(_u)
            for j in range(columns):
                target[j] = pair(first[j], second[j])
        else:
            for j in range(columns):
                target[j] = pair(first[j], _u(0))
