"""Layer text: text to ids on disk, a chunk at a time, whatever its length.

Chunks of text come in; the ids, the vocabulary and the fingerprint go out. Units are numbered in the order of their
first appearance; a number takes 1 byte while there are up to 256 of them, 2 up to 65,536, else 4.
"""

import contextlib
import hashlib
from array import array
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from charrnn.settings import TextSettings
from charrnn.storage.cache import ScratchFile
from charrnn.text.ids import MappedIds
from charrnn.text.tokenizers import numbering_of, vocabulary_of
from charrnn.text.vocabulary import STAND_IN, Vocabulary

BLOCK = 1 << 20
# Counting takes 8 bytes a unit of what is counted at a time.
COUNTED = 1 << 17
# Chunks that other threads look up while earlier ones are hashed and written, and the threads. NumPy lets go of
# Python's lock meanwhile, and so does hashing.
_AHEAD, _THREADS = 4, 2


class Position(NamedTuple):
    """How far an encoder had come."""

    length: int
    characters: int
    units: int
    rest: str
    last: str
    hash: Any
    marked: int
    files: int


@dataclass(frozen=True)
class Encoded:
    """A whole text as ids; what is equal the fingerprint decides."""

    ids: MappedIds = field(repr=False, compare=False)
    vocabulary: Vocabulary = field(repr=False)
    fingerprint: str  # SHA-256 of the text in UTF-8
    characters: int  # with the mark behind each document, but not the one before the first
    # how often each unit occurs, the rare ones that are not in the vocabulary among them
    counts: dict[str, int] = field(repr=False, compare=False)
    # the places of the marks between documents, int64, on disk; None for a text without documents
    marks: np.ndarray | None = field(repr=False, compare=False)


