"""Floor 2: chooses a character from its logits. The random number is an argument, which makes it a pure function."""

import numpy as np

from charrnn.kernels.jit import inner
from charrnn.kernels.limits import keep_likely, keep_mass, keep_top
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
def choose(logits, scratch, lanes, count, temp, top_k, top_p, min_p, draw):
    """An index below `count` with probability softmax(logits / temp), among those that three limits leave, in order:

    top_k   the top_k most likely; 0 leaves all
    top_p   the fewest that make up this share of what is left, the likeliest first (Holtzman et al. 2020); 1 leaves all
    min_p   those at least min_p times as probable as the most likely (Nguyen et al. 2024); 0 leaves all

    draw is uniform in [0, 1). temp 0 takes the most likely. logits, padded with NEVER, are used up; scratch is as long,
    lanes (PAD) is scratch too.
    """
    if temp == 0.0:
        return most_likely(logits, count)
    if 0 < top_k < count:
        keep_top(logits, scratch, top_k)
    _, total = softmax_row(logits, lanes, np.float32(min(1.0 / temp, _SHARPEST)))
    if top_p < 1.0:
        total = keep_mass(logits, lanes, top_p, total)
    if min_p > 0.0:
        total = keep_likely(logits, np.float32(min_p))
    wanted = draw * np.float64(total)
    chosen = 0
    for j in range(count):
        if logits[j] > 0:
            chosen = j
            wanted -= np.float64(logits[j])
            if wanted < 0.0:
                break
    return chosen
