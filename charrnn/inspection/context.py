"""Layer inspection: how much context the network uses: the excess loss when it reads only the last k characters.

    E(k) = mean over t of loss_t(the last k characters, from the initial state) - loss_t(everything before)     in bits
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.engine.interface import Engine
from charrnn.inspection.horizon import spread
from charrnn.inspection.one_thread import one_blas_thread
from charrnn.inspection.stack import Stack, Trace, refuse_overflow
from charrnn.inspection.statistics import block_error

LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)
PLACES = 200
_WINDOW = 8  # characters in one call of a kernel: there are many texts side by side
WORTH = 0.01  # bits a character below which an excess counts as nothing

DEFINITIONS = {
    "context use": "E(k) = bits a character when the network sees only the last k characters, from its initial state, "
                   "less those with everything before at the same places",
    "k*": "the least k such that E is at most 0.01 bits at it and at all longer ones: context beyond it is worth less "
          "than that",
}


@dataclass(frozen=True)
class ContextUse:
    """The `excess` loss for each of `lengths` (n,), in bits a character, with their standard `errors`, over `places`
    texts; `full` is the loss with everything before, in bits."""

    places: int
    lengths: Array
    excess: Array
    errors: Array
    full: float

    @property
    def enough(self) -> int | None:
        """k*; None if even the longest is not enough."""
        lacking = np.flatnonzero(self.excess > WORTH)
        first = int(lacking[-1]) + 1 if len(lacking) else 0
        return int(self.lengths[first]) if first < len(self.lengths) else None

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for a file or a page; no error where too few texts fitted."""
        errors = [None if math.isnan(bits) else round(float(bits), 4) for bits in self.errors]
        return {"places": self.places, "lengths": self.lengths.tolist(), "full": round(self.full, 4),
                "excess": [round(float(bits), 4) for bits in self.excess], "errors": errors, "enough": self.enough}


@one_blas_thread
@refuse_overflow()
def context_use(engine: Engine, trace: Trace, places: int = PLACES, lengths: Sequence[int] = LENGTHS,
                on_step: Callable[[int], None] = lambda steps: None) -> ContextUse:
    """The excess loss of short contexts, from up to `places` texts that start evenly spread over `trace`.

    Each text is read once, from the initial state: its k-th place has k characters of context, and is compared with the
    same place of the trace.

    trace     of this engine, in its own precision
    lengths   rising; those longer than half of the text are left out
    on_step   is told after each length how many characters were read
    """
    stack = Stack.of(engine)
    usable = np.array([k for k in lengths if k <= max(1, (len(trace) - trace.warm_up) // 2)])
    starts = spread(trace.warm_up, len(trace) - int(usable[-1]) + 1, places)
    full = stack.nats(trace.states[-1][0], trace.targets) / math.log(2)
    excess = []
    texts = trace.tokens[starts + np.arange(int(usable[-1]))[:, None]]
    for k, output in _outputs(engine, texts, set(usable.tolist())):
        at = starts + k - 1
        excess.append(stack.nats(output, trace.targets[at]) / math.log(2) - full[at])
        on_step(len(starts))
    return ContextUse(len(starts), usable, np.mean(excess, axis=1), np.array([block_error(one) for one in excess]),
                      float(full[trace.warm_up:].mean()))


def _outputs(engine: Engine, inputs: Array, lengths: set[int]) -> Iterator[tuple[int, Array]]:
    """Each k of `lengths` with the last layer's output (N, H) after the first k characters of texts (T, N)."""
    T, N = inputs.shape
    streams = engine.streams(N, min(T, _WINDOW), engine.threads)
    for start in range(0, T, _WINDOW):
        outputs = streams.read(inputs[start:start + _WINDOW])
        yield from ((start + t + 1, output) for t, output in enumerate(outputs) if start + t + 1 in lengths)
