"""Layer text: cuts a text into the windows that a network is trained and validated on.

Ids or documents come in; windows of N rows go out, time-major, each input with the character after it as its target.
A cutter holds a cursor that can be saved; every random draw comes from a generator that the caller owns.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from charrnn.errors import CorpusError
from charrnn.settings import NetworkSettings, WindowSettings
from charrnn.text.documents import Documents
from charrnn.text.ids import IdRanges, Ids, MappedIds
from charrnn.text.labels import Labels
from charrnn.text.validation_split import cut_at, cuts_in_files

Text = Ids | Documents

NO_TARGET = -1


class WindowLabels(NamedTuple):
    """The label at each place of a window: numbers (T, N) int32 are rows of vectors (K, C) float32."""

    numbers: np.ndarray
    vectors: np.ndarray


class Window(NamedTuple):
    """A step's worth of text, of N sequences side by side; the last window of an epoch may be shorter than T.

    inputs   (T, N)   int32
    targets  (T, N)   int32, -1 where nothing is predicted
    """

    inputs: np.ndarray
    targets: np.ndarray
    fresh: bool  # the state starts anew before this window
    predicted: int  # targets that are not -1
    labels: WindowLabels | None = None


def size(text: Text) -> int:
    """The characters of a text; of documents with the end of each."""
    return text.transitions if isinstance(text, Documents) else len(text)


def as_read(text: Text, network: NetworkSettings, vocabulary: int) -> Text:
    """The text as a network of so many units reads it. Where it has an encoder, unit v of a source is v + vocabulary:
    the id says which of its two parts reads it."""
    if not (network.has_encoder and isinstance(text, Documents)):
        return text
    return Documents(text.ids, text.marks, text.which, text.labels, text.source_ends, vocabulary)


def split(text: Text, settings: WindowSettings) -> tuple[Text, Text]:
    """The part to train on, and the part to validate on: the end of a text, those of its files, or some documents."""
    if isinstance(text, Documents):
        return text.split(settings.val_fraction)
    if settings.val_from == "files" and isinstance(text, MappedIds):
        bounds, cuts = cuts_in_files(text.file_starts, len(text), settings.val_fraction)
        if len(cuts) > 1:
            return IdRanges(text, bounds[:-1], cuts), IdRanges(text, cuts, bounds[1:])
    cut = cut_at(len(text), settings.val_fraction)
    return text[:cut], text[cut:]


def training_windows(text: Text, settings: WindowSettings, generator: np.random.Generator) -> "Cutter":
    """What cuts the training part into windows."""
    if isinstance(text, Documents):
        return PackedDocuments(text, settings.batch, settings.window, generator)
    if settings.windows == "stream":
        return StreamCutter(text, settings.batch, settings.window, generator)
    return Snippets(text, settings.batch, settings.window, settings.targets, generator)


def evaluation_rows(text: Text, rows: int, window: int) -> int:
    """The rows that evaluation_windows() cuts `text` into: `rows`, or fewer; 0 if nothing can be predicted."""
    if isinstance(text, Documents):
        return max(1, min(rows, len(text), text.transitions // window)) if len(text) else 0
    return max(1, min(rows, (len(text) - 1) // window)) if len(text) > 1 else 0


def evaluation_windows(text: Text, rows: int, window: int, at_once: int = 0) -> Iterator[Window]:
    """Windows that predict each character of `text` once, always the same; none if nothing can be predicted.

    Short texts are cut into fewer rows: each begins without a past, so none is made shorter than a window.

    at_once   characters of a row in one piece, where windows are longer than that
    """
    if not (count := evaluation_rows(text, rows, window)):
        return
    layout: _StreamRows | _DocumentRows
    at_once = min(window, at_once or window)
    layout = _DocumentRows(text, text.which, count) if isinstance(text, Documents) else _StreamRows(text, count)
    for start in range(0, layout.length, at_once):
        yield layout.cut(start, min(start + at_once, layout.length))


class Cutter:
    """What all ways of cutting share: a cursor that counts windows and epochs."""

    def __init__(self, windows_per_epoch: int, generator: np.random.Generator) -> None:
        self.windows_per_epoch = windows_per_epoch
        self.epoch = 0  # epochs done
        self.position = 0  # windows done in this one
        self._generator = generator

    @property
    def progress(self) -> float:
        """Epochs done, with the fraction of the one under way."""
        return self.epoch + self.position / self.windows_per_epoch

    def next_window(self) -> Window:
        """The window at the cursor, which moves on."""
        window = self._cut()
        self.position += 1
        if self.position == self.windows_per_epoch:
            self.epoch, self.position = self.epoch + 1, 0
        return window

    def state(self) -> dict[str, int]:
        """The cursor; together with the generator's own state it decides every window to come."""
        return {"epoch": self.epoch, "position": self.position, "windows_per_epoch": self.windows_per_epoch}

    def restore(self, state: dict[str, int]) -> None:
        """Moves the cursor to where it was when `state` was taken; raises ValueError for a place that is not there."""
        if state["windows_per_epoch"] != self.windows_per_epoch:
            raise CorpusError(
                f"the saved run cuts its text into {state['windows_per_epoch']:,} windows, this one into "
                f"{self.windows_per_epoch:,}; resume with the same text, --batch and --window")
        if state["position"] >= self.windows_per_epoch:
            raise ValueError(f"it is at window {state['position']:,} of {self.windows_per_epoch:,}")
        self.epoch, self.position = state["epoch"], state["position"]

    def _cut(self) -> Window:
        raise NotImplementedError


