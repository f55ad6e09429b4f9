"""Floor 2: the sampling loop, whole: a character in, through every layer, a choice out, and back in.

It runs N streams at once. Weights of all layers lie in one buffer, because a kernel takes arrays, not lists of them:
for each layer weight_ih (none for the first, which has its table) and then weight_hh, packed.
"""

from charrnn.kernels.choose import choose
from charrnn.kernels.gru import gru_cell
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.lstm import lstm_cell
from charrnn.kernels.matmul import matmul
from charrnn.kernels.rnn import rnn_cell

RNN, LSTM, GRU = 0, 1, 2


@inner
def advance(tiles, cell, tokens, table, weights, bias, bias_n, h, c, gates, rows):
    """Moves h, c (L, N, H) one character on; gates (N, 4H) and rows (N, G*H) are scratch.

    A layer's old h is needed until its product is done, and each row's only until that row's cell is: it is
    overwritten in place.
    """
    L, N, H = h.shape
    width = rows.shape[1]
    at = 0
    for k in range(L):
        if k > 0:
            for n in range(N):
                for j in range(width):
                    rows[n, j] = bias[k, j]
            matmul(tiles, h, (k - 1) * N * H, H, N, weights, at, H, width, rows, 0, width, True)
            at += H * width
        matmul(tiles, h, k * N * H, H, N, weights, at, H, width, gates, 0, gates.shape[1], False)
        at += H * width
        for n in range(N):
            row = rows[n] if k > 0 else table[tokens[n]]
            if cell == RNN:
                rnn_cell(row, gates[n], h[k, n], H)
            elif cell == LSTM:
                lstm_cell(row, gates[n], c[k, n], c[k, n], h[k, n], H)
            else:
                gru_cell(row, gates[n], bias_n[k], h[k, n], h[k, n], H)


@kernel
def generate(tiles, cell, table, weights, bias, bias_n, weight_out, bias_out, h, c, gates, rows, logits, scratch,
             vocabulary, tokens, prime, draws, temp, top_k, out):
    """Reads prime (P, N), then writes out (S, N): S further characters of N streams, chosen with draws (S, N).

    tokens (N,) is the last character that h, c (L, N, H) have not read yet; both are left ready to go on.
    """
    N, H = h.shape[1], h.shape[2]
    width = bias_out.shape[0]
    for p in range(prime.shape[0]):
        advance(tiles, cell, tokens, table, weights, bias, bias_n, h, c, gates, rows)
        for n in range(N):
            tokens[n] = prime[p, n]
    for s in range(out.shape[0]):
        advance(tiles, cell, tokens, table, weights, bias, bias_n, h, c, gates, rows)
        for n in range(N):
            for j in range(width):
                logits[n, j] = bias_out[j]
        matmul(tiles, h, (h.shape[0] - 1) * N * H, H, N, weight_out, 0, H, width, logits, 0, width, True)
        for n in range(N):
            tokens[n] = choose(logits[n], scratch, vocabulary, temp, top_k, draws[s, n])
            out[s, n] = tokens[n]
