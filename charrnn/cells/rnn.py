"""Layer cells: the plain (Elman) RNN over one window of one shard, forward and backward. Notation as in lstm.py.

    h = tanh(U x + W h- + b)

gates (T, N, H) hold h itself after the forward pass and the gradient of the pre-activation after the backward pass.
"""

from charrnn.cells.recurrence import add_input_gradients, chunk_steps, input_rows
from charrnn.kernels.activations import ONE, tanh
from charrnn.kernels.document_starts import put_initial, state_before, take_initial
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.matmul import add_transposed_product, matmul


@inner
def rnn_cell(table, gates, h, H):
    """One character of one sequence: gates (H) come in as W h-."""
    for j in range(H):
        hidden = tanh(gates[j] + table[j])
        gates[j] = hidden
        h[j] = hidden


@inner
def rnn_cell_backward(gates, dout, dh, H):
    """One character back: h in gates (H) is replaced by the gradient of its pre-activation."""
    for j in range(H):
        hidden = gates[j]
        gates[j] = (dout[j] + dh[j]) * (ONE - hidden * hidden)


@kernel
def rnn_forward(tiles, tokens, table, x, weight_ih, weight_hh, bias, extra, h, c, gates, rounded,
                start, h0, c0, before):
    """Fills h (T+1, N, H) and gates (T, N, H) for tokens (T, N), or for x (T, N, D) where x is not empty."""
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    for t in range(T):
        if x.size and t % chunk == 0:
            input_rows(tiles, x, t, min(chunk, T - t), weight_ih, bias, table, rounded)
        a, a_at = state_before(tokens, t, start, h, h0, before)
        matmul(tiles, a, a_at, H, N, weight_hh, 0, H, H, flat(gates), t * N * H, H, False, rounded)
        for n in range(N):
            row = t % chunk * N + n if x.size else tokens[t, n]
            rnn_cell(table[row], gates[t, n], h[t + 1, n], H)


@kernel
def rnn_backward(tiles, tokens, x, weight_ih, weight_hh, extra, h, c, gates, dout, dh, dc, dtable, dweight_ih,
                 dweight_hh, dbias, dextra, rounded, copied, start, h0, c0, dh0, dc0):
    """Adds this window's gradients, as lstm_backward does; c and dc are empty."""
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    stop = T
    for t in range(T - 1, -1, -1):
        put_initial(tokens[t], start, h[t], h0)
        for n in range(N):
            rnn_cell_backward(gates[t, n], dout[t, n], dh[n], H)
        matmul(tiles, flat(gates), t * N * H, H, N, weight_hh, 0, H, H, flat(dh), 0, H, False, rounded)
        take_initial(tokens[t], start, dh, dh0)
        if t % chunk == 0:
            add_transposed_product(tiles, flat(gates), t * N * H, H, flat(h), t * N * H, H, (stop - t) * N, H, H,
                                   flat(dweight_hh), 0, H, rounded, copied)
            add_input_gradients(tiles, tokens, x, t, stop, gates, H, 0, 0, H, weight_ih, dout, dtable, dweight_ih,
                                dbias, False, rounded, copied)
            stop = t
