"""Layer scoring: reads a text with a network, and keeps what it said of each character.

A text as ids comes in, arrays as long as it go out, in its order. The windows are those of validation, and so the loss
is validation's; the same cutter cuts the places in the text, which says where in it each number belongs.
"""

from collections.abc import Callable

import numpy as np

from charrnn.engine.compiled.network import Network
from charrnn.engine.predictions import Scores
from charrnn.text.documents import Documents
from charrnn.text.windows import Text, evaluation_windows, size


class Scorer:
    """Reads `text`; its arrays are filled window by window.

    rows      parts that are read side by side, each from the initial state
    guesses   K, the likeliest characters to keep for each
    """

    def __init__(self, network: Network, text: Text, window: int, shards: int, rows: int, guesses: int) -> None:
        self._network, self._text, self._window, self._shards, self._rows = network, text, window, shards, rows
        length = len(text.ids) if isinstance(text, Documents) else len(text)
        self._places = _places(text, length)
        # the first character, and of documents the first mark, is not predicted
        self.scores = Scores.empty(length, 1, min(guesses, network.vocabulary))
        for array, nothing in zip(self.scores[1:], (np.nan, 0, np.nan, -1, np.nan), strict=True):
            array.fill(nothing)
        self.loss, self.predicted = 0.0, 0
        self.starts = np.zeros(0, np.int64)  # places that are read without what stands before them

    def read(self, told: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Reads it all; told() gets how many characters are predicted by now, and how many there are."""
        batch, total = None, size(self._text) - (not isinstance(self._text, Documents))
        for window, places in zip(evaluation_windows(self._text, self._rows, self._window),
                                  evaluation_windows(self._places, self._rows, self._window), strict=True):
            if batch is None:
                batch = self._network.batch(window.inputs.shape[1], len(window.inputs), self._shards)
                self.starts = np.sort(places.inputs[0].astype(np.int64))
            self._keep(places.targets, batch.score(window.inputs, window.targets, self.scores.ids.shape[2]))
            self.predicted += window.predicted
            told(self.predicted, total)

    def _keep(self, places: np.ndarray, scores: Scores) -> None:
        """Puts what was said of a window where it belongs."""
        self.loss += scores.loss
        is_predicted = places >= 0
        where = places[is_predicted]
        for whole, part in zip(self.scores[1:], scores[1:], strict=True):
            whole[where, 0] = part[is_predicted]


def _places(text: Text, length: int) -> Text:
    """What is cut as `text` is, but holds the place of each character in place of its id."""
    places = np.arange(length, dtype=np.int32 if length < 1 << 31 else np.int64)
    return Documents(places, text.marks, text.which) if isinstance(text, Documents) else places
