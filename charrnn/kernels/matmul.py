"""Floor 2: matrix products out of tiles.

B comes packed: its columns cut into panels as wide as a tile, each panel stored line by line, so that a tile reads
one straight stretch of memory. A panel that starts at column `first` starts at element `first * depth`. Weights are
packed once for each update and then used for every character of a window.
"""

from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.target import TARGET
from charrnn.kernels.tile import tile

_LANES, _ROWS, _PANEL = TARGET.lanes, TARGET.rows, TARGET.panel
# Lines of A and B that one pass over a weight gradient takes: both blocks then stay in the second-level cache.
_DEPTH_BLOCK = 256


@inner
def matmul(tiles, a, a_at, lda, rows, packed, packed_at, depth, columns, c, c_at, ldc, accumulate):
    """C (rows, columns) = or += A (rows, depth) @ packed B (depth, columns); columns a multiple of the vector."""
    # Row tiles of nearly equal height: 32 rows are 6 6 5 5 5 5, not five times 6 and a slow 2.
    heights = -(-rows // _ROWS)
    for first in range(0, columns, _PANEL):
        vectors = min(_PANEL, columns - first) // _LANES
        row = 0
        for i in range(heights):
            height = (rows - row) // (heights - i)
            tile(tiles, height, vectors, a, a_at + row * lda, lda, 1, packed, packed_at + first * depth,
                 vectors * _LANES, c, c_at + row * ldc + first, ldc, depth, accumulate)
            row += height


@inner
def add_transposed_product(tiles, a, a_at, lda, b, b_at, ldb, depth, rows, columns, c, c_at, ldc):
    """C (rows, columns) += A^T @ B for A (depth, rows) and B (depth, columns) as they lie: a weight gradient."""
    heights = -(-rows // _ROWS)
    for k in range(0, depth, _DEPTH_BLOCK):
        block = min(_DEPTH_BLOCK, depth - k)
        for first in range(0, columns, _PANEL):
            vectors = min(_PANEL, columns - first) // _LANES
            row = 0
            for i in range(heights):
                height = (rows - row) // (heights - i)
                tile(tiles, height, vectors, a, a_at + k * lda + row, 1, lda, b, b_at + k * ldb + first, ldb,
                     c, c_at + row * ldc + first, ldc, block, True)
                row += height


@kernel
def pack(weight, transposed, packed, packed_at, part, parts):
    """Packs part `part` of `parts` of B = weight (depth, columns), or of B = weight^T for weight (columns, depth)."""
    depth, columns = (weight.shape[1], weight.shape[0]) if transposed else weight.shape
    panels = -(-columns // _PANEL)
    for panel in range(panels * part // parts, panels * (part + 1) // parts):
        first = panel * _PANEL
        width = min(_PANEL, columns - first)
        start = packed_at + first * depth
        if transposed:
            for j in range(width):
                for k in range(depth):
                    packed[start + k * width + j] = weight[first + j, k]
        else:
            for k in range(depth):
                for j in range(width):
                    packed[start + k * width + j] = weight[k, first + j]
