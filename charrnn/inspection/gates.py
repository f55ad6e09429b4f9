"""Floor 6: how far open each gate of each unit stands over a text, and which units that makes odd.

A gate is left-saturated where it is below 0.1 (shut), right-saturated where it is above 0.9 (open); each unit is one
point (share of the places where it is open, share where it is shut). (Karpathy, Johnson & Fei-Fei 2015.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.inspection.stack import Stack, Trace
from charrnn.network.cells import Array

LOW, HIGH = 0.1, 0.9
GATES = {"rnn": "", "lstm": "ifo", "peephole": "ifo", "gru": "rz", "gru-original": "rz"}
CARRY = {"lstm": "f", "peephole": "f", "gru": "z", "gru-original": "z"}  # what keeps the old where it is open
_BLOCK = 512  # places looked at together

DEFINITIONS = {
    "saturation": "for each unit, the share of the places of the text where its gate is below 0.1 (left: shut) and "
                  "where it is above 0.9 (right: open); warm-up left out",
    "integrator": "a unit whose carry gate (f of an LSTM, z of a GRU) is above 0.9 at more than 99 % of the places: "
                  "it keeps nearly all that it holds",
    "feed-forward": "a unit whose carry gate is below 0.1 at more than 90 % of the places: it forgets at every step",
    "railed": "a unit with |tanh c| (of a GRU or a plain RNN |h|) above 0.99 at more than 99 % of the places: it "
              "stands at one end of its scale and says nothing",
    "dead": "a unit whose h has a standard deviation below 0.01 over the text: it says nothing to anyone",
}
FLAGS = tuple(name for name in DEFINITIONS if name != "saturation")


@dataclass(frozen=True)
class GateSaturation:
    """One gate of one layer (from 1): shares of the places, (H,) each: left where it is shut, right where open."""

    layer: int
    gate: str
    left: Array
    right: Array


@dataclass(frozen=True)
class LayerHealth:
    """Which units of a layer (from 1) are odd: for each name in FLAGS, (H,) of truth values."""

    layer: int
    flags: dict[str, Array]

    def counts(self) -> dict[str, int]:
        return {name: int(mask.sum()) for name, mask in self.flags.items()}


@dataclass(frozen=True)
class Gates:
    """What the gates of a network did over `places` places of a text. A plain RNN has none, and health all the same."""

    cell: str
    places: int
    hidden: int
    saturation: list[GateSaturation]
    health: list[LayerHealth]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for a file or a page."""
        return {"cell": self.cell, "places": self.places,
                "gates": [{"layer": one.layer, "gate": one.gate, "left": _rounded(one.left),
                           "right": _rounded(one.right)} for one in self.saturation],
                "flags": [{"layer": one.layer, **{name: np.flatnonzero(mask).tolist()
                                                  for name, mask in one.flags.items()}} for one in self.health]}


def gates(cell: str, stack: Stack, trace: Trace) -> Gates:
    """What every gate did over the places of `trace` behind its warm-up."""
    counts = np.zeros((2, len(stack.layers), len(GATES[cell]), stack.hidden), np.int64)
    places = 0
    for tapes, size in _blocks(stack, trace):
        places += size
        for k, tape in enumerate(tapes):
            for number, name in enumerate(GATES[cell]):
                gate = getattr(tape, name)
                counts[0, k, number] += np.count_nonzero(gate < LOW, axis=0)
                counts[1, k, number] += np.count_nonzero(gate > HIGH, axis=0)
    left, right = counts / places
    saturation = [GateSaturation(k + 1, name, left[k, number], right[k, number])
                  for k in range(len(stack.layers)) for number, name in enumerate(GATES[cell])]
    carry = {one.layer: one for one in saturation if one.gate == CARRY.get(cell)}
    health = [LayerHealth(k + 1, _flags(layer, trace.warm_up, carry.get(k + 1)))
              for k, layer in enumerate(trace.states)]
    return Gates(cell, places, stack.hidden, saturation, health)


def _blocks(stack: Stack, trace: Trace) -> Iterator[tuple[list[Any], int]]:
    """Each layer's tape over a stretch of the text, and how many places it has."""
    for start in range(trace.warm_up, len(trace), _BLOCK):
        times = np.arange(start, min(start + _BLOCK, len(trace)))
        yield stack.tapes(trace, times)[0], len(times)


def _flags(state: tuple[Array, ...], warm_up: int, carry: GateSaturation | None) -> dict[str, Array]:
    h, signal = state[0][warm_up:], state[-1][warm_up:]
    if len(state) == 2:
        signal = np.tanh(signal)
    none = np.zeros(h.shape[1], bool)
    return {"integrator": none if carry is None else carry.right > 0.99,
            "feed-forward": none if carry is None else carry.left > 0.9,
            "railed": (np.abs(signal) > 0.99).mean(axis=0) > 0.99,
            "dead": h.std(axis=0, dtype=np.float64) < 0.01}


def _rounded(shares: Array) -> list[float]:
    return [round(float(share), 4) for share in shares]
