"""Layer scoring: predictions for a whole text, in the order of the text.

The windows are those of validation, so the loss is the same as validation's.
"""

from collections.abc import Callable

import numpy as np

from charrnn.engine.interface import Engine, Streams
from charrnn.engine.predictions import Predictions
from charrnn.text.documents import Documents
from charrnn.text.windows import Text, evaluation_windows, size


class Scorer:
    """Reads a text with a network, window by window.

    rows          parts of the text that are read side by side, each from the initial state
    top           K, how many of the most probable characters to keep for each target

    predictions   (n,) in the order of the text; nothing is predicted for the first character, or of documents for the
                  first separator
    predicted     how many characters were predicted
    starts        positions at which the state is the initial one: the starts of the parts
    """

    def __init__(self, engine: Engine, text: Text, window: int, shards: int, rows: int, top: int) -> None:
        self._engine, self._text, self._window, self._shards, self._rows = engine, text, window, shards, rows
        length = len(text.ids) if isinstance(text, Documents) else len(text)
        self._positions = _positions(text, length)
        self.predictions = Predictions.empty(length, 1, min(top, engine.vocabulary)).select((slice(None), 0))
        for array, missing in zip(self.predictions[1:], (np.nan, 0, np.nan, -1, np.nan), strict=True):
            array.fill(missing)
        self.loss, self.predicted = 0.0, 0
        self.starts = np.zeros(0, np.int64)

    def read(self, on_read: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Reads the whole text; `on_read` is told how many characters are predicted so far, and how many there are."""
        streams: Streams | None = None
        total = size(self._text) - (not isinstance(self._text, Documents))
        for window, positions in zip(evaluation_windows(self._text, self._rows, self._window),
                                     evaluation_windows(self._positions, self._rows, self._window), strict=True):
            if streams is None:
                streams = self._engine.streams(window.inputs.shape[1], len(window.inputs), self._shards)
                self.starts = np.sort(positions.inputs[0].astype(np.int64))
            self._keep(positions.targets, streams.score(window.inputs, window.targets, self.predictions.top.shape[1]))
            self.predicted += window.predicted
            on_read(self.predicted, total)

    def _keep(self, positions: np.ndarray, predictions: Predictions) -> None:
        """Copies the predictions of a window to their positions in the text."""
        self.loss += predictions.loss
        is_predicted = positions >= 0
        for whole, part in zip(self.predictions[1:], predictions[1:], strict=True):
            whole[positions[is_predicted]] = part[is_predicted]


def _positions(text: Text, length: int) -> Text:
    """A text that is cut into the same windows as `text`, with each character's position in place of its id."""
    positions = np.arange(length, dtype=np.int32 if length < 1 << 31 else np.int64)
    return Documents(positions, text.marks, text.which) if isinstance(text, Documents) else positions
