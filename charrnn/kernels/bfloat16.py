"""Layer kernels: float32 numbers rounded to bfloat16, in the pairs that bfloat16 tiles read.

A bfloat16 number is the upper half of a float32: the same range, 8 bits of precision in place of 24. Two of them share
the 32 bits of one float32 place, the first in the lower half. Rounding is to the nearest, to even from half way.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from charrnn.kernels.cpu import PAD, TARGET
from charrnn.kernels.flat import element_address
from charrnn.kernels.jit import JIT, inner

# Numbers of two lines that are paired at once: a panel may be narrower than a cache line.
_PAIRED = min(PAD, TARGET.panel)


def _vector(bits: int, count: int) -> ir.VectorType:
    return ir.VectorType(ir.IntType(bits), count)


def _all_of(number: int, count: int) -> ir.Constant:
    return ir.Constant(_vector(32, count), [number] * count)


def _place(context: Any, builder: ir.IRBuilder, vector: ir.Type, *element: Any) -> ir.Value:
    """The address of a vector that begins at an element of an array (flat.py)."""
    return builder.bitcast(element_address(context, builder, *element), vector.as_pointer())


def _rounded(builder: ir.IRBuilder, address: ir.Value, count: int) -> ir.Value:
    """The bits of `count` float32 numbers, rounded to the upper 16, those below not yet cut off. A NaN of hardware
    stays a NaN."""
    bits = builder.load(address)
    bits.align = 4
    odd = builder.and_(builder.lshr(bits, _all_of(16, count)), _all_of(1, count))
    return builder.add(bits, builder.add(odd, _all_of(0x7FFF, count)))


# Loops would do the same as these two, but the compiler would take long to find out how to narrow the numbers, and
# would not always find it.
@intrinsic
def _round_line_compiled(typing: Any, a: Any, a_at: Any, out: Any, out_at: Any) -> Any:
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        source = _place(context, builder, _vector(32, PAD), sig.args[0], *args[:2])
        target = _place(context, builder, _vector(16, PAD), sig.args[2], *args[2:])
        upper = builder.lshr(_rounded(builder, source, PAD), _all_of(16, PAD))
        builder.store(builder.trunc(upper, _vector(16, PAD)), target).align = 4
        return context.get_dummy_value()

    return types.void(a, types.intp, out, types.intp), codegen


@intrinsic
def _pair_lines_compiled(typing: Any, a: Any, a_at: Any, b: Any, b_at: Any, out: Any, out_at: Any) -> Any:
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        first, second, target = (_place(context, builder, _vector(32, _PAIRED), sig.args[of], *args[of:of + 2])
                                 for of in (0, 2, 4))
        lower = builder.lshr(_rounded(builder, first, _PAIRED), _all_of(16, _PAIRED))
        upper = builder.and_(_rounded(builder, second, _PAIRED), _all_of(0xFFFF0000, _PAIRED))
        builder.store(builder.or_(lower, upper), target).align = 4
        return context.get_dummy_value()

    index = types.intp
    return types.void(a, index, b, index, out, index), codegen


def _upper_halves(numbers: np.ndarray) -> np.ndarray:
    bits = numbers.view(np.uint32).astype(np.uint64)
    halves: np.ndarray = ((bits + 0x7FFF + (bits >> np.uint64(16) & np.uint64(1))) >> np.uint64(16)).astype(np.uint16)
    return halves


def _round_line_numpy(a: np.ndarray, a_at: int, out: np.ndarray, out_at: int) -> None:
    """PAD numbers of a from a_at on, rounded, in PAD / 2 places of out from out_at on."""
    out[out_at:out_at + PAD // 2].view(np.uint16)[:] = _upper_halves(a[a_at:a_at + PAD])


def _pair_lines_numpy(a: np.ndarray, a_at: int, b: np.ndarray, b_at: int, out: np.ndarray, out_at: int) -> None:
    """_PAIRED numbers of a in pairs with those of b, in as many places of out."""
    out[out_at:out_at + _PAIRED].view(np.uint16).reshape(_PAIRED, 2)[:] = np.stack(
        [_upper_halves(array[at:at + _PAIRED]) for array, at in ((a, a_at), (b, b_at))], axis=1)


_round_line, _pair_lines = ((_round_line_compiled, _pair_lines_compiled) if JIT else
                            (_round_line_numpy, _pair_lines_numpy))
_ZEROS = np.zeros(_PAIRED, np.float32)


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
    """out (rows / 2 * columns) = A (rows, columns) in pairs of lines: 0 with 1, 2 with 3 and so on; the last of an odd
    number with zeros.

    columns is a multiple of PAD, or those of a panel.
    """
    for row in range(0, rows, 2):
        start, at = a_at + row * lda, out_at + row // 2 * columns
        for j in range(0, columns, _PAIRED):
            if row + 1 < rows:
                _pair_lines(a, start + j, a, start + lda + j, out, at + j)
            else:
                _pair_lines(a, start + j, _ZEROS, 0, out, at + j)
