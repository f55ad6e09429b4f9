"""Layer scoring: predictions for a whole text, in the order of the text.

The windows are those of validation, so the loss is the same as validation's.
"""

from collections.abc import Callable

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.engine.predictions import Predictions
from charrnn.text.documents import Documents
from charrnn.text.windows import Text, evaluation_windows, size

# Reads the next window of some rows: its inputs and targets (T, N), and K; the state is carried on.
ReadWindow = Callable[[np.ndarray, np.ndarray, int], Predictions]
# Opens such rows in the initial state: how many, and the longest window.
Reader = Callable[[int, int], ReadWindow]

# Cold blocks that are read side by side.
_BLOCKS_AT_ONCE = 64


def reader_of(engine: Engine, shards: int) -> Reader:
    """Reads with a network as it is."""
    return lambda rows, window: engine.streams(rows, window, shards).score


class Scorer:
    """Reads a text window by window.

    rows          parts of the text that are read side by side, each from the initial state
    top           K, how many of the most probable characters to keep for each target

    predictions   (n,) in the order of the text; nothing is predicted for the first character, or of documents for the
                  first separator
    loss          the sum of nats
    predicted     how many characters were predicted
    starts        positions at which the state is the initial one: the starts of the parts
    """

    def __init__(self, reader: Reader, text: Text, window: int, rows: int, top: int) -> None:
        self._reader, self._text, self._window, self._rows = reader, text, window, rows
        length = len(text.ids) if isinstance(text, Documents) else len(text)
        self._positions = _positions(text, length)
        self.predictions = Predictions.empty(length, 1, top).select((slice(None), 0))
        for array, missing in zip(self.predictions[1:], (np.nan, 0, np.nan, -1, np.nan), strict=True):
            array.fill(missing)
        self.loss, self.predicted = 0.0, 0
        self.starts = np.zeros(0, np.int64)

    def read(self, on_read: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Reads the whole text; `on_read` is told how many characters are predicted so far, and how many there are."""
        read_window: ReadWindow | None = None
        total = size(self._text) - (not isinstance(self._text, Documents))
        for window, positions in zip(evaluation_windows(self._text, self._rows, self._window),
                                     evaluation_windows(self._positions, self._rows, self._window), strict=True):
            if read_window is None:
                read_window = self._reader(window.inputs.shape[1], len(window.inputs))
                self.starts = np.sort(positions.inputs[0].astype(np.int64))
            self._keep(positions.targets, read_window(window.inputs, window.targets, self.predictions.top.shape[1]))
            self.predicted += window.predicted
            on_read(self.predicted, total)

    def _keep(self, positions: np.ndarray, predictions: Predictions) -> None:
        """Copies the predictions of a window to their positions in the text."""
        self.loss += predictions.loss
        is_predicted = positions >= 0
        for whole, part in zip(self.predictions[1:], predictions[1:], strict=True):
            whole[positions[is_predicted]] = part[is_predicted]


def cold_loss(reader: Reader, ids: np.ndarray, block: int, window: int) -> float:
    """The sum of nats of all whole blocks in a text: `block` characters each, read from the initial state."""
    blocks, total = (len(ids) - 1) // block, 0.0
    for first in range(0, blocks, _BLOCKS_AT_ONCE):
        stop = min(first + _BLOCKS_AT_ONCE, blocks)
        # parts of one length, each from the initial state, are such blocks
        scorer = Scorer(reader, ids[first * block : stop * block + 1], min(window, block), stop - first, 0)
        scorer.read()
        total += scorer.loss
    return total


def _positions(text: Text, length: int) -> Text:
    """A text that is cut into the same windows as `text`, with each character's position in place of its id."""
    positions = np.arange(length, dtype=np.int32 if length < 1 << 31 else np.int64)
    return Documents(positions, text.marks, text.which) if isinstance(text, Documents) else positions
