"""Layer inspection: mean ablation: how much the loss rises without a cell.

At every step the cell's c is set to its mean, and h = o*tanh(c) follows (a cell without c has its h set); the rest of
the network runs on. The mean is used because zero may carry information. The network reads the text once for each
ablated cell and once without ablation, all side by side in the same arithmetic, so only the cell makes a difference.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array, State, sigmoid
from charrnn.engine.interface import Engine, LayerStep
from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.stack import Stack, Trace, refuse_overflow
from charrnn.inspection.statistics import block_error

OnStep = Callable[[int], None]
_BLOCK = 64  # places whose losses are computed together

DEFINITIONS = {
    "ablation": "bits a character lost when the cell alone is ablated: its c is set to its mean at every step and "
                "h = o tanh(c) follows (GRU, plain RNN: its h is set); warm-up left out. Other cells may know the "
                "same, so a small cost does not show that the knowledge is useless",
    "by condition": "the same mean, only over the places where the condition holds",
    "standard error": "of a mean over the text, by drawing 20 blocks of it with replacement, 1,000 times",
}


@dataclass(frozen=True)
class Cost:
    """The cost of an ablation in bits a character, with its standard error, over `places` places."""

    bits: float
    error: float
    places: int


@dataclass(frozen=True)
class Ablation:
    """The cost of holding one cell at `value`: everywhere, and where each condition holds (None: nowhere)."""

    cell: CellName
    value: float
    overall: Cost
    by: dict[str, Cost | None]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for a file or a page."""
        def plain(cost: Cost | None) -> dict[str, Any] | None:
            if cost is None:
                return None
            error = None if math.isnan(cost.error) else round(cost.error, 5)
            return {"bits": round(cost.bits, 5), "se": error, "places": cost.places}

        return {"cell": str(self.cell), "value": round(self.value, 5), "overall": plain(self.overall),
                "by": {name: plain(cost) for name, cost in self.by.items()}}


def means(trace: Trace) -> Array:
    """The mean (L, H) of each cell's c, or of its h where it has none, without the warm-up."""
    return np.stack([layer[-1][trace.warm_up:].mean(axis=0, dtype=np.float64) for layer in trace.states])


@refuse_overflow()
def ablate(stack: Stack, trace: Trace, cells: Sequence[CellName], conditions: Mapping[str, Array] | None = None,
           values: Sequence[float] | None = None, on_step: OnStep = lambda steps: None,
           engine: Engine | None = None) -> list[Ablation]:
    """The cost of ablating each of `cells` alone, over the places after the warm-up of `trace`.

    conditions   by name, (T,) bool: places over which the cost is also averaged
    values       the value of c (or h) for each cell; None is its mean
    on_step      is told after each block how many characters were read
    engine       that of the stack: it then reads, in its own precision
    """
    if values is None:
        values = means(trace)[[cell.layer for cell in cells], [cell.unit for cell in cells]].tolist()
    lost = losses(stack, trace, cells, values, on_step, engine)
    lost = (lost[:, :-1] - lost[:, -1:])[trace.warm_up:] / math.log(2)
    masks = {name: mask[trace.warm_up:] for name, mask in (conditions or {}).items()}
    everywhere = np.ones(len(lost), bool)
    return [Ablation(cell, value, _cost(lost[:, n], everywhere), {
                name: _cost(lost[:, n], mask) if mask.any() else None for name, mask in masks.items()})
            for n, (cell, value) in enumerate(zip(cells, values, strict=True))]


def losses(stack: Stack, trace: Trace, cells: Sequence[CellName], values: Sequence[float],
           on_step: OnStep = lambda steps: None, engine: Engine | None = None) -> Array:
    """The loss in nats of every place with each cell ablated, and in the last column with none, (T, n + 1)."""
    rows, held = len(cells) + 1, list[_HeldUnits | None]()
    for k in range(len(stack.layers)):
        units = [(n, cell.unit, values[n]) for n, cell in enumerate(cells) if cell.layer == k]
        held.append(_HeldUnits(stack, k, *zip(*units, strict=True)) if units else None)
    reader = (_Stepwise(stack, trace, rows, held) if engine is None
              else _OnEngine(engine, stack, trace, rows, held))
    nats, outputs = np.empty((len(trace), rows)), []
    for t, token in enumerate(trace.tokens):
        outputs.append(reader.step(np.full(rows, token, np.int32)))
        if len(outputs) == _BLOCK or t == len(trace) - 1:
            part = slice(t + 1 - len(outputs), t + 1)
            nats[part] = stack.nats(np.stack(outputs), np.repeat(trace.targets[part, None], rows, axis=1))
            on_step(len(outputs) * rows)
            outputs.clear()
    return nats


