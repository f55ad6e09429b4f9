"""Layer kernels: weights packed for products: in the order in which tiles read them.

The columns of B are cut into panels, none wider than a tile, each panel stored line by line, so that a tile reads one
straight stretch of memory. A panel that starts at column `first` starts at element `first * depth`. Weights are packed
once for each update and then used for every character of a window. For bfloat16 tiles they are pairs along the depth
and half as long.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from charrnn.kernels.bfloat16 import round_line_pairs, round_rows
from charrnn.kernels.cpu import PAD, TARGET
from charrnn.kernels.flat import element_address, flat
from charrnn.kernels.jit import JIT, inner, kernel

_LANES, _VECTORS = TARGET.lanes, TARGET.vectors
# A block that is transposed at once: of numbers or of pairs any depth has whole ones, and any panel too.
_BLOCK = PAD // 2


@intrinsic
def _transpose_compiled(typing: Any, a: Any, a_at: Any, lda: Any, out: Any, out_at: Any, ldout: Any) -> Any:
    """A loop would take its numbers one by one, which is several times as slow."""
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        line = ir.VectorType(ir.IntType(32), _BLOCK)

        def place(array: int, row: int) -> ir.Value:
            at = builder.add(args[array + 1], builder.mul(ir.Constant(ir.IntType(64), row), args[array + 2]))
            address = element_address(context, builder, sig.args[array], args[array], at)
            return builder.bitcast(address, line.as_pointer())

        rows = [builder.load(place(0, row)) for row in range(_BLOCK)]
        for row in rows:
            row.align = 4
        step = 1
        while step < _BLOCK:  # row and column exchange this bit of their numbers
            for row in range(_BLOCK):
                if not row & step:
                    two = rows[row], rows[row + step]
                    for of in (0, step):
                        mask = [(column & ~step) + of + (_BLOCK if column & step else 0) for column in range(_BLOCK)]
                        rows[row + of] = builder.shuffle_vector(*two, ir.Constant(line, mask))
            step *= 2
        for row, value in enumerate(rows):
            builder.store(value, place(3, row)).align = 4
        return context.get_dummy_value()

    index = types.intp
    return types.void(a, index, index, out, index, index), codegen


def _transpose_numpy(a: np.ndarray, a_at: int, lda: int, out: np.ndarray, out_at: int, ldout: int) -> None:
    """A block of numbers, or of pairs, of a from a_at on, transposed, to out from out_at on."""
    places = np.arange(_BLOCK)
    block = a.view(np.uint32)[a_at + places[:, np.newaxis] * lda + places]
    out.view(np.uint32)[out_at + places[:, np.newaxis] * ldout + places] = block.T


_transpose = _transpose_compiled if JIT else _transpose_numpy


@inner
def panels(columns):
    """How many panels so many columns are cut into."""
    return -(-columns // (_LANES * _VECTORS))


@inner
def panel_start(panel, columns):
    """The column that a panel begins at; for the one behind the last, all columns.

    Widths are nearly equal: of 16 vectors, two panels have 2 and four have 3. The narrow ones come first, so that what
    is left after any of them is cut as if it stood alone.
    """
    narrow = panels(columns) * _VECTORS - columns // _LANES
    return min(panel * _VECTORS - min(panel, narrow), columns // _LANES) * _LANES


@inner
def panel_width(panel, columns):
    """The columns that a panel has."""
    return panel_start(panel + 1, columns) - panel_start(panel, columns)


@kernel
def pack(weight, transposed, packed, packed_at, is_bf16, part, parts):
    """Packs part `part` of `parts` of B = weight (depth, columns), or of B = weight^T for weight (columns, depth).

    The columns are a multiple of PAD; the depth is one too where transposed, and even with is_bf16.
    """
    depth, columns = (weight.shape[1], weight.shape[0]) if transposed else weight.shape
    count = panels(columns)
    rounded = np.empty(_BLOCK * depth // 2 if transposed and is_bf16 else 0, np.float32)
    for panel in range(count * part // parts, count * (part + 1) // parts):
        first = panel_start(panel, columns)
        width = panel_width(panel, columns)
        at = packed_at + first * depth
        if transposed:
            _pack_transposed(flat(weight), first, depth, width, packed, at, rounded)
        elif is_bf16:
            round_line_pairs(flat(weight), first, columns, depth, width, packed, at // 2)
        else:
            for k in range(depth):
                line, out = weight[k, first:first + width], packed[at + k * width:at + (k + 1) * width]
                for j in range(width):
                    out[j] = line[j]


@inner
def _pack_transposed(weight, first, depth, width, packed, at, rounded):
    """packed from at on = rows first to first + width of weight (rows, depth), transposed."""
    for j in range(0, width, _BLOCK):
        lines, lines_at, length, out_at = weight, (first + j) * depth, depth, at + j
        if rounded.size:
            round_rows(weight, lines_at, depth, _BLOCK, depth, rounded)
            lines, lines_at, length, out_at = rounded, 0, depth // 2, at // 2 + j
        for k in range(0, length, _BLOCK):
            _transpose(lines, lines_at + k, length, packed, out_at + k * width, width)
