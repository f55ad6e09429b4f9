"""Floor 6: what context is worth: the loss with only the last k characters, against that with all that came before.

    E(k) = mean over t of loss_t(from the initial state, the last k characters) - loss_t(everything before)     in bits
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.inspection.blocks import block_error
from charrnn.inspection.horizon import spread
from charrnn.inspection.stack import Stack, Trace
from charrnn.network.cells import Array
from charrnn.network.network import Network

LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)
PLACES = 500
WORTH = 0.01  # bits a character that count as nothing

DEFINITIONS = {
    "context use": "E(k) = bits a character when the network sees only the last k characters, from its initial state, "
                   "less those with everything before; the same places for all k",
    "k*": "the least k with E(k) of at most 0.01 bits: context beyond it is worth less than that",
}


@dataclass(frozen=True)
class ContextUse:
    """What the last k characters leave to be gained, for each of `lengths` (n,): `excess` bits a character, with their
    standard `errors`, over `places` places; `full` is the loss with everything before, in bits."""

    places: int
    lengths: Array
    excess: Array
    errors: Array
    full: float

    @property
    def enough(self) -> int | None:
        """k*; None where even the longest is not enough."""
        found = np.flatnonzero(self.excess <= WORTH)
        return int(self.lengths[found[0]]) if len(found) else None

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for a file or a page."""
        return {"places": self.places, "lengths": self.lengths.tolist(), "full": round(self.full, 4),
                "excess": [round(float(bits), 4) for bits in self.excess],
                "errors": [round(float(bits), 4) for bits in self.errors], "enough": self.enough}


def context_use(network: Network, trace: Trace, places: int = PLACES, lengths: Sequence[int] = LENGTHS,
                on_step: Callable[[int], None] = lambda steps: None) -> ContextUse:
    """What context is worth at up to `places` places of `trace`, evenly spread.

    trace     of this network: its last layer's h, in the network's own precision, is what everything before gives
    lengths   rising; those that take more than half of the text are left out
    on_step   is told how many characters were read, again and again
    """
    stack = Stack.of(network)
    usable = np.array([k for k in lengths if k <= max(1, (len(trace) - trace.warm_up) // 2)])
    chosen = spread(max(trace.warm_up, int(usable[-1]) - 1), len(trace), places)
    targets = trace.targets[chosen]
    full = stack.nats(trace.states[-1][0][chosen], targets) / math.log(2)
    excess = []
    for k in usable:
        inputs = trace.tokens[chosen - np.arange(k)[::-1, None]]  # (k, places)
        excess.append(stack.nats(_outputs(network, inputs), targets) / math.log(2) - full)
        on_step(inputs.size)
    return ContextUse(len(chosen), usable, np.mean(excess, axis=1), np.array([block_error(one) for one in excess]),
                      float(full.mean()))


def _outputs(network: Network, inputs: Array) -> Array:
    """The last layer's output (N, H) after texts (T, N), each read from the initial state."""
    batch = network.batch(inputs.shape[1], len(inputs), network.workers.threads)
    rows = [np.ascontiguousarray(inputs[:, part], np.int32) for part in batch.slices]
    outputs = network.workers.map(lambda s: batch.shards[s].read(rows[s])[-1, :, :network.settings.hidden].copy(),
                                  len(rows))
    return np.concatenate(outputs)
