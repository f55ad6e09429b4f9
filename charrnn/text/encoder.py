"""Floor 1: text to ids on disk, a chunk at a time, whatever its length.

Chunks of text come in; out go the ids, the vocabulary and the fingerprint. A character's number is the order of its
first appearance, and is kept in 1 byte while there are up to 256 of them, in 2 up to 65,536, else in 4.
"""

import hashlib
from typing import Any, NamedTuple

import numpy as np

from charrnn.cache import ScratchFile
from charrnn.text.ids import MappedIds
from charrnn.text.vocabulary import Vocabulary, code_points

BLOCK = 1 << 20
_CODE_POINTS = 0x110000


class Mark(NamedTuple):
    """How far an encoder had come."""

    length: int
    characters: int
    last: str
    hash: Any
    marked: int


class Encoder:
    """Writes the ids of a growing text, until it is closed."""

    def __init__(self, mark: str = "") -> None:
        """The places of `mark`, a character, are written down."""
        self.length = 0
        self.last = ""  # the character that was written last
        self._codes: list[int] = []  # code points, in the order of their numbers
        self._numbers = np.full(_CODE_POINTS, -1, np.int32)  # by code point
        self._kind = _kind(0)
        self._hash = hashlib.sha256()
        self._file = ScratchFile()
        self.marked, self._mark = 0, mark  # marks so far
        self._places = ScratchFile() if mark else None  # of the marks, int64

    def append(self, text: str) -> None:
        """Writes `text`, which is not empty, behind what is there."""
        codes = code_points(text)
        numbers = self._numbers.take(codes, mode="clip")  # quicker than a check of bounds that can't be left
        if numbers.min() < 0:
            self._learn(np.unique(codes[numbers < 0]))
            numbers = self._numbers.take(codes, mode="clip")
        if self._places is not None:
            places = np.flatnonzero(codes == ord(self._mark)) + self.length
            self._places.write(8 * self.marked, places.astype(np.int64).data)
            self.marked += len(places)
        self._file.write(self.length * self._kind.itemsize, numbers.astype(self._kind).data)
        self._hash.update(text.encode(errors="surrogatepass"))
        self.length, self.last = self.length + len(text), text[-1]

    def mark(self) -> Mark:
        """What rollback() needs to come back here."""
        return Mark(self.length, len(self._codes), self.last, self._hash.copy(), self.marked)

    def rollback(self, mark: Mark) -> None:
        """Forgets what was appended since `mark`, its characters too; a mark serves once."""
        self._numbers[self._codes[mark.characters:]] = -1
        del self._codes[mark.characters:]
        self.length, self.last, self._hash, self.marked = mark.length, mark.last, mark.hash, mark.marked

    def finish(self) -> tuple[MappedIds, Vocabulary, str]:
        """The ids of the whole text, which is not empty, its vocabulary, and its SHA-256 in UTF-8."""
        self._store_as(_kind(len(self._codes)))  # it may be wider than needed, after a rollback
        self._file.truncate(self.length * self._kind.itemsize)
        table = np.empty(len(self._codes), np.int32)
        table[np.argsort(self._codes)] = np.arange(len(table))
        ids = MappedIds(self._file.map(), self._kind, table)
        return ids, Vocabulary("".join(map(chr, self._codes))), self._hash.hexdigest()

    def marks(self) -> np.ndarray | None:
        """The places of the marks, int64, on disk; None where nothing is marked, and there must be one."""
        if self._places is None:
            return None
        self._places.truncate(8 * self.marked)
        return np.frombuffer(self._places.map(), np.int64)

    def close(self) -> None:
        """Lets go of the files; of what was not finished nothing is left."""
        self._file.close()
        if self._places is not None:
            self._places.close()

    def _learn(self, codes: np.ndarray) -> None:
        """Gives numbers to new characters, and all numbers the room that they need then."""
        self._numbers[codes] = np.arange(len(self._codes), len(self._codes) + len(codes))
        self._codes += codes.tolist()
        self._store_as(max(self._kind, _kind(len(self._codes)), key=lambda kind: kind.itemsize))

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


def _kind(characters: int) -> np.dtype:
    """The smallest type of number for so many different characters."""
    return np.dtype(np.uint8 if characters <= 1 << 8 else np.uint16 if characters <= 1 << 16 else np.int32)
