"""n-gram entropies, compared with counting done by hand."""

import math
from collections import Counter

import numpy as np
import pytest

from charrnn.text.ngrams import ngram_entropies


def counted(text: str, order: int) -> float:
    """Bits a character knowing `order` before it: -log2 of count(context + character) / count(context), averaged."""
    pairs = [(text[place - order:place], text[place]) for place in range(order, len(text))]
    both, before = Counter(pairs), Counter(context for context, _ in pairs)
    return -sum(math.log2(both[pair] / before[pair[0]]) for pair in pairs) / len(pairs)


def test_they_are_what_counting_gives() -> None:
    text = "the cat sat on the mat, and the rat sat on the cat"
    ids = np.array([sorted(set(text)).index(c) for c in text])
    assert ngram_entropies(ids, 4) == pytest.approx([counted(text, order) for order in range(4)])


def test_even_draws_leave_all_their_bits() -> None:
    ids = np.random.default_rng(0).integers(0, 8, 200_000)
    assert ngram_entropies(ids) == pytest.approx([3, 3, 3], abs=0.01)


def test_what_repeats_leaves_none() -> None:
    assert ngram_entropies(np.tile([3, 1, 2], 50)) == pytest.approx([math.log2(3), 0, 0])


@pytest.mark.parametrize("length", [0, 1, 2])
def test_short_texts(length: int) -> None:
    assert ngram_entropies(np.zeros(length, np.int32)) == [0, 0, 0]
