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
def choose(logits, scratch, lanes, count, temp, top_k, draw):
    """An index below `count` with probability softmax(logits / temp), among the top_k most likely if top_k > 0.

    draw is uniform in [0, 1). temp 0 takes the most likely. logits, padded with NEVER, are used up; scratch is as long,
    lanes (PAD) is scratch too.
    """
    if temp == 0.0:
        return most_likely(logits, count)
    if 0 < top_k < count:
        keep_top(logits, scratch, count, top_k)
    _, total = softmax_row(logits, lanes, np.float32(min(1.0 / temp, _SHARPEST)))
    wanted = draw * np.float64(total)
    chosen = 0
    for j in range(count):
        if logits[j] > 0:
            chosen = j
            wanted -= np.float64(logits[j])
            if wanted < 0.0:
                break
    return chosen
