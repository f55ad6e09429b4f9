"""Layer sampling: how a stream's next character is chosen from what the network predicts.

In this order: the network's logits are adjusted (characters made likelier, or forbidden), divided by the temperature,
and cut by top_k, top_p and min_p. Before that, clamped cells have had their say.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from charrnn.kernels.cpu import padded
from charrnn.kernels.softmax import NEVER

# tanh of this is 1 in float32: what a cell gets that is to be at 1 or -1.
_FAR = 10.0


@dataclass(frozen=True)
class Clamp:
    """A cell held at a value while characters start..stop (from 0) are written.

    layer, unit   both from 0
    value         of tanh(c), or of h for a cell without memory, -1 to 1
    stop          None holds it to the end
    """

    layer: int
    unit: int
    value: float
    start: int = 0
    stop: int | None = None

    def state(self, has_memory: bool) -> tuple[float, float]:
        """What the kernel sets: c and tanh c, or h twice."""
        if not has_memory:
            return self.value, self.value
        if abs(self.value) >= math.tanh(_FAR):
            return math.copysign(_FAR, self.value), self.value
        return math.atanh(self.value), self.value


@dataclass(frozen=True)
class Rule:
    """How every character is chosen while nothing changes.

    temp         one number, or one a stream (N,); 0 takes the most likely
    adjustment   what is added to the logits, (V,); None adds nothing
    """

    temp: float | np.ndarray = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    adjustment: np.ndarray | None = None
    clamps: tuple[Clamp, ...] = ()

    def temps(self, streams: int) -> np.ndarray:
        # a copy: what may only be read would be another type to the kernel, and compile it anew
        return np.array(np.broadcast_to(self.temp, streams), np.float64)

    def added(self, vocabulary: int) -> np.ndarray:
        """The adjustment as the kernel takes it, (V padded,)."""
        row = np.zeros(padded(vocabulary), np.float32)
        if self.adjustment is not None:
            row[:vocabulary] = self.adjustment
        return row


@dataclass(frozen=True)
class Rules:
    """A rule, and what changes while a text grows.

    endings      ids (E,) that no text gets before it has min_length
    """

    rule: Rule = field(default_factory=Rule)
    min_length: int = 0
    endings: tuple[int, ...] = ()

    def at(self, written: int, vocabulary: int) -> tuple[Rule, int | None]:
        """The rule for the character after `written` others, and how many there are when the next rule begins."""
        rule, later = self.rule, [edge for edge in self._edges() if edge > written]
        clamps = tuple(clamp for clamp in rule.clamps
                       if clamp.start <= written and (clamp.stop is None or written < clamp.stop))
        adjustment = rule.adjustment
        if self.endings and written < self.min_length:
            adjustment = np.zeros(vocabulary, np.float32) if adjustment is None else adjustment.copy()
            adjustment[list(self.endings)] = NEVER
        return (Rule(rule.temp, rule.top_k, rule.top_p, rule.min_p, adjustment, clamps), min(later, default=None))

    def _edges(self) -> Iterator[int]:
        if self.endings:
            yield self.min_length
        for clamp in self.rule.clamps:
            yield clamp.start
            if clamp.stop is not None:
                yield clamp.stop