class Encoder:
    """Writes the ids of a growing text, until it is closed."""

    def __init__(self, settings: TextSettings, mark: str = "") -> None:
        """The places of `mark`, a character, are written down."""
        self.length = 0  # in units
        self.characters = 0
        self.bytes = 0  # in UTF-8, also of what was rolled back
        self.last = ""  # the character that was written last
        self.marked = 0  # marks so far
        self._file_starts = array("q")  # in units
        self._settings, self._mark = settings, mark
        self._numbering = numbering_of(settings.unit)
        self._kind = kind_for(0)
        self._hash = hashlib.sha256()
        self._threads = ThreadPoolExecutor(_THREADS, "charrnn-text")
        self._waiting: deque[tuple[str, bytes, Future[np.ndarray | None] | None]] = deque()
        self._file = ScratchFile()
        self._places = ScratchFile() if mark else None  # of the marks, int64

    def append(self, text: str) -> None:
        """Writes `text`, which is not empty, behind what is there; it may wait until others are appended."""
        encoded = text.encode(errors="surrogatepass")
        known = None
        with contextlib.suppress(RuntimeError):  # no further thread can be had: it is looked up when its turn comes
            known = self._threads.submit(self._numbering.known, text)
        self._waiting.append((text, encoded, known))
        self.bytes += len(encoded)
        self.characters, self.last = self.characters + len(text), text[-1]
        self._settle(_AHEAD)

    def _settle(self, waiting: int = 0) -> None:
        """Writes what was appended, but for the last `waiting` texts."""
        while len(self._waiting) > waiting:
            text, encoded, known = self._waiting.popleft()
            self._hash.update(encoded)
            numbers = None if known is None else known.result()
            self._write(self._numbering.numbers(text) if numbers is None else numbers)

    def begin_file(self, joint: str) -> None:
        """Writes `joint`, if there is one; what comes after it is another file."""
        if joint:
            self.append(joint)
        self._settle()
        self._file_starts.append(self.length + self._numbering.waiting)

    def flush(self) -> None:
        """Writes what was still waiting for what comes."""
        self._settle()
        self._write(self._numbering.numbers("", is_last=True))

    def position(self) -> Position:
        """What rollback() needs to return here."""
        self._settle()
        return Position(self.length, self.characters, len(self._numbering), self._numbering.rest, self.last,
                        self._hash.copy(), self.marked, len(self._file_starts))

    def rollback(self, to: Position) -> None:
        """Forgets what was appended since then, its units too; a position serves once."""
        self._settle()
        self._numbering.forget(to.units, to.rest)
        self.length, self.characters, self.marked = to.length, to.characters, to.marked
        self.last, self._hash = to.last, to.hash
        del self._file_starts[to.files:]

    def finish(self) -> Encoded:
        """The whole text, which is flushed and not empty."""
        units = self._numbering.units
        self._store_as(kind_for(len(units)))  # it may be wider than needed, after a rollback
        self._file.truncate(self.length * self._kind.itemsize)
        counts = dict(zip(units, self._counts(len(units)).tolist(), strict=True))
        vocabulary, table = vocabulary_and_table(counts, self._settings, self._mark)
        ids = MappedIds.of(self._file.map(), self._kind, table, file_starts=self._file_starts or (0,))
        characters = self.characters - len(self._mark)
        return Encoded(ids, vocabulary, self._hash.hexdigest(), characters, counts, self._marks())

    def close(self) -> None:
        """Lets go of threads and files; of what was not finished nothing is left."""
        self._threads.shutdown(cancel_futures=True)
        self._file.close()
        if self._places is not None:
            self._places.close()

    def _write(self, numbers: np.ndarray) -> None:
        """Writes the numbers of further units."""
        self._store_as(max(self._kind, kind_for(len(self._numbering)), key=lambda kind: kind.itemsize))
        if self._places is not None:
            places = np.flatnonzero(numbers == self._numbering.number(self._mark)) + self.length
            self._places.write(8 * self.marked, places.astype(np.int64).data)
            self.marked += len(places)
        self._file.write(self.length * self._kind.itemsize, numbers.astype(self._kind).data)
        self.length += len(numbers)

    def _counts(self, units: int) -> np.ndarray:
        """How often each of so many units occurs, int64."""
        counts, size = np.zeros(units, np.int64), self._kind.itemsize
        for start in range(0, self.length, COUNTED):
            block = self._file.read(start * size, min(COUNTED, self.length - start) * size)
            counts += np.bincount(np.frombuffer(block, self._kind), minlength=units)
        return counts

    def _marks(self) -> np.ndarray | None:
        if self._places is None:
            return None
        self._places.truncate(8 * self.marked)
        return np.frombuffer(self._places.map(), np.int64)

    def _store_as(self, kind: np.dtype) -> None:
        """Rewrites the file in place, block by block: from its end where it grows, so that nothing is overwritten."""
        if kind == self._kind:
            return
        before, self._kind = self._kind, kind
        starts = range(0, self.length, BLOCK)
        for start in reversed(starts) if kind.itemsize > before.itemsize else starts:
            count = min(BLOCK, self.length - start)
            block = np.frombuffer(self._file.read(start * before.itemsize, count * before.itemsize), before)
            self._file.write(start * kind.itemsize, block.astype(kind).data)


def vocabulary_and_table(counts: dict[str, int], settings: TextSettings, mark: str) -> tuple[Vocabulary, np.ndarray]:
    """The vocabulary of units that occur so often, and the id (int32) for each, in their order; rare ones share one."""
    kept = [unit for unit, count in counts.items() if count >= settings.min_count or unit == mark]
    vocabulary = vocabulary_of(settings, kept if len(kept) == len(counts) else [*kept, STAND_IN])
    order = {unit: number for number, unit in enumerate(vocabulary.units)}
    return vocabulary, np.array([order.get(unit, vocabulary.stand_in) for unit in counts], np.int32)


def kind_for(units: int) -> np.dtype:
    """The smallest type of number for so many different units."""
    return np.dtype(np.uint8 if units <= 1 << 8 else np.uint16 if units <= 1 << 16 else np.int32)
