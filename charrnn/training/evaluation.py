"""Layer training: the loss on a text that is not trained on, with buffers of its own, so that training notices
nothing."""

import math
from collections.abc import Callable

from charrnn.engine.compiled.network import Batch, Network
from charrnn.text.windows import Text, evaluation_windows

# Rows the text is cut into; each begins without a past, which costs its first characters: 64 rows of tiny Shakespeare's
# validation part would add 0.003 nats.
ROWS = 16


class Evaluation:
    """Measures a network on a text as ids, each character predicted once, always in the same way."""

    def __init__(self, network: Network, text: Text, window: int, shards: int, rows: int = ROWS) -> None:
        self.network, self.text, self.window, self.shards, self.rows = network, text, window, shards, rows
        self._batch: Batch | None = None

    def loss(self, should_stop: Callable[[], bool] = lambda: False) -> float | None:
        """Mean nats per character; NaN if there is nothing to predict, None if should_stop() came true on the way."""
        total, predicted = 0.0, 0
        for window in evaluation_windows(self.text, self.rows, self.window):
            if self._batch is None:
                self._batch = self.network.batch(window.inputs.shape[1], len(window.inputs), self.shards)
            if should_stop():
                return None
            if window.fresh:
                self._batch.reset_state()
            total += self._batch.evaluate(window.inputs, window.targets)
            predicted += window.predicted
        return total / predicted if predicted else math.nan
