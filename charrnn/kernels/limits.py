"""Floor 2: the limits of a choice: which of a row's values may be chosen at all.

The border between what stays and what goes is found by halving an interval: floats in the order of their bits, as
whole numbers, so that 32 halvings are exact whatever the values. Each is one pass of vector code over the row; sorting
or parting the values would mispredict a branch at every other one, and take longer from a few dozen characters on.
"""

import numpy as np

from charrnn.kernels.jit import inner
from charrnn.kernels.layers import ONE
from charrnn.kernels.softmax import NEVER

_SIGN, _REST = np.int32(31), np.int32(0x7FFFFFFF)
_LOWEST, _HIGHEST = -(1 << 31), 1 << 31
_ONE = 0x3F800000  # the bits of 1.0


@inner
def keep_top(logits, scratch, top_k):
    """Takes all but the top_k largest logits out of the choice; of equals at the border the first stay.

    logits (V padded), with NEVER in the padding; 1 <= top_k < V. scratch is as long.
    """
    bits, keys = logits.view(np.int32), scratch.view(np.int32)
    for j in range(keys.shape[0]):
        # the bits of negative numbers run the other way
        keys[j] = bits[j] ^ ((bits[j] >> _SIGN) & _REST)
    low, high, kept = _LOWEST, _HIGHEST, keys.shape[0]
    while high - low > 1 and kept != top_k:
        middle = (low + high) >> 1
        border, found = np.int32(middle), 0
        for j in range(keys.shape[0]):
            found += 1 if keys[j] >= border else 0
        if found >= top_k:
            low, kept = middle, found
        else:
            high = middle
    border = np.int32(low)
    for j in range(keys.shape[0]):
        logits[j] = logits[j] if keys[j] >= border else NEVER
    for j in range(keys.shape[0] - 1, -1, -1):
        if kept <= top_k:
            break
        if keys[j] == border:
            logits[j] = NEVER
            kept -= 1


@inner
def keep_mass(weights, lanes, share, total):
    """Sets all but the largest weights that make up `share` of their sum `total` to 0; the sum of the rest.

    As few as possible are kept, one at least; of equals at the border the first stay. weights (V padded) are between 0
    and 1, the largest 1, those in the padding 0. lanes is scratch.
    """
    bits = lanes.view(np.int32)
    wanted = max(np.float32(share) * total, np.float32(1e-30))
    # All that are smaller than this make up less than what is given up: the border lies above.
    lanes[0] = (total - wanted) / np.float32(weights.shape[0]) * np.float32(0.999)
    low, high = np.int64(bits[0]), _ONE + 1
    # numbers of weights, as floats: the loop is vector code of one width then
    kept, above, mass_above = np.float32(weights.shape[0]), np.float32(0), np.float32(0)
    while high - low > 1 and kept - above > ONE:
        middle = (low + high) >> 1
        bits[0] = middle
        border, found, mass = lanes[0], np.float32(0), np.float32(0)
        for j in range(weights.shape[0]):
            found += ONE if weights[j] >= border else np.float32(0)
            mass += weights[j] if weights[j] >= border else np.float32(0)
        if mass >= wanted:
            low, kept = middle, found
        else:
            high, above, mass_above = middle, found, mass
    bits[0] = low
    border, rest = lanes[0], np.float32(0)
    for j in range(weights.shape[0]):
        weights[j] = weights[j] if weights[j] >= border else np.float32(0)
        rest += weights[j]
    if kept - above > ONE:  # all that are left between are equal
        for j in range(weights.shape[0]):
            if weights[j] == border:
                if mass_above >= wanted:
                    rest -= weights[j]
                    weights[j] = np.float32(0)
                else:
                    mass_above += weights[j]
    return rest


@inner
def keep_likely(weights, least):
    """Sets weights (V padded) below `least` to 0; the sum of the rest."""
    rest = np.float32(0)
    for j in range(weights.shape[0]):
        weights[j] = weights[j] if weights[j] >= least else np.float32(0)
        rest += weights[j]
    return rest
