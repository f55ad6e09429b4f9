"""Layer kernels: chooses a character from its logits. The random number is an argument, which makes it a pure
function."""

import numpy as np

from charrnn.kernels.activations import ONE
from charrnn.kernels.jit import inner
from charrnn.kernels.limits import keep_largest
from charrnn.kernels.softmax import softmax_row

# 1 / temp from where on only equals of the most likely character have a chance.
_SHARPEST = 1e30


@inner
def most_likely(logits, count):
    """The index of the largest of logits[:count], the first of equals."""
    best = 0
    for j in range(1, count):
        if logits[j] > logits[best]:
            best = j
    return best


@inner
def choose(logits, plain, lanes, count, temp, top_k, top_p, min_p, draw, with_nats):
    """(index, nats): an index below `count` with probability softmax(logits / temp), of those that three limits leave,
    one after the other, and the surprise of it with plain logits, which may be other ones.

    top_k   the top_k most likely; 0 leaves all
    top_p   the fewest that make up this share of what is left, the likeliest first (Holtzman et al. 2020); 1 leaves all
    min_p   those at least min_p times as probable as the most likely (Nguyen et al. 2024); 0 leaves all

    draw is uniform in [0, 1). temp 0 takes the most likely. logits, padded with NEVER, are used up; plain (2, as long)
    has the plain logits twice if the surprise is wanted, and its second row is used up. lanes (PAD) is scratch.
    """
    chosen = most_likely(logits, count) if temp == 0.0 else 0
    largest, total, nats = ONE, ONE, np.float32(0)
    # one softmax in the code serves both: compiled twice, it would be waited for twice
    for turn in range(0 if temp > 0.0 else 1, 2 if with_nats else 1):
        row, sharpness = plain[1], ONE
        if turn == 0:
            row, sharpness = logits, np.float32(min(1.0 / temp, _SHARPEST))
        largest, total = softmax_row(row, lanes, sharpness)
        if turn == 1:
            nats = largest + np.log(total) - plain[0, chosen]
            break
        wanted = draw * np.float64(keep_largest(logits, lanes, count, top_k, top_p, min_p, total))
        for j in range(count):
            if logits[j] > 0:
                chosen = j
                wanted -= np.float64(logits[j])
                if wanted < 0.0:
                    break
    return chosen, nats
