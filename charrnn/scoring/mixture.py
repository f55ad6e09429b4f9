"""Layer scoring: several networks that predict together: the probability of a character is the mean of theirs."""

from collections.abc import Sequence

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.engine.predictions import Predictions, log_softmax
from charrnn.engine.reference.engine import predictions_of
from charrnn.scoring.predict import Reader, ReadWindow

# Probabilities that are in memory at a time, of each network.
_AT_ONCE = 2_000_000


def mixture_reader(engines: Sequence[Engine], shards: int) -> Reader:
    """Reads with networks of one vocabulary, each with a state of its own."""
    outputs = [(arrays["weight_out"].T, arrays["bias_out"]) for arrays in (engine.parameters() for engine in engines)]

    def opened(rows: int, window: int) -> ReadWindow:
        streams = [engine.streams(rows, window, shards) for engine in engines]
        size = max(1, _AT_ONCE // (rows * engines[0].vocabulary))

        def piece(inputs: np.ndarray, targets: np.ndarray, top: int) -> Predictions:
            logs = [log_softmax((own.read(inputs) @ weight + bias).astype(np.float64))
                    for own, (weight, bias) in zip(streams, outputs, strict=True)]
            return predictions_of(np.logaddexp.reduce(logs), targets, top)

        return lambda inputs, targets, top: Predictions.joined(
            [piece(inputs[at : at + size], targets[at : at + size], top) for at in range(0, len(inputs), size)], axis=0)

    return opened
