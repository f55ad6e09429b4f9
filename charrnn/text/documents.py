"""Layer text: the documents of a text as ids, and which of them are kept for validation.

Ids come in that read mark, document, mark, document, ..., mark, and the places of the marks; parts of the documents go
out. Documents with the same content are always in the same part: what is trained on is not validated on.
"""

from collections.abc import Iterator

import numpy as np

from charrnn.errors import CorpusError
from charrnn.text.ids import Ids, MappedIds
from charrnn.text.windows import cut_at

BLOCK = 1 << 20
_LOW, _BASE = 1 << 16, 0x9E3779B97F4A7C15


class Documents:
    """Some of a text's documents. One of n characters has n + 1 transitions: the first is from the mark before it,
    the last to the mark behind it."""

    def __init__(self, ids: Ids, marks: np.ndarray, which: np.ndarray | None = None) -> None:
        """marks (D + 1,) int64 has the places of the marks in `ids`; `which` are the documents chosen, all if None."""
        self.ids, self.marks = ids, marks
        self.mark = int(ids.take(marks[:1])[0])  # its id
        self.which = np.arange(len(marks) - 1, dtype=_numbers(len(marks))) if which is None else which
        self.transitions = int(self.lengths(self.which).sum())
        self._different: int | None = None

    @classmethod
    def of(cls, ids: np.ndarray, mark: int) -> "Documents":
        """The documents in `ids`, in which `mark` is the mark's id."""
        return cls(ids, np.flatnonzero(ids == mark))

    def __len__(self) -> int:
        return len(self.which)

    def lengths(self, which: np.ndarray) -> np.ndarray:
        """The transitions in each of the documents `which`, int64."""
        lengths: np.ndarray = self.marks[which + 1] - self.marks[which]
        return lengths

    def take(self, places: np.ndarray, runs: int) -> np.ndarray:
        """The ids at `places`, int32, which are so many runs of neighbours."""
        if isinstance(self.ids, MappedIds):
            return self.ids.take(places, runs)
        return np.asarray(self.ids.take(places), np.int32)

    def hashes(self) -> np.ndarray:
        """A number for the content of each document, uint64."""
        hashes: np.ndarray = _hashes(self.ids, self.marks)[self.which]
        return hashes

    def different(self) -> int:
        """How many of them differ from one another."""
        if self._different is None:
            self._different = len(np.unique(self.hashes()))
        return self._different

    def split(self, val_fraction: float | None) -> tuple["Documents", "Documents"]:
        """Those to train on, and those to validate on: about `val_fraction` of the transitions; both may be reduced to
        one document, but not to none unless `val_fraction` is 0.

        Which ones is decided by their content, so that equal ones stay together and an order in the text has no say.

        Raises CorpusError if something is to be kept for validation and all documents are equal.
        """
        wanted = min(self.transitions - cut_at(self.transitions, val_fraction), self.transitions - 1)
        if val_fraction == 0:
            return self, Documents(self.ids, self.marks, self.which[:0])
        kinds, kind = np.unique(self.hashes(), return_inverse=True)  # in the order of their hashes: no order at all
        self._different = len(kinds)
        if len(kinds) < 2:
            raise CorpusError(f"all {len(self):,} documents are equal: none can be kept for validation that is not "
                              "trained on; give --val-fraction 0, or a text with different ones")
        sizes = np.bincount(kind, self.lengths(self.which)).astype(np.int64)  # with all their equals
        kept = np.zeros(len(kinds), bool)
        fitting = np.flatnonzero(sizes <= wanted)
        kept[fitting[:int(np.searchsorted(np.cumsum(sizes[fitting]), wanted, side="right"))]] = True
        if not kept.any():
            kept[np.argmin(sizes)] = True
        is_val = kept[kind]
        return (Documents(self.ids, self.marks, self.which[~is_val]),
                Documents(self.ids, self.marks, self.which[is_val]))


def _numbers(count: int) -> type:
    """The smaller type of number that counts so far."""
    return np.int32 if count < 1 << 31 else np.int64


def _hashes(ids: Ids, marks: np.ndarray) -> np.ndarray:
    """A 64-bit number for the content of each document: the sum of its ids, each mixed and times a power of its place.

    It is made block by block, so that a text on disk is read once from its start to its end.
    """
    hashes = np.zeros(len(marks) - 1, np.uint64)
    low, high = _powers(_BASE, _LOW), _powers(pow(_BASE, _LOW, 1 << 64), _LOW)
    for first, starts, stop in _blocks(marks):
        places = np.arange(starts[0], stop)
        inside = places - np.repeat(marks[first:first + len(starts)], np.diff(starts, append=stop))
        values = _mixed(ids.take(places).astype(np.uint64)) * low.take(inside & (_LOW - 1))
        if inside.max() >= _LOW:
            values *= high.take(inside >> 16, mode="wrap")
        hashes[first:first + len(starts)] += np.add.reduceat(values, starts - starts[0])
    return _mixed(hashes)


def _blocks(marks: np.ndarray) -> Iterator[tuple[int, np.ndarray, int]]:
    """Blocks of places from the first mark to the last: the first document in each, where each document in it begins
    there, and where the block ends."""
    for start in range(int(marks[0]), int(marks[-1]), BLOCK):
        stop = min(start + BLOCK, int(marks[-1]))
        first = int(np.searchsorted(marks, start, side="right")) - 1
        last = int(np.searchsorted(marks, stop, side="left"))
        yield first, np.maximum(marks[first:last], start), stop


def _powers(base: int, count: int) -> np.ndarray:
    """base ** 0, base ** 1, ... modulo 2 ** 64."""
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    powers: np.ndarray = np.multiply.accumulate(factors)
    return powers


def _mixed(values: np.ndarray) -> np.ndarray:
    """Each uint64 turned into another that looks drawn at random (the finisher of SplitMix64)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
