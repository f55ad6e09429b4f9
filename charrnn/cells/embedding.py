"""Layer cells: a learned embedding folded into the first layer's table, so that the hot path never sees it.

    table = embedding @ weight_ih^T + bias      one row for each character, made anew after each update

A window's positions look their row up, and their gradients gather in dtable; one product for each character of the
vocabulary, not for each position, then gives the gradients of embedding and weight.
"""

from charrnn.kernels.flat import flat
from charrnn.kernels.jit import kernel
from charrnn.kernels.matmul import add_transposed_product, matmul


@kernel
def embedding_forward(tiles, embedding, weight_ih, bias, table):
    """table (V, G*H) = embedding (1, V, E) @ packed weight_ih + bias (G*H)."""
    _, V, E = embedding.shape
    width = table.shape[1]
    for row in range(V):
        for j in range(width):
            table[row, j] = bias[j]
    matmul(tiles, flat(embedding), 0, E, V, weight_ih, 0, E, width, flat(table), 0, width, True, bias[:0])


@kernel
def embedding_backward(tiles, dtable, embedding, weight_ih, dembedding, dweight_ih, accumulate):
    """dembedding (V, E) = or += dtable (V, G*H) @ weight_ih; dweight_ih (G*H, E) += dtable^T @ embedding (1, V, E)."""
    V, width = dtable.shape
    E, exact = embedding.shape[2], weight_ih[:0]
    matmul(tiles, flat(dtable), 0, width, V, weight_ih, 0, width, E, flat(dembedding), 0, E, accumulate, exact)
    add_transposed_product(tiles, flat(dtable), 0, width, flat(embedding), 0, E, V, width, E, flat(dweight_ih), 0, E,
                           exact, exact)
