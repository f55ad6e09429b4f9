"""Layer inspection: the recording of one pass over a text: states, gates and predictions at every place.

T + 1 ids make T places. Place t is the moment after character t was read: it has the state after that character, and
the prediction of character t + 1. All of inspection uses this alignment.

The text is read as one stream, as evaluation reads a row: the state is carried on, and reset only where a document
starts. A recording holds S L T H numbers for S signals, and 12 to 40 bytes a place for the predictions.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.engine.interface import Engine
from charrnn.engine.predictions import Predictions
from charrnn.errors import CorpusError, SettingsError
from charrnn.training.evaluation import Evaluation

TOP = 5  # the most probable characters that are kept for each place
# Places at the start that no statistic counts: the state has too little context there.
WARM_UP = 100
# A memory is pinned if |tanh c| is above this in more than this share of the places. Its h still moves with the output
# gate, and c itself with what is added to it.
PINNED = 0.99
# Characters in one call of a kernel: memory for a window is small, and Ctrl-C works at once.
_WINDOW = 256


def signals_of(cell: str) -> tuple[str, ...]:
    """Every signal that a cell of this kind has: h, c where it has a memory, its gates."""
    return *CELLS[cell].letters, *CELLS[cell].recorded


def default_signals(cell: str) -> tuple[str, ...]:
    """The signals that the search needs: the state, and the gate that keeps it (f or z)."""
    return tuple(name for name in signals_of(cell) if name in "hcfz")


@dataclass(frozen=True)
class Recording:
    """What a network of L layers of H units did at T places of a text.

    tokens       (T,) int32, the characters read
    targets      (T,) int32, the character after each
    warm_up      places at the start that no statistic counts
    signals      by name, (L, T, H) float32; c without the tanh
    predictions  (T,) of the targets
    """

    cell: str
    tokens: np.ndarray
    targets: np.ndarray
    warm_up: int
    signals: dict[str, np.ndarray]
    predictions: Predictions

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def layers(self) -> int:
        return int(self.signals["h"].shape[0])

    @property
    def hidden(self) -> int:
        return int(self.signals["h"].shape[2])

    @cached_property
    def nats(self) -> float:
        """The mean loss over all places, with the warm-up, as evaluation computes it."""
        return float(self.predictions.nats.mean(dtype=np.float64))

    @cached_property
    def pinned(self) -> np.ndarray:
        """(L, H) the cells whose tanh c is nearly always at one of its ends."""
        return is_pinned(self.signals["c"][:, self.warm_up:]) if "c" in self.signals else np.zeros(
            (self.layers, self.hidden), bool)

    def shown(self, signal: str) -> np.ndarray:
        """A signal (L, T, H) as it is shown: tanh c, h from -1 to 1, gates from 0 to 1.

        The c of a pinned memory is shown without the tanh: from its least value as -1 to its greatest as 1.

        Raises SettingsError for a signal that this cell does not have.
        """
        if signal not in self.signals:
            known = ", ".join(signals_of(self.cell))
            raise SettingsError(f"--signal {signal}: a network of {self.cell} cells has no {signal}; it has {known}")
        if signal != "c":
            return self.signals[signal]
        shown: np.ndarray = np.tanh(self.signals[signal])
        for k, u in zip(*np.nonzero(self.pinned), strict=True):
            c = self.signals[signal][k, :, u]
            low, high = c[self.warm_up:].min(), c[self.warm_up:].max()
            shown[k, :, u] = np.clip(2 * (c - low) / max(high - low, 1e-6) - 1, -1, 1)
        return shown

    def settled(self) -> "Recording":
        """The same without its warm-up: views, nothing is copied."""
        cut = slice(self.warm_up, None)
        return dataclasses.replace(self, tokens=self.tokens[cut], targets=self.targets[cut], warm_up=0,
                                   signals={name: array[:, cut] for name, array in self.signals.items()},
                                   predictions=self.predictions.select(cut))


def is_pinned(c: np.ndarray) -> np.ndarray:
    """Of each cell (..., H) of memories c (..., T, H), without the tanh: whether it is pinned."""
    pinned: np.ndarray = (np.abs(c) > math.atanh(PINNED)).mean(axis=-2) > PINNED
    return pinned


def record(engine: Engine, ids: np.ndarray, signals: Sequence[str] | None = None,
           on_read: Callable[[int], None] = lambda count: None) -> Recording:
    """The recording of `ids` (T + 1,), read from the initial state.

    signals   those to keep beside h; None keeps default_signals()
    on_read   is told after each window how many characters were read

    Raises CorpusError for fewer than 2 ids, SettingsError for a signal that the cell does not have.
    """
    settings, T = engine.settings, len(ids) - 1
    if T < 1:
        raise CorpusError("the text is too short to inspect: it needs at least 2 characters")
    wanted = dict.fromkeys(("h", *(default_signals(settings.cell) if signals is None else signals)))
    if unknown := [name for name in wanted if name not in signals_of(settings.cell)]:
        raise SettingsError(f"a network of {settings.cell} cells has no signal {unknown[0]}; it has "
                            f"{', '.join(signals_of(settings.cell))}")
    ids = np.ascontiguousarray(ids, np.int32)
    kept = {name: np.empty((settings.layers, T, settings.hidden), np.float32) for name in wanted}
    streams, predictions = engine.streams(1, min(_WINDOW, T)), []
    for start in range(0, T, _WINDOW):
        stop = min(start + _WINDOW, T)
        predicted, recorded = streams.record(ids[start:stop, None], ids[start + 1:stop + 1, None], TOP, list(wanted))
        predictions.append(predicted)
        for name, array in recorded.items():
            kept[name][:, start:stop] = array[:, :, 0]
        on_read(stop - start)
    # the state is reset at each document, so there is nothing to warm up
    warm_up = 0 if engine.start >= 0 else min(WARM_UP, T // 10)
    return Recording(settings.cell, ids[:-1], ids[1:], warm_up, kept,
                     Predictions.joined(predictions, axis=0).select((slice(None), 0)))


def evaluated(engine: Engine, ids: np.ndarray) -> float:
    """The mean nats of `ids` read as one row, by evaluation: a recording has to agree with it."""
    nats = Evaluation(engine, ids, _WINDOW, 1, rows=1).loss()
    return math.nan if nats is None else nats
