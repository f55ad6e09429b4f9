"""Layer training: the loss on a held-out text, with streams of its own: training does not notice."""

import math
from collections.abc import Callable

from charrnn.engine.interface import Engine, Streams
from charrnn.settings.scoring import ROWS
from charrnn.text.windows import Text, evaluation_rows, evaluation_windows

# Characters of a row that are read in one piece, at least: fewer would take longer.
LEAST_AT_ONCE = 64


class Evaluation:
    """Measures a network on a text as ids: each character is predicted once, always in the same windows.

    at_once   characters of a row that are read in one piece; the state is carried from piece to piece
    """

    def __init__(self, engine: Engine, text: Text, window: int, shards: int, rows: int = ROWS,
                 most: int | None = None) -> None:
        """most   characters of all rows in one piece, so that a few long windows to train with take no more memory
                  to validate with
        """
        self.engine, self.text, self.window, self.shards = engine, text, window, shards
        self.rows = evaluation_rows(text, rows, window)
        self.at_once = window if most is None else min(window, max(LEAST_AT_ONCE, most // max(1, self.rows)))
        self._streams: Streams | None = None

    def loss(self, should_stop: Callable[[], bool] = lambda: False) -> float | None:
        """Mean nats per character; NaN if there is nothing to predict, None if should_stop() became true."""
        total, predicted = 0.0, 0
        for window in evaluation_windows(self.text, self.rows, self.window, self.at_once):
            if self._streams is None:
                self._streams = self.engine.streams(window.inputs.shape[1], len(window.inputs), self.shards)
            if should_stop():
                return None
            if window.fresh:
                self._streams.reset()
            total += self._streams.evaluate(window.inputs, window.targets, window.labels)
            predicted += window.predicted
        return total / predicted if predicted else math.nan
