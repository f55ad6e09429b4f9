"""Layer text: the ids of a text, on disk, and as little of them in memory as a window needs; and ranges of them.

The file is memory-mapped. It holds the numbers that units got while the text was read, in the order of their first
appearance; a table turns them into ids, so that a text is written only once.
"""

import mmap
from collections.abc import Iterator, Sequence

import numpy as np

# What the system maps around a page that is touched, at most, and how much of it may add up.
FAULT_AROUND, RESIDENT = 1 << 16, 1 << 24
BLOCK = 1 << 20


class MappedIds:
    """A row of ids that can be measured, cut into parts and taken from like an array; the parts share one file."""

    def __init__(self, numbers: np.ndarray, table: np.ndarray, pages: "_Pages",
                 file_starts: Sequence[int] = (0,)) -> None:
        self._numbers, self._table, self._pages = numbers, table, pages
        self.file_starts = file_starts  # where each of its files begins; a part counts as one file

    @classmethod
    def of(cls, memory: mmap.mmap, kind: np.dtype, table: np.ndarray, count: int = -1,
           file_starts: Sequence[int] = (0,)) -> "MappedIds":
        """`memory` begins with `count` numbers of type `kind`, all of it if -1; `table` (V,) int32 has the id for each.
        """
        return cls(np.frombuffer(memory, kind, count), table, _Pages(memory), file_starts)

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
        return MappedIds(self._numbers, table, self._pages, self.file_starts)

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


class IdRanges:
    """Ranges of a text, taken from as one row of ids.

    At a joint, where one ends and the next begins, the row has neighbours that are none in the text.
    """

    def __init__(self, ids: "MappedIds | np.ndarray", starts: Sequence[int] | np.ndarray,
                 stops: Sequence[int] | np.ndarray) -> None:
        """Range i is ids[starts[i]:stops[i]]."""
        self._ids, self.starts, self.stops = ids, np.asarray(starts, np.int64), np.asarray(stops, np.int64)
        self._ends = np.cumsum(self.stops - self.starts)  # of the ranges, in the row
        self._shifts = self.stops - self._ends

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, part: slice) -> "IdRanges":
        """The ranges that are in a part of the row; nothing is read."""
        start, stop, _ = part.indices(len(self))
        bounds = np.clip(np.concatenate([[0], self._ends]), start, stop)
        return IdRanges(self._ids, bounds[:-1] + self._shifts, bounds[1:] + self._shifts)

    def take(self, places: np.ndarray) -> np.ndarray:
        """The ids at `places` in the row, (T,) or (T, N)."""
        return self._ids.take(places + self._shifts.take(self._number(places)))

    def is_joint(self, places: np.ndarray) -> np.ndarray:
        """Whether each of `places` is the last of a range, and what is behind it the first of another."""
        joints: np.ndarray = self._number(places) != self._number(places + 1)
        return joints

    def each(self) -> "Iterator[MappedIds | np.ndarray]":
        """The ranges, one by one."""
        return (self._ids[start:stop] for start, stop in zip(self.starts, self.stops, strict=True))

    def _number(self, places: np.ndarray) -> np.ndarray:
        """The number of the range in which each of `places` is."""
        return np.searchsorted(self._ends, places, side="right")


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


Ids = MappedIds | IdRanges | np.ndarray
