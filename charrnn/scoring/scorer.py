"""Layer scoring: reads a text with a network, and keeps its prediction of each character.

A text as ids comes in; arrays of its length come out, in its order. The windows are those of validation, and so is the
loss. The places in the text are cut into windows like the text: they say where each number belongs.
"""

from collections.abc import Callable

import numpy as np

from charrnn.engine.interface import Engine, Scores
from charrnn.text.documents import Documents
from charrnn.text.windows import Text, evaluation_windows, size


class Scorer:
    """Reads `text`; its arrays are filled window by window.

    rows      parts that are read side by side, each from the initial state
    guesses   K, how many of the most probable characters to keep for each
    """

    def __init__(self, engine: Engine, text: Text, window: int, shards: int, rows: int, guesses: int) -> None:
        self._engine, self._text, self._window, self._shards, self._rows = engine, text, window, shards, rows
        length = len(text.ids) if isinstance(text, Documents) else len(text)
        self._places = _places(text, length)
        # the first character, and of documents the first mark, is not predicted
        self.scores = Scores.empty(length, 1, min(guesses, engine.vocabulary))
        for array, nothing in zip(self.scores[1:], (np.nan, 0, np.nan, -1, np.nan), strict=True):
            array.fill(nothing)
        self.loss, self.predicted = 0.0, 0
        self.starts = np.zeros(0, np.int64)  # places that are read without what stands before them

    def read(self, told: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Reads it all; told() gets how many characters are predicted so far, and how many there are."""
        streams, total = None, size(self._text) - (not isinstance(self._text, Documents))
        for window, places in zip(evaluation_windows(self._text, self._rows, self._window),
                                  evaluation_windows(self._places, self._rows, self._window), strict=True):
            if streams is None:
                streams = self._engine.streams(window.inputs.shape[1], len(window.inputs), self._shards)
                self.starts = np.sort(places.inputs[0].astype(np.int64))
            self._keep(places.targets, streams.score(window.inputs, window.targets, self.scores.ids.shape[2]))
            self.predicted += window.predicted
            told(self.predicted, total)

    def _keep(self, places: np.ndarray, scores: Scores) -> None:
        """Puts the predictions of a window where they belong."""
        self.loss += scores.loss
        is_predicted = places >= 0
        where = places[is_predicted]
        for whole, part in zip(self.scores[1:], scores[1:], strict=True):
            whole[where, 0] = part[is_predicted]


def _places(text: Text, length: int) -> Text:
    """`text` with the place of each character instead of its id: it is cut in the same way."""
    places = np.arange(length, dtype=np.int32 if length < 1 << 31 else np.int64)
    return Documents(places, text.marks, text.which) if isinstance(text, Documents) else places
