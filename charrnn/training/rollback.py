"""Layer training: what to do when a gradient is NaN or the loss explodes.

The state at the last good validation is kept in memory. Training rolls back to it and continues at half the rate.
"""

import math

import numpy as np

from charrnn.errors import TrainingError
from charrnn.training.progress import TrainingProgress

# How often the rate is halved before the run is given up.
HALVINGS = 5
# A loss that far above twice that of a uniform guess, log V, has exploded. The loss is smoothed first: a few windows
# may exceed it, as in Adagrad's first steps.
MARGIN, SMOOTHING = 1.0, 0.95

State = tuple[dict[str, np.ndarray], TrainingProgress]


class Rollback:
    """Detects that a run has gone wrong, and keeps the state to roll back to."""

    def __init__(self, vocabulary: int) -> None:
        self.halvings = 0  # of the rate, so far
        # a network trained on another text may at first do worse on this one than a uniform guess
        self.may_begin_worse = False
        self._usual = math.log(vocabulary)
        self._worst = 2 * self._usual + MARGIN
        self._smoothed = math.nan
        self._good: State | None = None

    @property
    def share(self) -> float:
        """What is left of the rate."""
        return 0.5**self.halvings

    def is_wrong(self, loss: float) -> bool:
        """True for a loss that is NaN, or far worse than that of a uniform guess."""
        return not loss <= self._worst

    def has_exploded(self, loss: float) -> bool:
        """Adds a step's loss; true when the recent losses are wrong."""
        if self.may_begin_worse and math.isfinite(loss):
            self._worst, self.may_begin_worse = max(self._worst, loss + MARGIN), False
        before = min(loss, self._usual) if math.isnan(self._smoothed) else self._smoothed
        self._smoothed = SMOOTHING * before + (1 - SMOOTHING) * loss
        return self.is_wrong(self._smoothed)

    def keep(self, state: State) -> None:
        """Makes `state` the one to roll back to."""
        self._good = state

    def halve(self, step: int, cause: str) -> State:
        """Halves the rate and returns the state to roll back to; raises TrainingError after too many times."""
        self.halvings += 1
        self._smoothed = math.nan
        if self.halvings > HALVINGS or self._good is None:
            raise TrainingError(
                f"{cause} at step {step:,}, after the learning rate was halved {self.halvings - 1} times; what was "
                "saved stays; train again with a tenth of the --lr, a lower --clip or a smaller network")
        return self._good
