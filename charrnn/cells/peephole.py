"""Layer cells: the LSTM whose gates see the memory, over one window of one shard, forward and backward. Notation as in
lstm.py; p are the peepholes, weight_peep (3H), in the order i f o.

    i, f = sigmoid(U x + W h- + b + p * c-)   g = tanh(U x + W h- + b)   c = f * c- + i * g
    o = sigmoid(U x + W h- + b + p * c)       h = o * tanh(c)
"""

from charrnn.cells.recurrence import add_input_gradients, chunk_steps, input_rows
from charrnn.kernels.activations import ONE, sigmoid, tanh
from charrnn.kernels.document_starts import put_initial, state_before, take_initial
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.matmul import add_transposed_product, matmul


@inner
def peephole_cell(table, gates, peep, c_before, c, h, H):
    """One character of one sequence: gates (4H) come in as W h- and leave as i f g o."""
    for j in range(H):
        i = sigmoid(gates[j] + table[j] + peep[j] * c_before[j])
        f = sigmoid(gates[H + j] + table[H + j] + peep[H + j] * c_before[j])
        g = tanh(gates[2 * H + j] + table[2 * H + j])
        cell = f * c_before[j] + i * g
        o = sigmoid(gates[3 * H + j] + table[3 * H + j] + peep[2 * H + j] * cell)
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = i, f, g, o
        c[j] = cell
        h[j] = o * tanh(cell)


@inner
def peephole_cell_backward(gates, peep, c_before, c, dout, dh, dc, dpeep, H):
    """One character back: i f g o in gates (4H) are replaced by the gradients of their pre-activations."""
    for j in range(H):
        i, f, g, o = gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j]
        squashed = tanh(c[j])
        dhidden = dout[j] + dh[j]
        do = dhidden * squashed * o * (ONE - o)
        # what o saw of c is a third way in which c acts, beside h and the next c
        dcell = dc[j] + dhidden * o * (ONE - squashed * squashed) + do * peep[2 * H + j]
        di = dcell * g * i * (ONE - i)
        df = dcell * c_before[j] * f * (ONE - f)
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = di, df, dcell * i * (ONE - g * g), do
        dpeep[j] += di * c_before[j]
        dpeep[H + j] += df * c_before[j]
        dpeep[2 * H + j] += do * c[j]
        dc[j] = dcell * f + di * peep[j] + df * peep[H + j]


@kernel
def peephole_forward(tiles, tokens, table, x, weight_ih, weight_hh, bias, extra, h, c, gates, rounded,
                     start, h0, c0, before):
    """Fills h, c (T+1, N, H) and gates (T, N, 4H) as lstm_forward does; extra is weight_peep (3H)."""
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
            peephole_cell(table[row], gates[t, n], extra, c_before, c[t + 1, n], h[t + 1, n], H)


@kernel
def peephole_backward(tiles, tokens, x, weight_ih, weight_hh, extra, h, c, gates, dout, dh, dc, dtable, dweight_ih,
                      dweight_hh, dbias, dextra, rounded, copied, start, h0, c0, dh0, dc0):
    """Adds this window's gradients, as lstm_backward does, and that of weight_peep to dextra (3H)."""
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    stop = T
    for t in range(T - 1, -1, -1):
        put_initial(tokens[t], start, h[t], h0)
        for n in range(N):
            c_before = c0 if tokens[t, n] == start else c[t, n]
            peephole_cell_backward(gates[t, n], extra, c_before, c[t + 1, n], dout[t, n], dh[n], dc[n], dextra, H)
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
