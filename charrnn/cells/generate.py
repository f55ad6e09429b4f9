"""Layer cells: the sampling loop, whole: a character in, through every layer, a choice out, and back in.

It runs N streams at once. Weights of all layers lie in one buffer, because a kernel takes arrays, not lists of them:
for each layer weight_ih (none for the first, which has its table) and then weight_hh, packed.

Reading the weights takes nearly all the time, so `parts` threads may share one stream: each makes its own columns of a
layer's products, and when all have met each does everything else for itself. Every number comes out the same.

Each cell has a kernel of its own, GENERATE by name, so that nobody waits for the compiling of the others.
"""

from charrnn.cells.gru import gru_cell
from charrnn.cells.gru_original import reset_cell, update_cell
from charrnn.cells.lstm import lstm_cell
from charrnn.cells.peephole import peephole_cell
from charrnn.cells.rnn import rnn_cell
from charrnn.kernels.activations import sigmoid
from charrnn.kernels.barrier import meet
from charrnn.kernels.cpu import TARGET
from charrnn.kernels.document_starts import put_initial
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.matmul import matmul
from charrnn.kernels.sample_logits import choose

RNN, LSTM, GRU, PEEPHOLE, GRU_ORIGINAL = range(5)
_PANEL = TARGET.panel


@inner
def add_own_columns(tiles, a, a_at, lda, depth, weights, at, columns, out, bias, rounded, part, parts):
    """out (N, columns) = bias + A (N, depth) @ the packed weights from `at` on, in this part's share of the columns."""
    N = out.shape[0]
    panels = -(-columns // _PANEL)
    start = panels * part // parts * _PANEL
    stop = min(panels * (part + 1) // parts * _PANEL, columns)
    if stop > start:
        for n in range(N):
            for j in range(start, stop):
                out[n, j] = bias[j]
        matmul(tiles, a, a_at, lda, N, weights, at + start * depth, depth, stop - start, flat(out), start,
               out.shape[1], True, rounded)


@inner
def hold(cell, row, product, gates, extra, c, h, unit, value, H):
    """Sets a unit of one sequence to value: (c, tanh c), or (h, h) in a cell without memory."""
    if cell != LSTM and cell != PEEPHOLE:
        h[unit] = value[0]
        return
    o = gates[3 * H + unit]
    if cell == PEEPHOLE:  # its output gate sees the new memory
        o = sigmoid(row[3 * H + unit] + product[3 * H + unit] + extra[2 * H + unit] * value[0])
    c[unit] = value[0]
    h[unit] = o * value[1]


def _generator(name, cell):
    def generate(tiles, layer_tiles, table, weights, bias, extra, weight_out, bias_out, h, c, now, products, inputs,
                 gates, rounded, logits, meeting, part, parts, vocabulary, start, h0, c0, tokens, prime, draws,
                 temps, top_k, top_p, min_p, adjustment, clamped, clamps, out, nats):
        """Reads prime (P, N), then writes out (S, N): S further characters of N streams, chosen with draws (S, N).

        tokens (N,) is the last character that the states have not read yet. h, c (2, L, N, H) hold them in [now], then
        in [1 - now], and so on in turn; both and tokens are left ready to go on, in [(now + P + S) % 2]. Before the
        character `start` they are h0, c0 (L, H).

        A choice follows temps (N,), top_k, top_p and min_p, after adjustment (V padded) is added to the logits; a temp
        below 0 makes none and leaves the network's own logits. nats (S, N), if not empty, get the surprise of what was
        chosen, as the network itself sees it. From the state on that the first choice is made from, the units clamped
        (M, 2), by layer and number, are held at clamps (M, 2): c and tanh c, or h twice in a cell without memory.

        products (2, N, 4H) and inputs (2, N, G*H) are shared by the parts and take turns: while one part still reads a
        layer's, another may be writing the next one's. Everything else that is written to is this part's own, gates
        (N, 4H) among it.
        """
        L, N, H = h.shape[1], h.shape[2], h.shape[3]
        width = inputs.shape[2]
        # what all of h is multiplied with at once
        columns = 2 * H if cell == GRU_ORIGINAL else width
        lanes, plain, exact = logits[N], logits[N + 1:], bias_out[:0]
        width_out = bias_out.shape[0]
        nothing = bias[L]
        met = 0
        for step in range(prime.shape[0] + out.shape[0]):
            h_before, c_before, h_after, c_after = h[now], c[now], h[1 - now], c[1 - now]
            s = step - prime.shape[0]
            at = 0
            for k in range(L):
                turn = met % 2
                put_initial(tokens, start, h_before[k], h0[k])
                put_initial(tokens, start, c_before[k], c0[k])
                # one call in the code for both products: each is compiled where it stands, and waited for
                for side in range(0 if k > 0 else 1, 2):
                    operand, operand_at, wide = flat(h_after), (k - 1) * N * H, width
                    made, first = inputs[turn], bias[k]
                    if side == 1:
                        operand, operand_at, wide = flat(h_before), k * N * H, columns
                        made, first = products[turn], nothing
                    add_own_columns(layer_tiles, operand, operand_at, H, H, weights, at, wide, made, first, rounded,
                                    part, parts)
                    if side == 0:
                        at += H * width
                met += 1
                if parts > 1:
                    meet(meeting, parts * met)
                for n in range(N):
                    row, product, own = inputs[turn, n] if k > 0 else table[tokens[n]], products[turn, n], gates[n]
                    for j in range(product.shape[0]):
                        own[j] = product[j]
                    if cell == RNN:
                        rnn_cell(row, own, h_after[k, n], H)
                    elif cell == LSTM:
                        lstm_cell(row, own, c_before[k, n], c_after[k, n], h_after[k, n], H)
                    elif cell == PEEPHOLE:
                        peephole_cell(row, own, extra[k], c_before[k, n], c_after[k, n], h_after[k, n], H)
                    elif cell == GRU:
                        gru_cell(row, own, extra[k], h_before[k, n], h_after[k, n], H)
                    else:
                        reset_cell(row, own, h_before[k, n], H)
                if cell == GRU_ORIGINAL:
                    turn = met % 2
                    add_own_columns(layer_tiles, flat(gates), 3 * H, 4 * H, H, weights, at + H * columns, H,
                                    products[turn], nothing, rounded, part, parts)
                    met += 1
                    if parts > 1:
                        meet(meeting, parts * met)
                    for n in range(N):
                        product, own = products[turn, n], gates[n, 2 * H:3 * H]
                        for j in range(H):
                            own[j] += product[j]
                        update_cell(gates[n], h_before[k, n], h_after[k, n], H)
                at += H * width
                if s >= 0:
                    for m in range(clamped.shape[0]):
                        if clamped[m, 0] == k:
                            for n in range(N):
                                hold(cell, table[tokens[n]] if k == 0 else inputs[turn, n], products[turn, n],
                                     gates[n], extra[k], c_after[k, n], h_after[k, n], clamped[m, 1], clamps[m], H)
            now = 1 - now
            if s < 0:
                for n in range(N):
                    tokens[n] = prime[step, n]
                continue
            for n in range(N):
                for j in range(width_out):
                    logits[n, j] = bias_out[j]
            matmul(tiles, flat(h_after), (L - 1) * N * H, H, N, weight_out, 0, H, width_out, flat(logits), 0, width_out,
                   True, exact)
            for n in range(N):
                if temps[n] < 0.0:
                    continue
                own = logits[n]
                for j in range(width_out):
                    plain[0, j] = own[j]
                    plain[1, j] = own[j]
                    own[j] += adjustment[j]
                tokens[n], surprise = choose(own, plain, lanes, vocabulary, temps[n], top_k, top_p, min_p, draws[s, n],
                                             nats.size > 0)
                out[s, n] = tokens[n]
                if nats.size:
                    nats[s, n] = surprise

    # the name that its machine code is kept under
    generate.__name__ = generate.__qualname__ = f"generate_{name}"
    return kernel(generate)


GENERATE = {
    "rnn": _generator("rnn", RNN), "lstm": _generator("lstm", LSTM), "gru": _generator("gru", GRU),
    "peephole": _generator("peephole", PEEPHOLE), "gru-original": _generator("gru_original", GRU_ORIGINAL)}
