"""Layer inspection: how often each gate of each unit is open or shut over a text.

A gate is left-saturated where it is below 0.1 (shut), right-saturated where it is above 0.9 (open); each unit is one
point (share of the places where it is open, share where it is shut). (Karpathy, Johnson & Fei-Fei 2015.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.cells.registry import CELLS
from charrnn.inspection.cell_statistics import HIGH, LOW, cell_statistics
from charrnn.inspection.one_thread import one_blas_thread
from charrnn.inspection.recording import Recording
from charrnn.inspection.stack import Stack, Trace, refuse_overflow, trace_of

_BLOCK = 512  # places computed together

DEFINITIONS = {
    "open, shut": "of each unit's gate: the share of the places where it is above 0.9 (right-saturated), and where it "
                  "is below 0.1 (left-saturated); in the drawing each unit is a point",
}


@dataclass(frozen=True)
class GateSaturation:
    """One gate of one layer (from 1): shares of the places, (H,): left where it is shut, right where it is open."""

    layer: int
    gate: str
    left: Array
    right: Array


@dataclass(frozen=True)
class Gates:
    """The gates of a network over `places` places of a text; a plain RNN has none.

    flags   by name as in cell_statistics.FLAGS, (L, H) bool: the units with each flag
    """

    cell: str
    places: int
    saturation: list[GateSaturation]
    flags: dict[str, Array]

    @property
    def layers(self) -> int:
        return len(next(iter(self.flags.values())))

    def counts(self, layer: int) -> dict[str, int]:
        """How many units of a layer (from 1) have each flag."""
        return {name: int(mask[layer - 1].sum()) for name, mask in self.flags.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for a file or a page."""
        return {"cell": self.cell, "places": self.places,
                "gates": [{"layer": one.layer, "gate": one.gate, "left": _rounded(one.left),
                           "right": _rounded(one.right)} for one in self.saturation],
                "flags": [{"layer": k + 1, **{name: np.flatnonzero(mask[k]).tolist()
                                              for name, mask in self.flags.items()}} for k in range(self.layers)]}


@one_blas_thread
@refuse_overflow()
def gates(stack: Stack, recording: Recording) -> Gates:
    """The gates over the places of `recording` after its warm-up."""
    trace = trace_of(stack, recording)
    return Gates(recording.cell, len(trace) - trace.warm_up, saturation(recording.cell, stack, trace),
                 cell_statistics(recording).flags)


def saturation(cell: str, stack: Stack, trace: Trace) -> list[GateSaturation]:
    """How often each gate of each unit is open and shut after the warm-up, layer by layer."""
    counts = np.zeros((2, len(stack.layers), len(CELLS[cell].sigmoid_gates), stack.hidden), np.int64)
    for tapes in _blocks(stack, trace):
        for k, tape in enumerate(tapes):
            for number, name in enumerate(CELLS[cell].sigmoid_gates):
                gate = getattr(tape, name)
                counts[0, k, number] += np.count_nonzero(gate < LOW, axis=0)
                counts[1, k, number] += np.count_nonzero(gate > HIGH, axis=0)
    left, right = counts / (len(trace) - trace.warm_up)
    return [GateSaturation(k + 1, name, left[k, number], right[k, number])
            for k in range(len(stack.layers)) for number, name in enumerate(CELLS[cell].sigmoid_gates)]


def _blocks(stack: Stack, trace: Trace) -> Iterator[list[Any]]:
    """The tapes of all layers, for one block of the text after another."""
    for start in range(trace.warm_up, len(trace), _BLOCK):
        times = np.arange(start, min(start + _BLOCK, len(trace)))
        yield stack.tapes(trace, times)[0]


def _rounded(shares: Array) -> list[float]:
    return [round(float(share), 4) for share in shares]
