"""Layer kernels: float32 numbers rounded to bfloat16, in the pairs that bfloat16 tiles read.

A bfloat16 number is the upper half of a float32: the same range, 8 bits of precision in place of 24. Two of them share
the 32 bits of one float32 place, the first in the lower half. Rounding is to the nearest, to even from half way.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from charrnn.kernels.cpu import PAD
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


@intrinsic
def _round_line_compiled(typing: Any, a: Any, a_at: Any, out: Any, out_at: Any) -> Any:
    """A loop would do the same, and take a tenth of all compiling for it: the compiler would find out how to narrow."""
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        wide, narrow = ir.VectorType(ir.IntType(32), PAD), ir.VectorType(ir.IntType(16), PAD)

        def place(array: int, at: int, line: ir.Type) -> ir.Value:
            data = context.make_array(sig.args[array])(context, builder, args[array]).data
            return builder.bitcast(builder.gep(data, [args[at]]), line.as_pointer())

        def all_of(number: int) -> ir.Constant:
            return ir.Constant(wide, [number] * PAD)

        bits = builder.load(place(0, 1, wide))
        bits.align = 4
        odd = builder.and_(builder.lshr(bits, all_of(16)), all_of(1))
        rounded = builder.lshr(builder.add(bits, builder.add(odd, all_of(0x7FFF))), all_of(16))
        builder.store(builder.trunc(rounded, narrow), place(2, 3, narrow)).align = 4
        return context.get_dummy_value()

    return types.void(a, types.intp, out, types.intp), codegen


def _round_line_numpy(a: np.ndarray, a_at: int, out: np.ndarray, out_at: int) -> None:
    """PAD numbers of a from a_at on, rounded, in PAD / 2 places of out from out_at on."""
    bits = a[a_at : a_at + PAD].view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + (bits >> np.uint64(16) & np.uint64(1))) >> np.uint64(16)
    out[out_at : out_at + PAD // 2].view(np.uint16)[:] = rounded.astype(np.uint16)


_round_line = _round_line_compiled if JIT else _round_line_numpy


@inner
def round_rows(a, a_at, lda, rows, columns, out):
    """out (rows * columns / 2) = A (rows, columns) in pairs along its rows: (0, 1), (2, 3), ...

    columns is a multiple of PAD, as every padded width is.
    """
    for row in range(rows):
        for j in range(0, columns, PAD):
            _round_line(a, a_at + row * lda + j, out, (row * columns + j) // 2)


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
