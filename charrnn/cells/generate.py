"""Layer cells: the sampling loop, whole: a character in, through every layer, a choice out, and back in.

It runs N streams at once. Weights of all layers lie in one buffer, because a kernel takes arrays, not lists of them:
for each layer weight_ih (none for the first, which has its table) and then weight_hh, packed.

Reading the weights takes nearly all the time, so `parts` threads may share one stream: each makes its own columns of
a layer's products, and when all have met at the barrier each does everything else for itself. Every number comes out
the same.

generate() is a template, as the loops of recurrence.py: each cell has a kernel of its own, so that nobody waits for the
compiling of the others.
"""

from typing import NamedTuple

import numpy as np

from charrnn.cells.recurrence import finish, hold_output, scale, step
from charrnn.kernels.barrier import wait
from charrnn.kernels.document_starts import put_initial
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner
from charrnn.kernels.matmul import matmul
from charrnn.kernels.packing import panel_start, panels
from charrnn.kernels.sample_logits import Limits, choose
from charrnn.kernels.softmax import OutputLayer, output_logits

# What a cell puts in place of these, as in recurrence.py.
hold = hold_output
KEPT = FIRST = SECOND = 1
IS_SCALED = False


class PackedNetwork(NamedTuple):
    """What all streams read: every layer's parameters, the table of the first one, the output layer."""

    tiles: int
    table: np.ndarray  # (V, G*H)
    weights: np.ndarray  # all packed weights, one layer after the other
    bias: np.ndarray  # (L, G*H)
    extra: np.ndarray  # (L, ...)
    output: OutputLayer
    h0: np.ndarray  # (L, H), the state before the character `start`
    c0: np.ndarray
    vocabulary: int
    start: int


class StreamState(NamedTuple):
    """The states of N streams, and the last character (N,) that they have not read yet.

    h, c (2, L, N, H) hold them in [now], then in [1 - now], and so on in turn.
    """

    h: np.ndarray
    c: np.ndarray
    tokens: np.ndarray


class Constraints(NamedTuple):
    """How a character is chosen: adjustment (V padded) is added to the logits, then temps (N,) and limits apply.

    A temp below 0 chooses nothing and leaves the network's own logits. From the state on that the first choice is
    made from, the units clamped (M, 2), by layer and number, are held at clamps (M, 2): c and tanh c, or h twice in a
    cell without memory.
    """

    temps: np.ndarray
    limits: Limits
    adjustment: np.ndarray
    clamped: np.ndarray
    clamps: np.ndarray


class SampledText(NamedTuple):
    """prime (P, N) is read, then out (S, N) is written with draws (S, N), uniform numbers.

    nats (S, N), if not empty, get the surprisal of what was chosen, as the network itself sees it.
    """

    prime: np.ndarray
    draws: np.ndarray
    out: np.ndarray
    nats: np.ndarray


class Work(NamedTuple):
    """Scratch memory. products (2, N, K*H) and inputs (2, N, G*H) are shared by the parts, and each takes turns: while
    one part still reads a layer's, another may be writing the next one's. The rest is this part's own.
    """

    products: np.ndarray
    inputs: np.ndarray
    barrier: np.ndarray
    gates: np.ndarray  # (N, K*H)
    rounded: np.ndarray
    logits: np.ndarray  # (N + 3, V padded)


