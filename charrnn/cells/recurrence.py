"""Layer cells: what every recurrent layer shares: its input's share of the gates, and the gradients that flow back."""

from numba.extending import register_jitable

from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner
from charrnn.kernels.matmul import add_transposed_product, matmul

# Rows (time steps x sequences) handled together: few enough that a chunk's gates are still in the cache when the
# weight gradients read them, enough that those products run deep.
CHUNK_ROWS = 256


@register_jitable
def chunk_steps(N: int) -> int:
    """Time steps in a chunk of N sequences."""
    return max(1, CHUNK_ROWS // N)


def rounded_size(N: int, gates: int, width: int) -> int:
    """Numbers of scratch memory that bfloat16 products of N sequences need: a chunk's gates, and its h or x."""
    rows: int = chunk_steps(N) * N
    return (rows + rows % 2) // 2 * (gates + width)


@inner
def input_rows(tiles, x, t, steps, weight_ih, bias, table, rounded):
    """table (steps * N, G*H) = x (T, N, D) from step t on @ weight_ih + bias (G*H)."""
    _, N, D = x.shape
    width = table.shape[1]
    for row in range(steps * N):
        out = table[row]
        for j in range(width):
            out[j] = bias[j]
    matmul(tiles, flat(x), t * N * D, D, steps * N, weight_ih, 0, D, width, flat(table), 0, width, True, rounded)


@inner
def add_rows(gates, start, stop, first, width, total, total_at):
    """total (width) += the sum of gates[start:stop, :, first:first + width] over time and sequences."""
    for t in range(start, stop):
        for n in range(gates.shape[1]):
            row = gates[t, n, first:first + width]
            out = total[total_at:total_at + width]
            for j in range(width):
                out[j] += row[j]


@inner
def add_input_gradients(tiles, tokens, x, start, stop, gates, ld, first, to, width, weight_ih, dout, dtable, dweight_ih,
                        dbias, accumulate, rounded, copied):
    """Sends the gate gradients of steps start..stop back to the input: to rows of dtable, or to weights and to x.

    The gradients of `width` gate columns from `first` on belong to columns `to` of table and weight. For a dense
    input, dout (T, N, D) takes the gradient of x; the gradient of h that it held has been used up.
    """
    N = tokens.shape[1]
    if x.size == 0:
        for t in range(start, stop):
            for n in range(N):
                row = gates[t, n, first:first + width]
                out = dtable[tokens[t, n], to:to + width]
                for j in range(width):
                    out[j] += row[j]
        return
    D = x.shape[2]
    rows = (stop - start) * N
    add_rows(gates, start, stop, first, width, dbias, to)
    add_transposed_product(tiles, flat(gates), start * N * ld + first, ld, flat(x), start * N * D, D, rows, width, D,
                           flat(dweight_ih), to * D, D, rounded, copied)
    matmul(tiles, flat(gates), start * N * ld + first, ld, rows, weight_ih, to * D, width, D, flat(dout), start * N * D,
           D, accumulate, rounded)
