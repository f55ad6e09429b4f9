"""Floor 2: the sampling loop, whole: a character in, through every layer, a choice out, and back in.

It runs N streams at once. Weights of all layers lie in one buffer, because a kernel takes arrays, not lists of them:
for each layer weight_ih (none for the first, which has its table) and then weight_hh, packed.

Reading the weights takes nearly all the time, so `parts` threads may share one stream: each makes its own columns of a
layer's products, and when all have met each does everything else for itself. Every number comes out the same.
"""

from charrnn.kernels.choose import choose
from charrnn.kernels.flat import flat
from charrnn.kernels.gru import gru_cell
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.lstm import lstm_cell
from charrnn.kernels.matmul import matmul
from charrnn.kernels.meeting import meet
from charrnn.kernels.rnn import rnn_cell
from charrnn.kernels.starts import put_initial
from charrnn.kernels.target import TARGET

RNN, LSTM, GRU = 0, 1, 2
_PANEL = TARGET.panel


@inner
def add_own_columns(tiles, h, k, weights, at, columns, out, bias, rounded, part, parts):
    """out (N, columns) = bias + h[k] (N, H) @ the packed weights from `at` on, in this part's share of the columns."""
    N, H = h.shape[1], h.shape[2]
    panels = -(-columns // _PANEL)
    start = panels * part // parts * _PANEL
    stop = min(panels * (part + 1) // parts * _PANEL, columns)
    if stop > start:
        for n in range(N):
            for j in range(start, stop):
                out[n, j] = bias[j]
        matmul(tiles, flat(h), k * N * H, H, N, weights, at + start * H, H, stop - start, flat(out), start,
               out.shape[1], True, rounded)


@kernel
def generate(tiles, layer_tiles, cell, table, weights, bias, bias_n, weight_out, bias_out, h, c, now, products, inputs,
             gates, rounded, logits, scratch, meeting, part, parts, vocabulary, start, h0, c0, tokens, prime, draws,
             temp, top_k, out):
    """Reads prime (P, N), then writes out (S, N): S further characters of N streams, chosen with draws (S, N).

    tokens (N,) is the last character that the states have not read yet. h, c (2, L, N, H) hold them in [now], then in
    [1 - now], and so on in turn; both and tokens are left ready to go on, in [(now + P + S) % 2]. Before the character
    `start` they are h0, c0 (L, H).

    products (2, N, 4H) and inputs (2, N, G*H) are shared by the parts and take turns: while one part still reads a
    layer's, another may be writing the next one's. Everything else that is written to is this part's own.
    """
    L, N, H = h.shape[1], h.shape[2], h.shape[3]
    width = inputs.shape[2]
    lanes, exact = logits[N], bias_out[:0]
    nothing = bias[L]
    met = 0
    for step in range(prime.shape[0] + out.shape[0]):
        h_before, c_before, h_after, c_after = h[now], c[now], h[1 - now], c[1 - now]
        at = 0
        for k in range(L):
            turn = met % 2
            put_initial(tokens, start, h_before[k], h0[k])
            put_initial(tokens, start, c_before[k], c0[k])
            if k > 0:
                add_own_columns(layer_tiles, h_after, k - 1, weights, at, width, inputs[turn], bias[k], rounded, part,
                                parts)
                at += H * width
            add_own_columns(layer_tiles, h_before, k, weights, at, width, products[turn], nothing, rounded, part, parts)
            at += H * width
            met += 1
            if parts > 1:
                meet(meeting, parts * met)
            for n in range(N):
                row, product = inputs[turn, n] if k > 0 else table[tokens[n]], products[turn, n]
                for j in range(product.shape[0]):
                    gates[j] = product[j]
                if cell == RNN:
                    rnn_cell(row, gates, h_after[k, n], H)
                elif cell == LSTM:
                    lstm_cell(row, gates, c_before[k, n], c_after[k, n], h_after[k, n], H)
                else:
                    gru_cell(row, gates, bias_n[k], h_before[k, n], h_after[k, n], H)
        now = 1 - now
        s = step - prime.shape[0]
        if s < 0:
            for n in range(N):
                tokens[n] = prime[step, n]
            continue
        for n in range(N):
            for j in range(bias_out.shape[0]):
                logits[n, j] = bias_out[j]
        matmul(tiles, flat(h_after), (L - 1) * N * H, H, N, weight_out, 0, H, bias_out.shape[0], flat(logits), 0,
               bias_out.shape[0], True, exact)
        for n in range(N):
            tokens[n] = choose(logits[n], scratch, lanes, vocabulary, temp, top_k, draws[s, n])
            out[s, n] = tokens[n]