class _HeldUnits:
    """Holds units of layer k at fixed values: unit units[i] of row rows[i] at values[i]."""

    def __init__(self, stack: Stack, k: int, rows: Sequence[int], units: Sequence[int],
                 values: Sequence[float]) -> None:
        self.stack, self.parameters = stack, stack.layers[k]
        self.rows, self.units = np.array(rows), np.array(units)
        self.values = np.array(values, stack.weight_out.dtype)

    def __call__(self, state: State, o: Array, x: Array, h_before: Array) -> None:
        """Changes the state after a step, (h,) or (h, c); o, x and h_before are those of that step."""
        at = self.rows, self.units
        state[-1][at] = self.values
        if self.stack.cell.has_memory:
            state[0][at] = self._output_gate(o, x, h_before) * np.tanh(self.values)

    def _output_gate(self, o: Array, x: Array, h_before: Array) -> Array:
        """o of the held units; a peephole reads the c that was set."""
        if "weight_peep" not in self.parameters:
            known: Array = o[self.rows, self.units]
            return known
        H = self.stack.hidden
        gate, peep = 3 * H + self.units, self.parameters["weight_peep"][2 * H + self.units]
        inputs = (x[self.rows] * self.parameters["weight_ih"][gate]).sum(axis=1)
        before = (h_before[self.rows] * self.parameters["weight_hh"][gate]).sum(axis=1)
        return sigmoid(inputs + before + self.parameters["bias"][gate] + peep * self.values)


Held = Sequence[_HeldUnits | None]


class _Stepwise:
    """Reads texts side by side with the readable steps, in the precision of the stack."""

    def __init__(self, stack: Stack, trace: Trace, rows: int, held: Held) -> None:
        self.stack, self.held = stack, held
        self.state = [tuple(np.repeat(array[None], rows, axis=0) for array in layer) for layer in trace.first]

    def step(self, tokens: Array) -> Array:
        """The last layer's output (rows, H) after one more character."""
        def touch(k: int, tape: Any, state: State) -> State:
            if units := self.held[k]:
                units(state, getattr(tape, "o", state[0]), tape.x, tape.h_before)
            return state

        self.state, _ = self.stack.step(tokens, self.state, touch)
        return self.state[-1][0]


class _OnEngine:
    """The same on an engine: with compiled kernels several times as fast where a network is large."""

    def __init__(self, engine: Engine, stack: Stack, trace: Trace, rows: int, held: Held) -> None:
        self.stack, self.held = stack, held
        self.streams = engine.streams(rows, 1)
        self.streams.set_state({f"{letter}_l{k}": np.repeat(array[None], rows, axis=0)
                                for k, layer in enumerate(trace.first)
                                for letter, array in zip("hc", layer, strict=False)})

    def step(self, tokens: Array) -> Array:
        """The last layer's output (rows, H) after one more character."""
        x = self.stack.table[tokens]

        def on_layer(k: int, layer: LayerStep) -> None:
            nonlocal x
            if units := self.held[k]:
                [(h_before, *_)] = self.stack.reset_starts(tokens, [(layer.h_before,)], k)
                state = (layer.h,) if layer.c is None else (layer.h, layer.c)
                units(state, layer.h if layer.o is None else layer.o, x, h_before)
            x = layer.h

        output: Array = self.streams.read(tokens[None], on_layer)[0]
        return output


def _cost(lost: Array, counted: Array) -> Cost:
    return Cost(float(lost[counted].mean()), block_error(lost, counted), int(np.count_nonzero(counted)))