@inner
def own_columns(tiles, a, a_at, lda, depth, weights, at, columns, out, bias, has_bias, rounded, part, parts):
    """out (N, columns) = A (N, depth) @ the packed weights from `at` on, and perhaps bias, in this part's share of the
    columns."""
    N = out.shape[0]
    count = panels(columns)
    start, stop = panel_start(count * part // parts, columns), panel_start(count * (part + 1) // parts, columns)
    if stop > start:
        if has_bias:
            own = bias[start:stop]
            for n in range(N):
                line = out[n, start:stop]  # a loop over out[n, j] that does not begin at 0 would be no vector code
                for j in range(line.size):
                    line[j] = own[j]
        matmul(tiles, a, a_at, lda, N, weights, at + start * depth, depth, stop - start, flat(out), start,
               out.shape[1], has_bias, rounded)


@inner
def choose_characters(text, s, logits, vocabulary, constraints, tokens):
    """Writes line s of text.out, and its surprisals: what each stream chooses by its row of logits. tokens (N,) holds
    it too."""
    N = tokens.size
    lanes, plain = logits[N], logits[N + 1:]
    for n in range(N):
        if constraints.temps[n] < 0.0:
            continue
        own = logits[n]
        for j in range(own.shape[0]):
            plain[0, j] = own[j]
            plain[1, j] = own[j]
            own[j] += constraints.adjustment[j]
        tokens[n], surprisal = choose(own, plain, lanes, vocabulary, constraints.temps[n], constraints.limits,
                                      text.draws[s, n], text.nats.size > 0)
        text.out[s, n] = tokens[n]
        if text.nats.size:
            text.nats[s, n] = surprisal


def generate(stack, state, now, text, constraints, work, part, parts):
    """Reads the prime, then writes text.out, as part `part` of `parts`; state is left ready to go on, in
    [(now + P + S) % 2]."""
    h, c, tokens = state
    prime = text.prime
    products, inputs, barrier, gates, rounded, logits = work
    clamped, clamps = constraints.clamped, constraints.clamps
    L, N, H = h.shape[1], h.shape[2], h.shape[3]
    width = inputs.shape[2]
    # what all of h is multiplied with at once
    columns = FIRST * H
    met = fed = 0
    for count in range(prime.shape[0] + text.out.shape[0]):
        h_before, c_before, h_after, c_after = h[now], c[now], h[1 - now], c[1 - now]
        s = count - prime.shape[0]
        at = 0
        for k in range(L):
            put_initial(tokens, stack.start, h_before[k], stack.h0[k])
            put_initial(tokens, stack.start, c_before[k], stack.c0[k])
            fed += k > 0
            # one call in the code for both products: each is compiled where it stands, and waited for
            for side in range(0 if k > 0 else 1, 2):
                operand, operand_at, wide, lda = flat(h_after), (k - 1) * N * H, width, H
                made = inputs[fed % 2]
                if side == 1:
                    operand, operand_at, wide = flat(h_before), k * N * H, columns
                    made = products[met % 2]
                    if IS_SCALED:
                        for n in range(N):
                            row = inputs[fed % 2, n] if k > 0 else stack.table[tokens[n]]
                            scale(row, gates[n], h_before[k, n], H)
                        operand, operand_at, lda = flat(gates), (KEPT - 1) * H, KEPT * H
                own_columns(stack.tiles, operand, operand_at, lda, H, stack.weights, at, wide, made, stack.bias[k],
                            side == 0, rounded, part, parts)
                if side == 0:
                    at += H * width
                # both products are waited for at once, unless one makes what the other reads
                if IS_SCALED and side == 0:
                    met += 1
                    if parts > 1:
                        wait(barrier, parts * met)
            turn = met % 2
            met += 1
            if parts > 1:
                wait(barrier, parts * met)
            for n in range(N):
                row = inputs[fed % 2, n] if k > 0 else stack.table[tokens[n]]
                product, own = products[turn, n], gates[n]
                for j in range(columns):
                    own[j] = product[j]
                step(row, own, stack.extra[k], h_before[k, n], c_before[k, n], h_after[k, n], c_after[k, n], H)
            if SECOND > 0:
                turn = met % 2
                own_columns(stack.tiles, flat(gates), (KEPT - 1) * H, KEPT * H, H, stack.weights, at + H * columns,
                            SECOND * H, products[turn], stack.bias[k], False, rounded, part, parts)
                met += 1
                if parts > 1:
                    wait(barrier, parts * met)
                for n in range(N):
                    product, own = products[turn, n], gates[n, FIRST * H:(FIRST + SECOND) * H]
                    for j in range(SECOND * H):
                        own[j] += product[j]
                    finish(gates[n], h_before[k, n], h_after[k, n], H)
            at += H * (FIRST + SECOND) * H
            if s >= 0:
                for m in range(clamped.shape[0]):
                    if clamped[m, 0] == k:
                        for n in range(N):
                            hold(stack.table[tokens[n]] if k == 0 else inputs[fed % 2, n], products[turn, n], gates[n],
                                 stack.extra[k], c_after[k, n], h_after[k, n], clamped[m, 1], clamps[m], H)
        now = 1 - now
        if s < 0:
            for n in range(N):
                tokens[n] = prime[count, n]
            continue
        output_logits(stack.output, flat(h_after), (L - 1) * N * H, N, H, logits, rounded)
        choose_characters(text, s, logits, stack.vocabulary, constraints, tokens)
