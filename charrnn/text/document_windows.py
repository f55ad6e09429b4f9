"""Layer text: cuts documents into the windows that a network is trained and validated on.

Documents come in; windows of N rows go out, as for a text without documents. Each row reads some of the documents one
after the other, with nothing between them but the mark: the network starts anew wherever it reads one. No document is
torn, so rows end a little earlier or later than one another.
"""

from collections.abc import Iterator

import numpy as np

from charrnn.text.documents import Documents
from charrnn.text.windows import NO_TARGET, Cutter, Window


class Packed(Cutter):
    """N rows of whole documents, each read once an epoch, in another order every time.

    An epoch always has as many windows, all of about the same length, and none longer than `window`.
    """

    def __init__(self, documents: Documents, batch: int, window: int, generator: np.random.Generator) -> None:
        self._documents, self._batch, self._seed = documents, batch, 0
        self._rows = _Rows(documents, documents.which, batch)
        super().__init__(documents.ids, -(-longest_row(documents, batch) // window), generator)

    def _cut(self) -> Window:
        if self.position == 0:
            self._shuffle(int(self._generator.integers(1 << 63)))
        # of rows with fewer columns than windows, which only windows of one column can have, the last are silent
        columns = max(self._rows.length, self.windows_per_epoch)
        start, stop = (columns * (self.position + n) // self.windows_per_epoch for n in (0, 1))
        return self._rows.cut(start, stop)

    def _shuffle(self, seed: int) -> None:
        """Puts the documents into the order that belongs to `seed`."""
        self._seed = seed
        order = np.random.Generator(np.random.PCG64(seed)).permutation(self._documents.which)
        self._rows = _Rows(self._documents, order, self._batch)

    def state(self) -> dict[str, int]:
        return {**super().state(), "seed": self._seed}

    def restore(self, state: dict[str, int]) -> None:
        super().restore(state)
        self._shuffle(state["seed"])


def packed_windows(documents: Documents, rows: int, window: int) -> Iterator[Window]:
    """Windows that read each of the documents once, always the same; none if there are no documents."""
    if not len(documents):
        return
    packed = _Rows(documents, documents.which, max(1, min(rows, len(documents), documents.transitions // window)))
    for start in range(0, packed.length, window):
        yield packed.cut(start, min(start + window, packed.length))


def longest_row(documents: Documents, rows: int) -> int:
    """How long a row can become in any order, in transitions: each of its ends lies at most half a document from
    where rows of the same length would have it."""
    longest = int(documents.lengths(documents.which).max())
    return longest if len(documents) <= rows else -(-documents.transitions // rows) + longest


class _Rows:
    """Documents in an order, dealt out to rows of about the same length."""

    def __init__(self, documents: Documents, order: np.ndarray, rows: int) -> None:
        self._documents, self._order = documents, order
        self._ends = np.cumsum(documents.lengths(order))  # of the documents, were they one row
        bounds = np.concatenate([[0], self._ends])
        if len(order) <= rows:
            cuts = np.minimum(np.arange(rows + 1), len(order))
        else:
            wanted = np.arange(rows + 1) * int(bounds[-1]) // rows
            after = np.searchsorted(bounds, wanted)
            cuts = np.where(bounds[after] - wanted <= wanted - bounds[np.maximum(after - 1, 0)], after, after - 1)
        self._starts, self._stops = bounds[cuts[:-1]], bounds[cuts[1:]]
        self.length = int((self._stops - self._starts).max())

    def cut(self, start: int, stop: int) -> Window:
        """Columns start to stop; a row that has come to its end reads marks and predicts nothing."""
        places = np.arange(start, stop)[:, None] + self._starts
        is_over = places >= self._stops
        np.minimum(places, self._ends[-1] - 1, out=places)
        number = np.searchsorted(self._ends, places, side="right")
        places += self._documents.marks[self._order[number] + 1] - self._ends[number]
        pieces = np.count_nonzero(np.diff(number, axis=0)) + places.shape[1]
        inputs, targets = (self._documents.take(places + offset, pieces) for offset in (0, 1))
        inputs[is_over], targets[is_over] = self._documents.mark, NO_TARGET
        return Window(inputs, targets, start == 0, targets.size - int(np.count_nonzero(is_over)))
