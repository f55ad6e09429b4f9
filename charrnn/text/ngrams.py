"""Layer text: n-gram entropies: how many bits a character has left once the characters before it are known.

They say what a text is like, and what counting alone would reach. They are measured on the text itself: in a short one
most longer n-grams occur once, and look more predictable than they are.
"""

import numpy as np

ORDERS = 3


def ngram_entropies(ids: np.ndarray, orders: int = ORDERS) -> list[float]:
    """Bits a unit of `ids` (T,), below V each, knowing the 0, 1, ... orders - 1 units before it.

    A text shorter than an n-gram has 0 bits left.
    """
    kinds = int(ids.max(initial=0)) + 1
    grams, count = np.zeros(len(ids), np.int64), 1  # the number of the n-gram in front of each unit, and how many
    found = []
    for order in range(orders):
        if order:
            grams = grams[:-1]
        longer = grams * kinds + ids[order:]
        before, seen = _counts(grams, count), _counts(longer, count * kinds)
        found.append(float(_information(seen) - _information(before)))
        numbers = np.cumsum(seen > 0) - 1  # those that occur, numbered anew, so that the next counts stay small
        grams, count = numbers[longer], int(numbers[-1]) + 1 if len(numbers) else 1
    return found


def _counts(numbers: np.ndarray, kinds: int) -> np.ndarray:
    return np.bincount(numbers, minlength=kinds)


def _information(counts: np.ndarray) -> float:
    """The entropy of what occurs so often, in bits."""
    some = counts[counts > 0]
    if not len(some):
        return 0.0
    shares = some / some.sum()
    return float(-(shares * np.log2(shares)).sum())
