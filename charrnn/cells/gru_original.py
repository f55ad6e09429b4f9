"""Layer cells: the GRU as it was published first, over one window of one shard, forward and backward. Notation as in
lstm.py.

    r, z = sigmoid(U x + W h- + b)   s = r * h-   n = tanh(U_n x + W_n s + b_n)   h = (ONE - z) * n + z * h-

The reset gate acts before the product, so a step needs two of them, one after the other: weight_hh is packed as two
blocks, for r z and for n (weights.py). gates (T, N, 4H) keep r z n s: the first three lie as the input's share does.
"""

from charrnn.cells.recurrence import add_input_gradients, chunk_steps, input_rows
from charrnn.kernels.activations import ONE, sigmoid, tanh
from charrnn.kernels.document_starts import put_initial, state_before, take_initial
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.matmul import add_transposed_product, matmul


@inner
def reset_cell(table, gates, h_before, H):
    """The first half of one character of one sequence: gates (4H) come in as W h- for r z and leave as r z, the
    input's share of n, and s."""
    for j in range(H):
        r = sigmoid(gates[j] + table[j])
        z = sigmoid(gates[H + j] + table[H + j])
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = r, z, table[2 * H + j], r * h_before[j]


@inner
def update_cell(gates, h_before, h, H):
    """The second half: what gates (4H) hold for n, W_n s added by now, becomes n."""
    for j in range(H):
        n = tanh(gates[2 * H + j])
        gates[2 * H + j] = n
        h[j] = n + gates[H + j] * (h_before[j] - n)


@inner
def update_cell_backward(gates, h_before, dout, dh, H):
    """The second half back: z n in gates (4H) are replaced by their gradients; dh keeps the share that skips them."""
    for j in range(H):
        z, n = gates[H + j], gates[2 * H + j]
        dhidden = dout[j] + dh[j]
        gates[H + j] = dhidden * (h_before[j] - n) * z * (ONE - z)
        gates[2 * H + j] = dhidden * (ONE - z) * (ONE - n * n)
        dh[j] = dhidden * z


@inner
def reset_cell_backward(gates, h_before, ds, dh, H):
    """The first half back, from ds (H): r in gates (4H) is replaced by its gradient; dh gains what came through s."""
    for j in range(H):
        r = gates[j]
        gates[j] = ds[j] * h_before[j] * r * (ONE - r)
        dh[j] += ds[j] * r


@kernel
def gru_original_forward(tiles, tokens, table, x, weight_ih, weight_hh, bias, extra, h, c, gates, rounded,
                         start, h0, c0, before):
    """Fills h (T+1, N, H) and gates (T, N, 4H) for tokens (T, N), or for x (T, N, D) where x is not empty."""
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    for t in range(T):
        if x.size and t % chunk == 0:
            input_rows(tiles, x, t, min(chunk, T - t), weight_ih, bias, table, rounded)
        at = t * N * 4 * H
        a, a_at = state_before(tokens, t, start, h, h0, before)
        matmul(tiles, a, a_at, H, N, weight_hh, 0, H, 2 * H, flat(gates), at, 4 * H, False, rounded)
        for n in range(N):
            row = t % chunk * N + n if x.size else tokens[t, n]
            h_before = h0 if tokens[t, n] == start else h[t, n]
            reset_cell(table[row], gates[t, n], h_before, H)
        matmul(tiles, flat(gates), at + 3 * H, 4 * H, N, weight_hh, 2 * H * H, H, H, flat(gates), at + 2 * H, 4 * H,
               True, rounded)
        for n in range(N):
            h_before = h0 if tokens[t, n] == start else h[t, n]
            update_cell(gates[t, n], h_before, h[t + 1, n], H)


@kernel
def gru_original_backward(tiles, tokens, x, weight_ih, weight_hh, extra, h, c, gates, dout, dh, dc, dtable, dweight_ih,
                          dweight_hh, dbias, dextra, rounded, copied, start, h0, c0, dh0, dc0):
    """Adds this window's gradients, as lstm_backward does; c is empty and dc unused.

    A step's dout, used up by then, holds the gradient of s.
    """
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    stop = T
    for t in range(T - 1, -1, -1):
        at = t * N * 4 * H
        put_initial(tokens[t], start, h[t], h0)
        for n in range(N):
            update_cell_backward(gates[t, n], h[t, n], dout[t, n], dh[n], H)
        matmul(tiles, flat(gates), at + 2 * H, 4 * H, N, weight_hh, 2 * H * H, H, H, flat(dout), t * N * H, H, False,
               rounded)
        for n in range(N):
            reset_cell_backward(gates[t, n], h[t, n], dout[t, n], dh[n], H)
        matmul(tiles, flat(gates), at, 4 * H, N, weight_hh, 0, 2 * H, H, flat(dh), 0, H, True, rounded)
        take_initial(tokens[t], start, dh, dh0)
        if t % chunk == 0:
            add_transposed_product(tiles, flat(gates), at, 4 * H, flat(h), t * N * H, H, (stop - t) * N, 2 * H, H,
                                   flat(dweight_hh), 0, H, rounded, copied)
            add_transposed_product(tiles, flat(gates), at + 2 * H, 4 * H, flat(gates), at + 3 * H, 4 * H,
                                   (stop - t) * N, H, H, flat(dweight_hh), 2 * H * H, H, rounded, copied)
            add_input_gradients(tiles, tokens, x, t, stop, gates, 4 * H, 0, 0, 3 * H, weight_ih, dout, dtable,
                                dweight_ih, dbias, False, rounded, copied)
            stop = t
