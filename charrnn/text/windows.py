"""Layer text: cuts ids into the windows that a network is trained and validated on.

Ids come in; windows of N sequences go out, time-major, each input with the character after it as its target.
A cutter holds a cursor that can be saved; every random draw comes from a generator that the caller owns.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from charrnn.errors import CorpusError
from charrnn.text.ids import Ids

NO_TARGET = -1
# What is kept for validation when nobody says: this share, but of a huge text no more than takes a moment to read.
VAL_FRACTION, VAL_CHARACTERS = 0.1, 200_000


class Window(NamedTuple):
    """A step's worth of text, of N sequences side by side; the last window of an epoch may be shorter than T.

    inputs   (T, N)   int32
    targets  (T, N)   int32, -1 where nothing is predicted
    """

    inputs: np.ndarray
    targets: np.ndarray
    fresh: bool  # the state starts anew before this window
    predicted: int  # targets that are not -1


def decided_fraction(length: int, val_fraction: float | None) -> float:
    """The share of so many characters that is kept for validation; what is given as None is decided."""
    if val_fraction is not None:
        return val_fraction
    # The half is there so that rounding ends at VAL_CHARACTERS.
    return VAL_FRACTION if length * VAL_FRACTION <= VAL_CHARACTERS else (VAL_CHARACTERS - 0.5) / length


def cut_at(length: int, val_fraction: float | None) -> int:
    """Where the validation part of so many characters begins."""
    return int(length * (1 - decided_fraction(length, val_fraction)))


def split(ids: Ids, val_fraction: float | None) -> tuple[Ids, Ids]:
    """The part to train on, and the contiguous tail to validate on."""
    cut = cut_at(len(ids), val_fraction)
    return ids[:cut], ids[cut:]


class Cutter:
    """What both ways of cutting share: a cursor that counts windows and epochs."""

    def __init__(self, ids: Ids, windows_per_epoch: int, generator: np.random.Generator) -> None:
        self.windows_per_epoch = windows_per_epoch
        self.epoch = 0  # epochs done
        self.position = 0  # windows done in this one
        self._ids = ids
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
        """Moves the cursor to where it was when `state` was taken."""
        if state["windows_per_epoch"] != self.windows_per_epoch:
            raise CorpusError(
                f"the saved run cuts its text into {state['windows_per_epoch']:,} windows, this one into "
                f"{self.windows_per_epoch:,}; resume with the same text, --batch and --window")
        self.epoch, self.position = state["epoch"], state["position"]

    def _cut(self) -> Window:
        raise NotImplementedError


class Streams(Cutter):
    """N long rows read side by side, window after window; each character is predicted once an epoch.

    Every epoch starts at a place of its own and reads round the end, so the cuts fall elsewhere each time.
    """

    def __init__(self, ids: Ids, batch: int, window: int, generator: np.random.Generator) -> None:
        needed = batch * window + 1
        if len(ids) < needed:
            raise CorpusError(f"training text has {len(ids):,} characters; a window needs at least "
                              f"{needed:,} (--batch {batch} x --window {window} + 1); lower one of them")
        self._rows = _Rows(len(ids) - 1, batch)
        self._window = window
        self._shift = 0
        super().__init__(ids, -(-self._rows.length // window), generator)

    def _cut(self) -> Window:
        if self.position == 0:
            self._shift = int(self._generator.integers(self._rows.transitions))
        return self._rows.cut(self._ids, self.position * self._window, self._window, self._shift)

    def state(self) -> dict[str, int]:
        return {**super().state(), "shift": self._shift}

    def restore(self, state: dict[str, int]) -> None:
        super().restore(state)
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
        self._batch = batch
        self._offsets = np.arange(window)[:, None]
        self._silent = window - 1 if targets == "last" else 0
        predicted = batch * (window - self._silent)
        super().__init__(ids, -(-(len(ids) - 1) // predicted), generator)

    def _cut(self) -> Window:
        starts = self._generator.integers(len(self._ids) - len(self._offsets), size=self._batch)
        places = self._offsets + starts
        targets = _taken(self._ids, places + 1)
        targets[:self._silent] = NO_TARGET
        return Window(_taken(self._ids, places), targets, True, targets[self._silent:].size)


def evaluation_windows(ids: Ids, rows: int, window: int) -> Iterator[Window]:
    """Windows that predict each character of `ids` once, always the same; none if nothing can be predicted.

    Short texts are cut into fewer rows: each begins without a past, so none is made shorter than a window.
    """
    transitions = len(ids) - 1
    if transitions < 1:
        return
    layout = _Rows(transitions, max(1, min(rows, transitions // window)))
    for start in range(0, layout.length, window):
        yield layout.cut(ids, start, window)


class _Rows:
    """M transitions, from one character to the next, as N contiguous rows of one length, give or take one.

    A window is index arithmetic on the ids: the rows themselves are never made.
    """

    def __init__(self, transitions: int, rows: int) -> None:
        self.transitions = transitions
        self.length = -(-transitions // rows)
        shortest, longer = divmod(transitions, rows)
        row = np.arange(rows)
        self._starts = row * shortest + np.minimum(row, longer)
        self._short = (row >= longer) if longer else np.zeros(rows, bool)  # these lack the last column

    def cut(self, ids: Ids, start: int, window: int, shift: int = 0) -> Window:
        """Columns start to start + window, as far as the rows go, the transitions rotated by `shift`."""
        stop = min(start + window, self.length)
        places = np.arange(start, stop)[:, None] + (self._starts + shift)
        places[places >= self.transitions] -= self.transitions
        targets = _taken(ids, places + 1)
        predicted = targets.size
        if stop == self.length:
            targets[-1, self._short] = NO_TARGET
            predicted -= int(self._short.sum())
        return Window(_taken(ids, places), targets, start == 0, predicted)


def _taken(ids: Ids, places: np.ndarray) -> np.ndarray:
    """The ids at `places`, int32, and no others."""
    return ids.take(places).astype(np.int32, copy=False)
