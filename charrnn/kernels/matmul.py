"""Layer kernels: matrix products out of tiles.

B comes packed (packing.py).

With bfloat16 tiles, A is rounded into scratch memory before it is multiplied (bfloat16.py). Where `rounded`, that
scratch memory, is empty, everything is float32. Offsets and sizes are always told in numbers, not in pairs.

Arrays come as lines of numbers (flat.py), whatever their shape: numba compiles a product anew for every kind of array.
"""

from charrnn.kernels.bfloat16 import round_line_pairs, round_rows
from charrnn.kernels.cpu import PAD, TARGET
from charrnn.kernels.jit import inner
from charrnn.kernels.microkernel import tile
from charrnn.kernels.packing import panel_start, panel_width, panels

_LANES, _ROWS = TARGET.lanes, TARGET.rows
# Lines of A and B that one pass over a weight gradient takes: both blocks then stay in the second-level cache. And the
# columns of A that are copied at a time, which stay in the first-level cache: whole tiles of any target, and of
# bfloat16, of which twice as many are copied, whole cache lines too.
_DEPTH_BLOCK, _COPIED_ROWS = 256, 24


@inner
def matmul(tiles, a, a_at, lda, rows, packed, packed_at, depth, columns, c, c_at, ldc, accumulate, rounded):
    """C (rows, columns) = or += A (rows, depth) @ packed B (depth, columns); columns a multiple of the vector.

    rounded   empty, or at least rows * depth / 2 numbers, the depth rounded up to a multiple of PAD; then the depth is
              even, and lines of A are read up to that multiple
    """
    if rounded.size:
        wide = -(-depth // PAD) * PAD
        round_rows(a, a_at, lda, rows, wide, rounded)
        depth //= 2
        packed_at //= 2
        a, a_at, lda = rounded, 0, wide // 2
    # Row tiles of nearly equal height: 18 rows are 6 6 6, not twice 8 and a slow 2.
    heights = -(-rows // _ROWS)
    for panel in range(panels(columns)):
        first = panel_start(panel, columns)
        width = panel_width(panel, columns)
        row = 0
        for i in range(heights):
            height = (rows - row) // (heights - i)
            tile(tiles, height, width // _LANES, a, a_at + row * lda, lda, 1, packed, packed_at + first * depth, width,
                 c, c_at + row * ldc + first, ldc, depth, accumulate)
            row += height


@inner
def add_transposed_product(tiles, a, a_at, lda, b, b_at, ldb, depth, rows, columns, c, c_at, ldc, rounded, copied):
    """C (rows, columns) += A^T @ B for A (depth, rows) and B (depth, columns) as they lie: a weight gradient.

    rounded   empty, or at least (rows + columns) * depth / 2 numbers, the depth rounded up to an even one and the rows
              to a multiple of PAD; then columns are one, and lines of A are read up to that of the rows
    copied    empty, or copied_size(columns) numbers for copies that tiles read faster
    """
    is_bf16 = rounded.size > 0
    scratch = rounded if is_bf16 else copied
    if scratch.size:
        _add_copied_product(tiles, a, a_at, lda, b, b_at, ldb, depth, rows, columns, c, c_at, ldc, is_bf16, scratch)
        return
    heights = -(-rows // _ROWS)
    for k in range(0, depth, _DEPTH_BLOCK):
        block = min(_DEPTH_BLOCK, depth - k)
        for panel in range(panels(columns)):
            first = panel_start(panel, columns)
            width = panel_width(panel, columns)
            row = 0
            for i in range(heights):
                height = (rows - row) // (heights - i)
                tile(tiles, height, width // _LANES, a, a_at + k * lda + row, 1, lda, b, b_at + k * ldb + first, ldb,
                     c, c_at + row * ldc + first, ldc, block, True)
                row += height


def copied_size(columns: int) -> int:
    """Numbers that add_transposed_product likes to have for copies."""
    return _DEPTH_BLOCK * (_COPIED_ROWS + columns)


@inner
def _copy(a, a_at, lda, depth, columns, is_bf16, out, out_at):
    """out from out_at on = A (depth, columns), or its lines rounded in pairs."""
    if is_bf16:
        round_line_pairs(a, a_at, lda, depth, columns, out, out_at)
        return
    for k in range(depth):
        source = a[a_at + k * lda:a_at + k * lda + columns]
        target = out[out_at + k * columns:out_at + (k + 1) * columns]
        for j in range(columns):
            target[j] = source[j]


@inner
def _add_copied_product(tiles, a, a_at, lda, b, b_at, ldb, depth, rows, columns, c, c_at, ldc, is_bf16, scratch):
    """The same by way of copies: of B in panels, of A in blocks.

    As they lie, lines of gates are pages apart, of which each tile reads a few numbers: what it needs is never in the
    first-level cache, and soon not in the second.
    """
    lines_each = 2 if is_bf16 else 1
    most = _COPIED_ROWS * lines_each
    widest = min(most, -(-rows // PAD) * PAD)
    for k in range(0, depth, _DEPTH_BLOCK * lines_each):
        block = min(_DEPTH_BLOCK * lines_each, depth - k)
        lines = -(-block // lines_each)
        panels_at = lines * widest
        for panel in range(panels(columns)):
            first = panel_start(panel, columns)
            width = panel_width(panel, columns)
            _copy(b, b_at + k * ldb + first, ldb, block, width, is_bf16, scratch, panels_at + first * lines)
        for start in range(0, rows, most):
            height = min(most, rows - start)
            wide = -(-height // PAD) * PAD if is_bf16 else height
            _copy(a, a_at + k * lda + start, lda, block, wide, is_bf16, scratch, 0)
            for panel in range(panels(columns)):
                first = panel_start(panel, columns)
                width = panel_width(panel, columns)
                for row in range(0, height, _ROWS):
                    tile(tiles, min(_ROWS, height - row), width // _LANES, scratch, row, 1, wide, scratch,
                         panels_at + first * lines, width, c, c_at + (start + row) * ldc + first, ldc, lines, True)
