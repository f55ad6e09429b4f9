"""Layer scoring: dynamic evaluation (Krause et al. 2018): a network goes on learning from the text that it reads.

The text is cut into short segments. Each is scored first, and then the weights take one step on it. Nothing pulls them
back to where training left them: that was measured, and only cost.
"""

import numpy as np

from charrnn.engine.engines import open_engine
from charrnn.engine.interface import Engine
from charrnn.engine.predictions import Predictions
from charrnn.errors import TrainingError
from charrnn.settings import TrainingSettings

# Characters from one step to the next, and the largest norm of a gradient.
SEGMENT, _CLIP = 20, 1.0


class AdaptingNetwork:
    """A copy of a network that learns; `engine` stays as it is.

    plain_loss   the sum of nats of what was read so far, as `engine` predicts it
    """

    def __init__(self, engine: Engine, rate: float) -> None:
        self._rate, self.plain_loss = rate, 0.0
        self._learner = open_engine("compiled", engine.settings, engine.vocabulary, start=engine.start,
                                    training=TrainingSettings(optimizer="adam"))
        self._learner.load(engine.parameters())
        self._streams, self._plain = (one.streams(1, SEGMENT) for one in (self._learner, engine))

    def read(self, inputs: np.ndarray, targets: np.ndarray, top: int) -> Predictions:
        """The predictions for the next segment (T, 1), which is learned from afterwards."""
        self.plain_loss += self._plain.evaluate(inputs, targets)
        before = self._streams.state()
        predictions = self._streams.score(inputs, targets, top)
        self._streams.set_state(before)
        self._streams.learn(inputs, targets)
        try:
            self._learner.update(self._rate, _CLIP)
        except TrainingError as error:
            raise TrainingError(f"--adapt-rate {self._rate:g} is too high: the gradient is no longer a number; give a "
                                "lower one") from error
        return predictions
