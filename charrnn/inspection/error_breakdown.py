"""Layer inspection: what the errors of a network are: those that simple oracles would not make.

(Karpathy, Johnson & Fei-Fei 2015.) An error is a character whose probability is below one half. One oracle after the
other takes away the errors that it would not have made; what each takes away depends on their order.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.inspection.passage import Passage

ORDER = 9  # the longest n-gram
MEMORY = 1000  # characters that the memory oracle looks back
RARE = 5  # a word that the training text has so many times at most is rare
_BOOST = 0.1  # what the last oracle adds to the right character's probability
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

DEFINITIONS = {
    "errors": "characters whose probability is below 0.5. Oracles take errors away, one after the other: n-gram, whose "
              f"character the counts of the training text's n-grams (n = 1 to {ORDER}) give more than 0.5; memory, "
              f"where the word so far and its next letter were in the last {MEMORY:,} characters; rare word, in a word "
              f"that the training text has {RARE} times at most; word start, on the first letter of a word; "
              f"punctuation, on a sign, space or line end; boost, with a probability of 0.4 or more; the rest stays",
}


@dataclass(frozen=True)
class ErrorShare:
    """The errors that one oracle takes away, as a share of all errors."""

    name: str
    share: float


@dataclass(frozen=True)
class ErrorBreakdown:
    """errors    the share of the characters that are errors
    removed   by each oracle, in their order
    rest      the share of the errors that none of them takes away
    """

    places: int
    errors: float
    removed: list[ErrorShare]
    rest: float

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for a file or a page."""
        return {"places": self.places, "errors": round(self.errors, 5), "rest": round(self.rest, 5),
                "removed": [[one.name, round(one.share, 5)] for one in self.removed]}


def error_breakdown(passage: Passage, nats: Array, training: Array, warm_up: int) -> ErrorBreakdown:
    """The errors at the places of a passage after its warm-up.

    nats       (T,) the loss of the character after each place
    training   ids of the training text, in the passage's vocabulary
    """
    probability = np.exp(-nats.astype(np.float64))
    left = probability < 0.5
    left[:warm_up] = False
    total, removed = int(left.sum()), []
    pieces = passage.pieces
    for name, knows in (
            ("n-gram", ngram_knows(passage.ids, training)), ("memory", _remembers(pieces)),
            ("rare word", _is_rare(pieces, "".join(passage.pieces_of(training)))),
            ("word start", _of_words(pieces, is_start=True)), ("punctuation", ~_of_words(pieces, is_start=False)),
            ("boost", probability + _BOOST >= 0.5)):
        removed.append(ErrorShare(name, int((left & knows).sum()) / max(1, total)))
        left &= ~knows
    counted = len(nats) - warm_up
    return ErrorBreakdown(counted, total / max(1, counted), removed, int(left.sum()) / max(1, total))


def ngram_knows(ids: Array, training: Array, order: int = ORDER) -> Array:
    """(T,) whether n-grams of some length up to `order` give the unit after each place of `ids` (T + 1,) more than 0.5.

    The probability is a plain share of counts. N-grams are compared by a hash of 64 bits.
    """
    knows = np.zeros(len(ids) - 1, bool)
    before_here, before_there = np.zeros(len(ids), np.uint64), np.zeros(len(training), np.uint64)
    contexts = np.full(len(ids), len(training))  # how often the context in front of each unit was seen
    for n in range(1, order + 1):
        # the hash of the n units that end at each place
        here, there = (_longer(hashes, units, n) for hashes, units in ((before_here, ids), (before_there, training)))
        counts = _counted(here, there[n - 1:])
        counts[:n - 1] = 0
        knows |= (2 * counts > contexts)[1:] & (counts > 0)[1:]
        contexts = np.concatenate([[len(training)], counts[:-1]])  # the n-gram before a unit is the next context
        before_here, before_there = here, there
    return knows


def _longer(hashes: Array, units: Array, n: int) -> Array:
    """Hashes of n-grams from those of the (n - 1)-grams that end one unit earlier."""
    earlier = np.concatenate([np.zeros(1, np.uint64), hashes[:-1]])
    mixed = (earlier ^ (earlier >> np.uint64(29))) * _MULTIPLIER
    longer: Array = mixed + (units.astype(np.uint64) + np.uint64(n)) * np.uint64(0xBF58476D1CE4E5B9)
    return longer


def _counted(wanted: Array, there: Array) -> Array:
    """How often each hash stands in `there`."""
    ordered = np.sort(there)
    counts: Array = np.searchsorted(ordered, wanted, side="right") - np.searchsorted(ordered, wanted, side="left")
    return counts


def _remembers(pieces: Sequence[str]) -> Array:
    """(T,) whether the part of a word up to the next unit, two letters or more, stood in the last characters."""
    text, starts = "".join(pieces), np.cumsum([0, *(len(piece) for piece in pieces)])
    knows, begin = np.zeros(len(pieces) - 1, bool), 0
    for place in range(len(pieces) - 1):
        end = int(starts[place + 2])
        if not text[starts[place + 1] - 1].isalnum():
            begin = int(starts[place + 1])
        part = text[begin:end]
        knows[place] = len(part) > 1 and part in text[max(0, begin - MEMORY):begin]
    return knows


def _is_rare(pieces: Sequence[str], training: str) -> Array:
    """(T,) whether the next unit is in a word that the training text has few times."""
    times: dict[str, int] = {}
    for word in _words(training):
        times[word] = times.get(word, 0) + 1
    text = "".join(pieces)
    rare = np.zeros(len(text), bool)
    for word, start in _words_at(text):
        rare[start:start + len(word)] = times.get(word, 0) <= RARE
    ends = np.cumsum([len(piece) for piece in pieces]) - 1
    found: Array = rare[ends[1:]]
    return found


def _of_words(pieces: Sequence[str], is_start: bool) -> Array:
    """(T,) whether the next unit is of a word; only its first letter where is_start."""
    found = [coming.strip()[:1].isalnum() and not (is_start and before[-1:].isalnum())
             for before, coming in itertools.pairwise(pieces)]
    return np.array(found, bool)


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text).split()


def _words_at(text: str) -> list[tuple[str, int]]:
    """The words of a text, each with its start."""
    found, start = [], 0
    for word in _words(text):
        start = text.index(word, start)
        found.append((word, start))
        start += len(word)
    return found
