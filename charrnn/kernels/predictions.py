"""Layer kernels: the predictions of the output layer: the surprisal of each target, and the most probable characters.

    nats = -log p(target)    rank = 1 + how many are more likely    entropy = -sum p log p    the K likeliest

Ranks and the likeliest go by the logits themselves: two whose probabilities are the same number may differ in them. Of
equals all have the best rank that any of them could have, and the lower id stands first among the likeliest.
"""

import numpy as np

from charrnn.kernels.activations import ONE, exp_nonpositive
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.softmax import BLOCK_ROWS, output_logits, softmax_row


@inner
def likeliest(logits, count, ids, values):
    """Sets ids and values (K,) to the K largest of logits[:count], the largest first; K is at most `count`."""
    K = ids.shape[0]
    for k in range(K):
        ids[k] = -1
        values[k] = -np.inf
    for j in range(count if K > 0 else 0):
        value = logits[j]
        if value > values[K - 1]:
            k = K - 1
            while k > 0 and value > values[k - 1]:
                ids[k], values[k] = ids[k - 1], values[k - 1]
                k -= 1
            ids[k], values[k] = j, value


@inner
def rank_of(target, logits, count):
    """1 for the likeliest of logits[:count]."""
    wanted = logits[target]
    rank = 1
    for j in range(count):
        rank += 1 if logits[j] > wanted else 0
    return rank


@inner
def score_row(logits, given, lanes, target, count, ids, probabilities):
    """(nats, rank, entropy) of one place, and its likeliest characters in ids and probabilities (K,).

    The logits, of which `count` are no padding, are used up; given, as long, and lanes (PAD) are scratch.
    """
    likeliest(logits, count, ids, probabilities)
    rank = rank_of(target, logits, count)
    for j in range(logits.shape[0]):
        given[j] = logits[j]
    largest, total = softmax_row(logits, lanes, ONE)
    below = np.float32(0)  # how far the logits lie below the largest, weighted by their probabilities
    for j in range(logits.shape[0]):
        below += logits[j] * (largest - given[j])
    for k in range(ids.shape[0]):
        probabilities[k] = exp_nonpositive(probabilities[k] - largest) / total
    log_total = np.log(np.float64(total))
    nats = np.float64(largest) + log_total - np.float64(given[target])
    return nats, rank, log_total + np.float64(below) / np.float64(total)


@kernel
def output_scores(output, x, targets, logits, rounded, count, nats, ranks, entropies, ids, probabilities):
    """The sum of the losses in nats of targets (T, N) for x (T, N, H), as output_loss gives it, and what makes it up.

    logits and rounded are scratch as there; `count` is V. nats, ranks, entropies (T, N) and ids, probabilities
    (T, N, K) are set; where the target is -1 nothing was predicted, and they are NaN, 0 and -1.
    """
    T, N, H = x.shape
    K = ids.shape[2]
    lanes, given = logits[BLOCK_ROWS], np.empty(logits.shape[1], np.float32)
    loss = 0.0
    for first in range(0, T * N, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, T * N - first)
        output_logits(output, flat(x), first * H, rows, H, logits, rounded)
        for row in range(rows):
            t, n = (first + row) // N, (first + row) % N
            if targets[t, n] >= 0:
                value, ranks[t, n], entropies[t, n] = score_row(logits[row], given, lanes, targets[t, n], count,
                                                                ids[t, n], probabilities[t, n])
                nats[t, n] = value
                loss += value
                continue
            nats[t, n], ranks[t, n], entropies[t, n] = np.nan, 0, np.nan
            for k in range(K):
                ids[t, n, k], probabilities[t, n, k] = -1, np.nan
    return loss
