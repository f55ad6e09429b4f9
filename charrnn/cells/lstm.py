"""Layer cells: the LSTM over one window of one shard, forward and backward.

    i, f, o = sigmoid(U x + W h- + b)   g = tanh(U x + W h- + b)   c = f * c- + i * g   h = o * tanh(c)

Notation, the same in every kernel: N sequences side by side, T characters, D width of the input, H hidden size (padded
to whole cache lines; the units in the padding stay exactly 0), V vocabulary, R rows of a table; t time, j unit;
x input, h hidden, c cell, gates i f g o in PyTorch's order, `d` + name the gradient of the loss.
h and c are (T+1, N, H): row t is the state before character t, row 0 the state that was carried in. `extra` are the
parameters that only some cells have; `start`, h0 (H) and c0 (H) are explained in starts.py.

The input's share of the gates comes as rows of a table (R, 4H) that holds U x + b: for the first layer one row for
each character of the vocabulary, for the layers above one row for each place of a short stretch of time.
"""

from charrnn.cells.recurrence import add_input_gradients, chunk_steps, input_rows
from charrnn.kernels.activations import ONE, sigmoid, tanh
from charrnn.kernels.document_starts import put_initial, state_before, take_initial
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.matmul import add_transposed_product, matmul


@inner
def lstm_cell(table, gates, c_before, c, h, H):
    """One character of one sequence: gates (4H) come in as W h- and leave as i f g o."""
    for j in range(H):
        i = sigmoid(gates[j] + table[j])
        f = sigmoid(gates[H + j] + table[H + j])
        g = tanh(gates[2 * H + j] + table[2 * H + j])
        o = sigmoid(gates[3 * H + j] + table[3 * H + j])
        cell = f * c_before[j] + i * g
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = i, f, g, o
        c[j] = cell
        h[j] = o * tanh(cell)


@inner
def lstm_cell_backward(gates, c_before, c, dout, dh, dc, H):
    """One character back: i f g o in gates (4H) are replaced by the gradients of their pre-activations."""
    for j in range(H):
        i, f, g, o = gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j]
        squashed = tanh(c[j])
        dhidden = dout[j] + dh[j]
        dcell = dc[j] + dhidden * o * (ONE - squashed * squashed)
        gates[j] = dcell * g * i * (ONE - i)
        gates[H + j] = dcell * c_before[j] * f * (ONE - f)
        gates[2 * H + j] = dcell * i * (ONE - g * g)
        gates[3 * H + j] = dhidden * squashed * o * (ONE - o)
        dc[j] = dcell * f


@kernel
def lstm_forward(tiles, tokens, table, x, weight_ih, weight_hh, bias, extra, h, c, gates, rounded,
                 start, h0, c0, before):
    """Fills h, c (T+1, N, H) and gates (T, N, 4H) for tokens (T, N), or for x (T, N, D) where x is not empty."""
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    for t in range(T):
        if x.size and t % chunk == 0:
            input_rows(tiles, x, t, min(chunk, T - t), weight_ih, bias, table, rounded)
        a, a_at = state_before(tokens, t, start, h, h0, before)
        matmul(tiles, a, a_at, H, N, weight_hh, 0, H, 4 * H, flat(gates), t * N * 4 * H, 4 * H, False,
               rounded)
        for n in range(N):
            row = t % chunk * N + n if x.size else tokens[t, n]
            c_before = c0 if tokens[t, n] == start else c[t, n]
            lstm_cell(table[row], gates[t, n], c_before, c[t + 1, n], h[t + 1, n], H)


@kernel
def lstm_backward(tiles, tokens, x, weight_ih, weight_hh, extra, h, c, gates, dout, dh, dc, dtable, dweight_ih,
                  dweight_hh, dbias, dextra, rounded, copied, start, h0, c0, dh0, dc0):
    """Adds this window's gradients; dout (T, N, H) is the loss's gradient of every h and becomes that of every x.

    dh, dc (N, H) start as the gradient of the last state and end as that of the first. gates become their gradients.
    Weight gradients follow the recurrence chunk by chunk, while the chunk is still in the cache.
    """
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    stop = T
    for t in range(T - 1, -1, -1):
        put_initial(tokens[t], start, h[t], h0)
        for n in range(N):
            c_before = c0 if tokens[t, n] == start else c[t, n]
            lstm_cell_backward(gates[t, n], c_before, c[t + 1, n], dout[t, n], dh[n], dc[n], H)
        matmul(tiles, flat(gates), t * N * 4 * H, 4 * H, N, weight_hh, 0, 4 * H, H, flat(dh), 0, H, False,
               rounded)
        take_initial(tokens[t], start, dh, dh0)
        take_initial(tokens[t], start, dc, dc0)
        if t % chunk == 0:
            add_transposed_product(tiles, flat(gates), t * N * 4 * H, 4 * H, flat(h), t * N * H, H, (stop - t) * N,
                                   4 * H, H, flat(dweight_hh), 0, H, rounded, copied)
            add_input_gradients(tiles, tokens, x, t, stop, gates, 4 * H, 0, 0, 4 * H, weight_ih, dout, dtable,
                                dweight_ih, dbias, False, rounded, copied)
            stop = t
