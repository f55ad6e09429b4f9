"""Layer kernels: the limits of a choice: which of a row's weights may be chosen at all.

Each limit leaves the largest weights. The border between what stays and what goes is found by halving an interval, of
the floats' bits as whole numbers, so that 30 halvings are exact whatever the weights. Each is one pass of vector code
over the row; sorting or parting the weights would mispredict a branch at every other one, and take longer from a few
dozen characters on.
"""

import numpy as np

from charrnn.kernels.activations import ONE
from charrnn.kernels.jit import inner

_BITS_OF_ONE = 0x3F800000
_NOTHING = np.float32(0)
# What one of the largest weights has at least, so that a share of 0 still keeps one.
_LEAST_MASS = np.float32(1e-30)
_A_LITTLE_LESS = np.float32(0.999)
TOP_K, TOP_P, MIN_P = range(3)


@inner
def keep_largest(weights, lanes, count, top_k, top_p, min_p, total):
    """Sets all weights beyond the limits to 0, one limit after the other; the sum of the rest.

    top_k   how many stay; 0 or `count` leave all
    top_p   the share of what is left so far that stays, with as few weights as possible, but one
    min_p   the smallest that stays

    weights (V padded) are between 0 and 1, the largest 1, those in the padding 0; total is their sum. Of equals at a
    border the first stay. lanes is scratch.
    """
    bits = lanes.view(np.int32)
    for limit in range(3):
        wanted, mass_wanted = _NOTHING, _NOTHING
        low, high = 0, _BITS_OF_ONE + 1
        if limit == TOP_K:
            if not 0 < top_k < count:
                continue
            wanted = np.float32(top_k)
        elif limit == TOP_P:
            if top_p >= 1.0:
                continue
            mass_wanted = max(np.float32(top_p) * total, _LEAST_MASS)
            # all that are smaller make up less than what is given up: the border lies above
            lanes[0] = max((total - mass_wanted) / np.float32(weights.shape[0]) * _A_LITTLE_LESS, _NOTHING)
            low = np.int64(bits[0])
        else:
            if min_p <= 0.0:
                continue
            lanes[0] = np.float32(min_p)
            low = np.int64(bits[0])
            high = low + 1
        # numbers of weights are floats, so that the loop is vector code of one width
        kept, above, mass_above = np.float32(weights.shape[0]), _NOTHING, _NOTHING
        while high - low > 1 and kept - above > ONE and kept != wanted:
            middle = (low + high) >> 1
            bits[0] = middle
            border, found, mass = lanes[0], _NOTHING, _NOTHING
            # two loops, because both sums in one are no vector code, and take six times as long
            for j in range(weights.shape[0]):
                found += ONE if weights[j] >= border else _NOTHING
            for j in range(weights.shape[0]):
                mass += weights[j] if weights[j] >= border else _NOTHING
            if found >= wanted and mass >= mass_wanted:
                low, kept = middle, found
            else:
                high, above, mass_above = middle, found, mass
        bits[0] = low
        border, total = lanes[0], _NOTHING
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
