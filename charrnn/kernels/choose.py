"""Floor 2: chooses a character from its logits. The random number is an argument, which makes it a pure function."""

import numpy as np

from charrnn.kernels.jit import inner
from charrnn.kernels.softmax import NEVER, softmax_row

# 1 / temp from where on only equals of the most likely character have a chance.
_SHARPEST = 1e30


@inner
def kth_largest(values, scratch, count, k):
    """The k-th largest of values[:count], 1 <= k <= count, by quickselect (Hoare 1961) on a copy in scratch."""
    for j in range(count):
        scratch[j] = values[j]
    low, high = 0, count - 1
    while low < high:
        pivot = scratch[(low + high) // 2]
        left, right = low, high
        while left <= right:
            while scratch[left] > pivot:
                left += 1
            while scratch[right] < pivot:
                right -= 1
            if left <= right:
                scratch[left], scratch[right] = scratch[right], scratch[left]
                left += 1
                right -= 1
        if k - 1 <= right:
            high = right
        elif k - 1 >= left:
            low = left
        else:
            break
    return scratch[k - 1]


@inner
def most_likely(logits, count):
    """The index of the largest of logits[:count], the first of equals."""
    best = 0
    for j in range(1, count):
        if logits[j] > logits[best]:
            best = j
    return best


@inner
def keep_top(logits, scratch, count, top_k):
    """Takes all but the top_k largest of logits[:count] out of the choice; of equals at the border the first stay."""
    floor = kth_largest(logits, scratch, count, top_k)
    spare = top_k
    for j in range(count):
        spare -= 1 if logits[j] > floor else 0
    for j in range(count):
        if logits[j] == floor and spare > 0:
            spare -= 1
        elif logits[j] <= floor:
            logits[j] = NEVER


@inner
def mass_border(values, count, wanted):
    """(floor, spare): the largest of values[:count] that sum up to `wanted` or more are those above floor, and the
    first `spare` of those equal to it.

    values are reordered. The search is quickselect's, with sums in the place of ranks.
    """
    low, high = 0, count - 1
    while low < high:
        pivot = values[(low + high) // 2]
        left, right = low, high
        while left <= right:
            while values[left] > pivot:
                left += 1
            while values[right] < pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        mass = 0.0
        for j in range(low, right + 1):
            mass += np.float64(values[j])
        if mass >= wanted:
            high = right
            continue
        # whatever lies between right and left equals the pivot
        at = right + 1
        while at < left and mass < wanted:
            mass += np.float64(values[at])
            at += 1
        if mass >= wanted:
            low = high = at - 1
        else:
            wanted -= mass
            low = left
    floor, spare = values[low], 1
    for j in range(low):
        spare += 1 if values[j] == floor else 0
    return floor, spare


@inner
def keep_mass(weights, scratch, count, share, total):
    """Sets all but the largest of weights[:count] that make up `share` of their sum `total` to 0; the sum of the rest.

    As few as possible are kept; of equals at the border the first stay.
    """
    # All that are smaller than this make up less than what is given up: the border lies above.
    least = np.float32((1.0 - share) * np.float64(total) / count * 0.999)
    candidates = 0
    for j in range(count):
        scratch[candidates] = weights[j]
        candidates += 1 if weights[j] > least else 0
    floor, spare = mass_border(scratch, candidates, share * np.float64(total))
    kept = np.float32(0)
    for j in range(count):
        if weights[j] == floor and spare > 0:
            spare -= 1
        elif weights[j] <= floor:
            weights[j] = np.float32(0)
        kept += weights[j]
    return kept


@inner
def keep_likely(weights, count, least):
    """Sets those of weights[:count] below `least` to 0; the sum of the rest."""
    kept = np.float32(0)
    for j in range(count):
        weights[j] = weights[j] if weights[j] >= least else np.float32(0)
        kept += weights[j]
    return kept


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
        keep_top(logits, scratch, count, top_k)
    _, total = softmax_row(logits, lanes, np.float32(min(1.0 / temp, _SHARPEST)))
    if top_p < 1.0:
        total = keep_mass(logits, scratch, count, top_p, total)
    if min_p > 0.0:
        total = keep_likely(logits, count, np.float32(min_p))
    wanted = draw * np.float64(total)
    chosen = 0
    for j in range(count):
        if logits[j] > 0:
            chosen = j
            wanted -= np.float64(logits[j])
            if wanted < 0.0:
                break
    return chosen