class StreamCutter(Cutter):
    """N long rows read side by side, window after window; each character is predicted once an epoch.

    Every epoch starts at a place of its own and reads round the end, so the cuts fall elsewhere each time.
    """

    def __init__(self, ids: Ids, batch: int, window: int, generator: np.random.Generator) -> None:
        needed = batch * window + 1
        if len(ids) < needed:
            raise CorpusError(f"training text has {len(ids):,} characters; a window needs at least "
                              f"{needed:,} (--batch {batch} x --window {window} + 1); lower one of them")
        self._rows = _StreamRows(ids, batch)
        self._window = window
        self._shift = 0
        super().__init__(-(-self._rows.length // window), generator)

    def _cut(self) -> Window:
        if self.position == 0:
            self._shift = int(self._generator.integers(self._rows.transitions))
        start = self.position * self._window
        return self._rows.cut(start, min(start + self._window, self._rows.length), self._shift)

    def state(self) -> dict[str, int]:
        return {**super().state(), "shift": self._shift}

    def restore(self, state: dict[str, int]) -> None:
        super().restore(state)
        if state["shift"] >= self._rows.transitions:
            raise ValueError(f"it begins at character {state['shift']:,} of {self._rows.transitions:,}")
        self._shift = state["shift"]


class Snippets(Cutter):
    """N snippets from random places, each read from the initial state.

    `targets` is "all", every next character, or "last", only the one after the snippet. An epoch is as many
    windows as it takes to predict as many characters as the text has.
    """

    def __init__(self, ids: Ids, batch: int, window: int, targets: str,
                 generator: np.random.Generator) -> None:
        if len(ids) < window + 1:
            raise CorpusError(f"training text has {len(ids):,} characters; a snippet needs at least "
                              f"{window + 1:,} (--window {window} + 1); lower it")
        self._ids, self._batch = ids, batch
        self._offsets = np.arange(window)[:, None]
        self._untargeted = window - 1 if targets == "last" else 0
        predicted = batch * (window - self._untargeted)
        super().__init__(-(-(len(ids) - 1) // predicted), generator)

    def _cut(self) -> Window:
        starts = self._generator.integers(len(self._ids) - len(self._offsets), size=self._batch)
        places = self._offsets + starts
        targets = _targets(self._ids, places)
        targets[:self._untargeted] = NO_TARGET
        return Window(_taken(self._ids, places), targets, True, int(np.count_nonzero(targets != NO_TARGET)))


class _StreamRows:
    """M transitions, from one character to the next, as N contiguous rows of one length, give or take one.

    A window is index arithmetic on the ids: the rows themselves are never made.
    """

    def __init__(self, ids: Ids, rows: int) -> None:
        self._ids = ids
        self.transitions = transitions = len(ids) - 1
        self.length = -(-transitions // rows)
        shortest, longer = divmod(transitions, rows)
        row = np.arange(rows)
        self._starts = row * shortest + np.minimum(row, longer)
        self._short = (row >= longer) if longer else np.zeros(rows, bool)  # these lack the last column

    def cut(self, start: int, stop: int, shift: int = 0) -> Window:
        """Columns start to stop, the transitions rotated by `shift`."""
        places = np.arange(start, stop)[:, None] + (self._starts + shift)
        places[places >= self.transitions] -= self.transitions
        targets = _targets(self._ids, places)
        if stop == self.length:
            targets[-1, self._short] = NO_TARGET
        return Window(_taken(self._ids, places), targets, start == 0, int(np.count_nonzero(targets != NO_TARGET)))


def _targets(ids: Ids, places: np.ndarray) -> np.ndarray:
    """What follows each of `places` in the text; NO_TARGET where that is not known, at a joint of ranges."""
    targets = _taken(ids, places + 1)
    if isinstance(ids, IdRanges):
        targets[ids.is_joint(places)] = NO_TARGET
    return targets


def _taken(ids: Ids, places: np.ndarray) -> np.ndarray:
    """The ids at `places`, int32, and no others."""
    return ids.take(places).astype(np.int32, copy=False)


class PackedDocuments(Cutter):
    """N rows of whole documents, each read once an epoch, in another order every time.

    An epoch always has as many windows, all of about the same length, and none longer than `window`.
    """

    def __init__(self, documents: Documents, batch: int, window: int, generator: np.random.Generator) -> None:
        self._documents, self._batch, self._seed = documents, batch, 0
        self._rows = _DocumentRows(documents, documents.which, batch)
        super().__init__(-(-longest_row(documents, batch) // window), generator)

    def _cut(self) -> Window:
        if self.position == 0:
            self._shuffle(int(self._generator.integers(1 << 63)))
        # of rows with fewer columns than windows, which only windows of one column can have, the last predict nothing
        columns = max(self._rows.length, self.windows_per_epoch)
        start, stop = (columns * (self.position + n) // self.windows_per_epoch for n in (0, 1))
        return self._rows.cut(start, stop)

    def _shuffle(self, seed: int) -> None:
        """Puts the documents into the order that belongs to `seed`."""
        self._seed = seed
        order = np.random.Generator(np.random.PCG64(seed)).permutation(self._documents.which)
        self._rows = _DocumentRows(self._documents, order, self._batch)

    def state(self) -> dict[str, int]:
        return {**super().state(), "seed": self._seed}

    def restore(self, state: dict[str, int]) -> None:
        super().restore(state)
        self._shuffle(state["seed"])


def longest_row(documents: Documents, rows: int) -> int:
    """How long a row can become in any order, in transitions: each of its ends lies at most half a document from
    where rows of the same length would have it."""
    longest = int(documents.lengths(documents.which).max())
    return longest if len(documents) <= rows else -(-documents.transitions // rows) + longest


class _DocumentRows:
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
        documents, number = self._documents, np.searchsorted(self._ends, places, side="right")
        which = self._order[number]
        places += documents.marks[which + 1] - self._ends[number]
        pieces = np.count_nonzero(np.diff(number, axis=0)) + places.shape[1]
        inputs, targets = (documents.take(places + offset, pieces) for offset in (0, 1))
        is_unpredicted = is_over if documents.source_ends is None else is_over | (places < documents.source_ends[which])
        inputs[is_over], targets[is_unpredicted] = documents.mark, NO_TARGET
        if documents.source_shift:
            inputs[is_unpredicted] += np.int32(documents.source_shift)
        return Window(inputs, targets, start == 0, targets.size - int(np.count_nonzero(is_unpredicted)),
                      None if documents.labels is None else _window_labels(documents.labels, which))


def _window_labels(labels: Labels, which: np.ndarray) -> WindowLabels:
    """The labels of the documents `which` (T, N), and of no others."""
    used, numbers = np.unique(labels.numbers[which], return_inverse=True)
    return WindowLabels(numbers.reshape(which.shape).astype(np.int32), labels.vectors[used])
