"""Layer training: the way back when training goes wrong: when a gradient is no number, or the loss explodes.

A state that was good is kept in memory, the last validated one; what follows it is taken back, and done again at half
the rate.
"""

import math
from typing import Any

import numpy as np

from charrnn.errors import TrainingError

# How often the rate is halved before the run is given up.
HALVINGS = 5
# A loss so far above twice that of knowing nothing, log V, has exploded. Losses are smoothed, because a few windows may
# be there: Adagrad's first steps are, and come back by themselves.
MARGIN, SMOOTHING = 1.0, 0.95

State = tuple[dict[str, np.ndarray], dict[str, Any]]


class Recovery:
    """Tells when a run has gone wrong, and keeps the state to go back to."""

    def __init__(self, vocabulary: int) -> None:
        self.halvings = 0  # of the rate, so far
        # another text may have taught what is worse on this one, at first, than knowing nothing
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
        """True for the loss of a network that has learned less than nothing, or that is no number."""
        return not loss <= self._worst

    def has_exploded(self, loss: float) -> bool:
        """True when the losses of late, this one the last, are wrong."""
        if self.may_begin_worse and math.isfinite(loss):
            self._worst, self.may_begin_worse = max(self._worst, loss + MARGIN), False
        before = min(loss, self._usual) if math.isnan(self._smoothed) else self._smoothed
        self._smoothed = SMOOTHING * before + (1 - SMOOTHING) * loss
        return self.is_wrong(self._smoothed)

    def keep(self, state: State) -> None:
        """Makes `state` the one to go back to."""
        self._good = state

    def halve(self, step: int, cause: str) -> State:
        """The state to go back to from `step`, at half the rate; TrainingError when that has been tried too often."""
        self.halvings += 1
        self._smoothed = math.nan
        if self.halvings > HALVINGS or self._good is None:
            raise TrainingError(
                f"{cause} at step {step:,}, after the rate was halved {self.halvings - 1} times; what was saved stays; "
                "train anew with a tenth of the --lr, a lower --clip or a smaller network")
        return self._good
