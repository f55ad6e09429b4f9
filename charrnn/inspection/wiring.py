"""Layer inspection: what a cell is wired to: the next characters that it promotes, and the cells before and after it.

A weight alone says little: a strong weight from a cell that hardly moves does nothing. So each weight is multiplied by
how much its source moves on the text.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.stack import Stack, Trace

TOP = 5
LOW, HIGH = 0.01, 0.99  # the quantiles of h between which a cell is moved
LEAST_TIMES = 10  # a unit that comes less often is left out: its logit was hardly trained

DEFINITIONS = {
    "promotes": "what the next character's logits change by, in bits, when a cell of the last layer goes from the 1 % "
                "quantile of its h to the 99 % quantile: its column of the output weights times that step, less the "
                "mean over the text's predictions; of units that the text has 10 times or more",
    "written by, read by": "weight x standard deviation of the source's h on the text, the five largest by size; the "
                           "letter is the gate that the weight leads to (g: what is written); how the m of a "
                           "mogrifier, or the r of gru-original, scales h before that is not counted",
}


@dataclass(frozen=True)
class Wire:
    """A weight from one cell to a gate of another, times the standard deviation of its source."""

    cell: CellName
    gate: str
    strength: float


@dataclass(frozen=True)
class Wiring:
    """promotes, suppresses   ids of units with the bits that their logit gains or loses when the cell is high; empty
                           for a cell below the last layer
    written_by             the cells with the largest influence on it, at the step before or in the layer below
    read_by                the cells with the largest influence from it, at the step after or in the layer above
    """

    promotes: list[tuple[int, float]]
    suppresses: list[tuple[int, float]]
    written_by: list[Wire]
    read_by: list[Wire]


def wiring(stack: Stack, trace: Trace, cell: CellName, probabilities: Array) -> Wiring:
    """probabilities   (V,) the mean prediction on the text"""
    k, u = cell
    effects = _effects(stack, trace, cell, probabilities) if k == len(stack.layers) - 1 else []
    deviations = [layer[0][trace.warm_up:].std(axis=0, dtype=np.float64) for layer in trace.states]
    gates, H = stack.cell.gate_names, stack.hidden
    own = stack.layers[k]
    recurrent = own["weight_hh"].reshape(-1, H, H)  # not every gate sees h
    written = _wires(recurrent[:, u] * deviations[k], k, gates, u)
    read = _wires(recurrent[:, :, u] * deviations[k][u], k, gates, u)
    if k > 0:
        below = own["weight_ih"].reshape(len(gates), H, -1)[:, u] * deviations[k - 1]
        written += _wires(below, k - 1, gates)
    if k + 1 < len(stack.layers):
        above = stack.layers[k + 1]["weight_ih"].reshape(len(gates), H, -1)[:, :, u] * deviations[k][u]
        read += _wires(above, k + 1, gates)
    return Wiring([one for one in effects[:TOP] if one[1] > 0], [one for one in effects[::-1][:TOP] if one[1] < 0],
                  _largest(written), _largest(read))


def _effects(stack: Stack, trace: Trace, cell: CellName, probabilities: Array) -> list[tuple[int, float]]:
    """What each unit's logit changes by, in bits, the most promoted first."""
    low, high = np.quantile(trace.states[cell.layer][0][trace.warm_up:, cell.unit], (LOW, HIGH))
    change = stack.weight_out[:, cell.unit].astype(np.float64) * (high - low) / math.log(2)
    change -= probabilities @ change
    times = np.bincount(trace.targets, minlength=len(change))
    order = np.argsort(-change, kind="stable")
    return [(int(unit), float(change[unit])) for unit in order if times[unit] >= LEAST_TIMES]


def _wires(strengths: Array, layer: int, gates: tuple[str, ...], itself: int = -1) -> list[Wire]:
    """Of strengths (G, H) the largest; the weight of a cell to itself is left out."""
    order = np.argsort(-np.abs(strengths), axis=None)[:TOP + len(gates)]
    places = [(int(place) // strengths.shape[1], int(place) % strengths.shape[1]) for place in order]
    return [Wire(CellName(layer, unit), gates[gate], float(strengths[gate, unit])) for gate, unit in places
            if unit != itself]


def _largest(wires: Iterable[Wire]) -> list[Wire]:
    return sorted(wires, key=lambda wire: -abs(wire.strength))[:TOP]
