"""What errors are: n-grams against counts in a dictionary, the other oracles by hand."""

from collections import Counter

import numpy as np
import pytest

from charrnn.inspection.error_breakdown import error_breakdown, ngram_knows
from tests.inspection.planted import passage_of, quoted_text


@pytest.mark.parametrize("order", [1, 2, 5])
def test_n_grams_against_counts(order):
    rng = np.random.default_rng(1)
    training = rng.choice(3, 300, p=[0.6, 0.2, 0.2])
    ids = np.concatenate([rng.integers(4, size=60), training[40:80]])
    counts = [Counter(tuple(training[t:t + n].tolist()) for t in range(len(training) - n + 1))
              for n in range(order + 1)]
    counts[0][()] = len(training)
    expected = [any(n <= t + 1 and counts[n][tuple(ids[t - n + 1:t + 1].tolist())]
                    > counts[n - 1][tuple(ids[t - n + 1:t].tolist())] / 2 for n in range(1, order + 1))
                for t in range(1, len(ids))]
    assert ngram_knows(ids, training, order).tolist() == expected
    assert 0 < sum(expected) < len(expected)


def of(text, training, probability=0.1):
    passage = passage_of(text + training)
    ids = passage.ids
    part = passage.__class__(ids[:len(text)], passage.pieces[:len(text)], passage.units, None, "a text")
    found = error_breakdown(part, np.full(len(text) - 1, -np.log(probability)), ids[len(text):], 0)
    return {one.name: round(one.share * (len(text) - 1)) for one in found.removed}, found


def test_each_oracle_takes_its_own():
    removed, found = of("abcab", "abcabcabc")  # all of it is in the n-grams
    assert removed == {"n-gram": 4, "memory": 0, "rare word": 0, "word start": 0, "punctuation": 0, "boost": 0}
    assert (found.errors, found.rest) == (1, 0)
    removed, _ = of("xyz xyz", "abcdefgh" * 9)
    assert removed["memory"] == 2  # "xy" and "xyz", once they stood there; "x" is a single letter
    assert removed["rare word"] == 3  # the first "yz", and the second "x"
    assert removed["punctuation"] == 1
    common = " ".join(["pq", "pr", "qp", "rp", "pp"] * 9)
    removed, found = of("pq-rp", common, 0.45)
    assert removed["word start"] + removed["n-gram"] + removed["punctuation"] + removed["boost"] == 4
    assert found.rest == 0


def test_what_is_right_is_no_error():
    _, found = of("abc ab", "xyz", 0.6)
    assert found.errors == 0
    assert found.to_dict()["removed"][0] == ["n-gram", 0.0]


def test_shares_make_up_the_whole():
    text = quoted_text(200)
    _, found = of(text[:400], text[400:], 0.3)
    assert sum(one.share for one in found.removed) + found.rest == pytest.approx(1)
