"""Layer text: the ids of a text, on disk, and as little of them in memory as a window needs.

The file is memory-mapped. It holds the numbers that units got while the text was read, in the order of their first
appearance; a table turns them into ids, so that a text is written only once.
"""

import mmap
from collections.abc import Iterator

import numpy as np

# What the system maps around a page that is touched, at most, and how much of it may add up.
FAULT_AROUND, RESIDENT = 1 << 16, 1 << 24
BLOCK = 1 << 20


class MappedIds:
    """A row of ids that can be measured, cut into parts and taken from like an array; the parts share one file."""

    def __init__(self, numbers: np.ndarray, table: np.ndarray, pages: "_Pages") -> None:
        self._numbers, self._table, self._pages = numbers, table, pages

    @classmethod
    def of(cls, memory: mmap.mmap, kind: np.dtype, table: np.ndarray, count: int = -1) -> "MappedIds":
        """`memory` begins with `count` numbers of type `kind`, all of it if -1; `table` (V,) int32 has the id for each.
        """
        return cls(np.frombuffer(memory, kind, count), table, _Pages(memory))

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, part: slice) -> "MappedIds":
        """The ids of a part; nothing is read."""
        return MappedIds(self._numbers[part], self._table, self._pages)

    def take(self, places: np.ndarray, runs: int | None = None) -> np.ndarray:
        """The ids at `places`, (T,) or (T, N), int32.

        runs   how many runs of places that follow one another in the text they are; if None one along each T
        """
        ids: np.ndarray = self._table.take(self._numbers.take(places))
        if runs is None:
            runs = places.size // max(1, len(places))
        self._pages.touched(places.size * self._numbers.itemsize + runs * FAULT_AROUND)
        return ids

    def renumbered(self, numbers: np.ndarray) -> "MappedIds":
        """The same text in a vocabulary in which what was id v is numbers[v], int32; nothing is read."""
        return self.with_table(numbers.take(self._table))

    def with_table(self, table: np.ndarray) -> "MappedIds":
        """The same text with another id for each number, int32; nothing is read."""
        return MappedIds(self._numbers, table, self._pages)

    def blocks(self) -> Iterator[memoryview]:
        """The numbers as they are on disk, from first to last, in blocks."""
        for start in range(0, len(self), BLOCK):
            block = self._numbers[start:start + BLOCK]
            yield block.data
            self._pages.touched(block.nbytes)

    @property
    def bytes_each(self) -> int:
        """What a character costs on disk."""
        return self._numbers.itemsize


class _Pages:
    """Keeps the mapped pages that count as this process's memory few; the system's own cache keeps their content."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory, self._touched = memory, 0

    def touched(self, size: int) -> None:
        """Notes that up to `size` bytes more may be mapped now; lets go of all of them when they are many."""
        self._touched += size
        if self._touched > RESIDENT:
            self._touched = 0
            if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows, which trims them itself
                self._memory.madvise(mmap.MADV_DONTNEED)


Ids = MappedIds | np.ndarray
