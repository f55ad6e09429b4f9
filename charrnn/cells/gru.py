"""Layer cells: the GRU over one window of one shard, forward and backward. Notation as in lstm.py.

    r, z = sigmoid(U x + W h- + b)   s = W_n h- + bias_n   n = tanh(U_n x + b_n + r * s)   h = (ONE - z) * n + z * h-

The reset gate acts after the product, as in PyTorch and cuDNN. gates (T, N, 4H) keep r z s n: the first three are what
the product with h- yields, and backward their gradients are what it is fed with; n stands outside.
"""

from charrnn.cells.recurrence import add_input_gradients, add_rows, chunk_steps, input_rows
from charrnn.kernels.activations import ONE, sigmoid, tanh
from charrnn.kernels.document_starts import put_initial, state_before, take_initial
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.matmul import add_transposed_product, matmul


@inner
def gru_cell(table, gates, bias_n, h_before, h, H):
    """One character of one sequence: gates (4H) come in as W h- and leave as r z s n."""
    for j in range(H):
        r = sigmoid(gates[j] + table[j])
        z = sigmoid(gates[H + j] + table[H + j])
        s = gates[2 * H + j] + bias_n[j]
        n = tanh(table[2 * H + j] + r * s)
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = r, z, s, n
        h[j] = n + z * (h_before[j] - n)


@inner
def gru_cell_backward(gates, h_before, dout, dh, H):
    """One character back: r z s n in gates (4H) are replaced by their gradients; dh keeps the share that skips them."""
    for j in range(H):
        r, z, s, n = gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j]
        dhidden = dout[j] + dh[j]
        dn = dhidden * (ONE - z) * (ONE - n * n)
        gates[j] = dn * s * r * (ONE - r)
        gates[H + j] = dhidden * (h_before[j] - n) * z * (ONE - z)
        gates[2 * H + j] = dn * r
        gates[3 * H + j] = dn
        dh[j] = dhidden * z


@kernel
def gru_forward(tiles, tokens, table, x, weight_ih, weight_hh, bias, extra, h, c, gates, rounded,
                start, h0, c0, before):
    """Fills h (T+1, N, H) and gates (T, N, 4H) for tokens (T, N), or for x (T, N, D) where x is not empty.

    extra is bias_n (H).
    """
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    for t in range(T):
        if x.size and t % chunk == 0:
            input_rows(tiles, x, t, min(chunk, T - t), weight_ih, bias, table, rounded)
        a, a_at = state_before(tokens, t, start, h, h0, before)
        matmul(tiles, a, a_at, H, N, weight_hh, 0, H, 3 * H, flat(gates), t * N * 4 * H, 4 * H, False,
               rounded)
        for n in range(N):
            row = t % chunk * N + n if x.size else tokens[t, n]
            h_before = h0 if tokens[t, n] == start else h[t, n]
            gru_cell(table[row], gates[t, n], extra, h_before, h[t + 1, n], H)


@kernel
def gru_backward(tiles, tokens, x, weight_ih, weight_hh, extra, h, c, gates, dout, dh, dc, dtable, dweight_ih,
                 dweight_hh, dbias, dextra, rounded, copied, start, h0, c0, dh0, dc0):
    """Adds this window's gradients, as lstm_backward does; c is empty and dc unused."""
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    stop = T
    for t in range(T - 1, -1, -1):
        put_initial(tokens[t], start, h[t], h0)
        for n in range(N):
            gru_cell_backward(gates[t, n], h[t, n], dout[t, n], dh[n], H)
        matmul(tiles, flat(gates), t * N * 4 * H, 4 * H, N, weight_hh, 0, 3 * H, H, flat(dh), 0, H, True,
               rounded)
        take_initial(tokens[t], start, dh, dh0)
        if t % chunk == 0:
            add_transposed_product(tiles, flat(gates), t * N * 4 * H, 4 * H, flat(h), t * N * H, H, (stop - t) * N,
                                   3 * H, H, flat(dweight_hh), 0, H, rounded, copied)
            add_rows(gates, t, stop, 2 * H, H, dextra, 0)
            # r z lie side by side, n behind s: two stretches of the input's gradient
            add_input_gradients(tiles, tokens, x, t, stop, gates, 4 * H, 0, 0, 2 * H, weight_ih, dout, dtable,
                                dweight_ih, dbias, False, rounded, copied)
            add_input_gradients(tiles, tokens, x, t, stop, gates, 4 * H, 3 * H, 2 * H, H, weight_ih, dout, dtable,
                                dweight_ih, dbias, True, rounded, copied)
            stop = t
