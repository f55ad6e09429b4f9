"""Layer render: an axis: numbers come in, places from 0 to 1 go out, and the ticks for which there is room."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from charrnn.render.plots.ticks import linear_ticks, log_ticks, tick_labels


@dataclass(frozen=True)
class Scale:
    """From `low` to `high`, which differ; a logarithmic one begins above 0."""

    low: float
    high: float
    is_log: bool = False

    @classmethod
    def around(cls, values: Iterable[float], is_log: bool = False, margin: float = 0.0) -> "Scale":
        """The scale that holds all values, with `margin` of its length free at both ends."""
        known = list(values)
        low, high = min(known), max(known)
        if high - low < 1e-4 * max(abs(low), abs(high), 1e-6):  # one number needs some room too
            room = 0.05 * abs(low) or 0.5
            low, high = low - room, high + room
        if is_log:
            wider = (high / low) ** margin
            return cls(low / wider, high * wider, True)
        return cls(low - margin * (high - low), high + margin * (high - low))

    def __call__(self, value: float) -> float:
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int, fits: Callable[[list[tuple[float, str]]], bool] = lambda ticks: True) -> list[
            tuple[float, str]]:
        """(place, label) of at most `most` ticks; of fewer, until they all fit."""
        for number in range(most, 1, -1):
            values = (log_ticks if self.is_log else linear_ticks)(self.low, self.high, number)
            found = [(self(value), label) for value, label in zip(values, tick_labels(values), strict=True)]
            if fits(found):
                return found
        return []
