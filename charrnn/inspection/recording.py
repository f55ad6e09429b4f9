"""Layer inspection: one pass over a text with everything kept that a network did: its states, its gates, its
predictions.

Ids come in, T + 1 of them; out go T places. Place t stands after character t was read: the state that it left behind,
and what the network then said about character t + 1. This is the one alignment of the whole room (NEXT below).

The text is one stream, read as evaluation reads a row: the state is carried on and on, and begins anew only where a
document does. Numbers held: S L T H for S signals, 12 to 40 bytes a place for predictions.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.engine.interface import Engine
from charrnn.errors import CorpusError, SettingsError
from charrnn.inspection.predictions import GUESSES, Predictions
from charrnn.training.evaluation import Evaluation

# Place t predicts the character that stands so many behind the one just read.
NEXT = 1
# Characters at the start that count in no statistic: the state does not know yet what kind of text this is.
WARM_UP = 100
# Characters in one call of a kernel: memory for a window is small, and Ctrl-C is felt at once.
_WINDOW = 256


def signals_of(cell: str) -> tuple[str, ...]:
    """Every signal that a cell of this kind has: h, c where it has a memory, its gates."""
    return *CELLS[cell].letters, *CELLS[cell].recorded


def default_signals(cell: str) -> tuple[str, ...]:
    """What finding cells and judging their memory needs: the state, and the gate that keeps it (f or z)."""
    return tuple(name for name in signals_of(cell) if name in "hcfz")


@dataclass(frozen=True)
class Recording:
    """What a network of L layers of H units did at T places of a text.

    tokens       (T,) int32, the characters read
    targets      (T,) int32, the character behind each
    warm_up      places at the start that statistics leave out
    signals      by name, (L, T, H) float32: c as it is, not squashed
    predictions  what was said about the targets
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
        """The mean loss over all places, warm-up and all, as evaluation gives it."""
        return float(self.predictions.nats.mean(dtype=np.float64))

    def shown(self, signal: str) -> np.ndarray:
        """A signal (L, T, H) on the scale it is shown on: -1 to 1, a c squashed by tanh; gates 0 to 1 as they are.

        Raises SettingsError for one that this cell does not have.
        """
        if signal not in self.signals:
            known = ", ".join(signals_of(self.cell))
            raise SettingsError(f"--signal {signal}: a network of {self.cell} cells has no {signal}; it has {known}")
        return np.tanh(self.signals[signal]) if signal == "c" else self.signals[signal]

    def settled(self) -> "Recording":
        """The same without its warm-up: views, nothing is copied."""
        cut = slice(self.warm_up, None)
        return dataclasses.replace(self, tokens=self.tokens[cut], targets=self.targets[cut], warm_up=0,
                                   signals={name: array[:, cut] for name, array in self.signals.items()},
                                   predictions=self.predictions.cut(cut))


def record(engine: Engine, ids: np.ndarray, signals: Sequence[str] | None = None,
           on_read: Callable[[int], None] = lambda count: None) -> Recording:
    """The recording of `ids` (T + 1,), read from the initial state.

    signals   those to keep, h always among them; None keeps what default_signals() names
    on_read   is told how many characters were read, again and again

    Raises CorpusError for fewer than 2 ids, SettingsError for a signal that the cell does not have.
    """
    settings, T = engine.settings, len(ids) - 1
    if T < 1:
        raise CorpusError("the text is too short to look at: it needs at least 2 characters")
    wanted = dict.fromkeys(("h", *(default_signals(settings.cell) if signals is None else signals)))
    if strange := [name for name in wanted if name not in signals_of(settings.cell)]:
        raise SettingsError(f"a network of {settings.cell} cells has no signal {strange[0]}; it has "
                            f"{', '.join(signals_of(settings.cell))}")
    ids = np.ascontiguousarray(ids, np.int32)
    kept = {name: np.empty((settings.layers, T, settings.hidden), np.float32) for name in wanted}
    streams, predictions = engine.streams(1, min(_WINDOW, T)), []
    for start in range(0, T, _WINDOW):
        stop = min(start + _WINDOW, T)
        scores, signals_here = streams.record(ids[start:stop, None], ids[start + NEXT:stop + NEXT, None], GUESSES,
                                              list(wanted))
        predictions.append(Predictions.of(scores))
        for name, array in signals_here.items():
            kept[name][:, start:stop] = array[:, :, 0]
        on_read(stop - start)
    # where documents begin inside the text, each has its own fresh start: there is nothing to wait for
    warm_up = 0 if engine.start >= 0 else min(WARM_UP, T // 10)
    return Recording(settings.cell, ids[:-NEXT], ids[NEXT:], warm_up, kept, Predictions.joined(predictions))


def evaluated(engine: Engine, ids: np.ndarray) -> float:
    """The mean nats of `ids` as evaluation measures them, in one row: what a recording has to agree with."""
    nats = Evaluation(engine, ids, _WINDOW, 1, rows=1).loss()
    return math.nan if nats is None else nats
