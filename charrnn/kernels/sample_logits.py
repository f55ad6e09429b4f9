"""Layer kernels: chooses a character from its logits: temperature, top-k, top-p, min-p, the draw. The random number is
an argument, which makes it a pure function.

Each limit keeps the largest weights. The border between what is kept and what goes is found by bisection, of the
floats' bits as whole numbers, so that 30 halvings are exact whatever the weights. Each is one pass of vector code over
the row. Sorting or partitioning the weights would mispredict a branch at every other one, and take longer from a few
dozen characters on.
"""

from typing import NamedTuple

import numpy as np

from charrnn.kernels.activations import ONE
from charrnn.kernels.cpu import PAD
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.softmax import NEVER, softmax_row

# 1 / temp from where on only equals of the most likely character can be chosen.
_SHARPEST = 1e30
_BITS_OF_ONE = 0x3F800000
_NOTHING = np.float32(0)
# What one of the largest weights has at least, so that a share of 0 still keeps one.
_LEAST_MASS = np.float32(1e-30)
_A_LITTLE_LESS = np.float32(0.999)
TOP_K, TOP_P, MIN_P = range(3)


class Limits(NamedTuple):
    """What may be chosen at all, one limit after the other. The names are those of SampleSettings, whose values come
    here unchanged: a further limit needs its field there, its field here and its line in keep_largest().

    top_k   the top_k most likely; 0 leaves all
    top_p   of those, the fewest that make up this share, the likeliest first (Holtzman et al. 2020); 1 leaves all
    min_p   of those, the ones at least min_p times as probable as the most likely (Nguyen et al. 2024); 0 leaves all
    """

    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0


@inner
def most_likely(logits, count):
    """The index of the largest of logits[:count], the first of equals."""
    best = 0
    for j in range(1, count):
        if logits[j] > logits[best]:
            best = j
    return best


@inner
def keep_largest(weights, count, limits, total):
    """Sets all weights beyond the limits to 0, one limit after the other; returns the sum of the rest.

    weights (V padded) are between 0 and 1, the largest 1, those in the padding 0; total is their sum. Of equals at a
    border the first are kept.
    """
    for limit in range(3):
        wanted, mass_wanted = _NOTHING, _NOTHING
        low, high = 0, _BITS_OF_ONE + 1
        if limit == TOP_K:
            if not 0 < limits.top_k < count:
                continue
            wanted = np.float32(limits.top_k)
        elif limit == TOP_P:
            if limits.top_p >= 1.0:
                continue
            mass_wanted = max(np.float32(limits.top_p) * total, _LEAST_MASS)
            # all that are smaller make up less than what is given up: the border lies above
            given_up = max((total - mass_wanted) / np.float32(weights.shape[0]) * _A_LITTLE_LESS, _NOTHING)
            low = np.int64(np.float32(given_up).view(np.int32))
        else:
            if limits.min_p <= 0.0:
                continue
            low = np.int64(np.float32(limits.min_p).view(np.int32))
            high = low + 1
        # numbers of weights are floats, so that the loop is vector code of one width
        kept, above, mass_above = np.float32(weights.shape[0]), _NOTHING, _NOTHING
        while high - low > 1 and kept - above > ONE and kept != wanted:
            middle = (low + high) >> 1
            border, found, mass = np.int32(middle).view(np.float32), _NOTHING, _NOTHING
            # two loops, because both sums in one are no vector code, and take six times as long
            for j in range(weights.shape[0]):
                found += ONE if weights[j] >= border else _NOTHING
            for j in range(weights.shape[0]):
                mass += weights[j] if weights[j] >= border else _NOTHING
            if found >= wanted and mass >= mass_wanted:
                low, kept = middle, found
            else:
                high, above, mass_above = middle, found, mass
        border, total = np.int32(low).view(np.float32), _NOTHING
        for j in range(weights.shape[0]):
            weights[j] = weights[j] if weights[j] >= border else _NOTHING
            total += weights[j]
        if limit != MIN_P and kept - above > ONE and kept != wanted:  # all that are left between are equal
            for j in range(count):
                if weights[j] == border:
                    if above >= wanted and mass_above >= mass_wanted:
                        total -= weights[j]
                        weights[j] = _NOTHING
                    above += ONE
                    mass_above += border
    return total


@inner
def choose(logits, plain, lanes, count, temp, limits, draw, with_nats):
    """(index, nats): an index below `count` with probability softmax(logits / temp) among those within the limits, and
    its surprisal by the plain logits, which may be other ones.

    draw is uniform in [0, 1). temp 0 takes the most likely. logits, padded with NEVER, are used up; plain (2, as long)
    has the plain logits twice if the surprisal is wanted, and its second row is used up. lanes (PAD) is scratch.
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
        wanted = draw * np.float64(keep_largest(logits, count, limits, total))
        for j in range(count):
            if logits[j] > 0:
                chosen = j
                wanted -= np.float64(logits[j])
                if wanted < 0.0:
                    break
    return chosen, nats


@kernel
def choose_rows(logits, temps, limits, adjustment, draws, chosen, nats):
    """Sets chosen (N,) to what is drawn in each row of logits (N, V), and nats (N,) to its surprisal by these logits.

    adjustment (V padded) is added to the logits; temps and draws are (N,).
    """
    count = logits.shape[1]
    width = adjustment.shape[0]
    own, plain, lanes = np.empty(width, np.float32), np.empty((2, width), np.float32), np.empty(PAD, np.float32)
    for n in range(logits.shape[0]):
        for j in range(width):
            plain[0, j] = logits[n, j] if j < count else NEVER
            plain[1, j] = plain[0, j]
            own[j] = plain[0, j] + adjustment[j]
        chosen[n], nats[n] = choose(own, plain, lanes, count, temps[n], limits, draws[n], True)
