"""Layer inspection: what a cell is worth: the loss without what it says, beside the loss with it.

A cell is silenced, not removed: at every step its c is set to its mean, and its h follows as h = o*tanh(c) (a cell
without memory has its h set); the rest of the network runs on and sees the consequences. Zero would be a value that
means something. Each silenced cell is a text read side by side with the others, and one more reads with nothing
silenced: all of them in the same arithmetic, so that what differs is the cell.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array, State, sigmoid
from charrnn.engine.interface import Engine, LayerStep
from charrnn.inspection.blocks import block_error
from charrnn.inspection.names import CellName
from charrnn.inspection.stack import Stack, Trace

OnStep = Callable[[int], None]
_BLOCK = 64  # places whose losses are worked out together

DEFINITIONS = {
    "ablation": "bits a character lost when the cell alone is silenced: its c is set to its mean at every step and "
                "h = o tanh(c) follows (GRU, plain RNN: its h is set); warm-up left out. Other cells may know the "
                "same, so a small figure does not say that the knowledge is useless",
    "by condition": "the same mean, only over the places where the condition holds",
    "standard error": "of a mean over the text, by drawing 20 blocks of it with replacement, 1,000 times",
}


@dataclass(frozen=True)
class Cost:
    """Bits a character that silencing a cell costs, with its standard error, over `places` places."""

    bits: float
    error: float
    places: int


@dataclass(frozen=True)
class Ablation:
    """What silencing one cell at `value` costs: everywhere, and by name where a condition holds (None: nowhere)."""

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
    """What each cell is silenced at: the mean (L, H) of its c, or of its h where it has none, warm-up left out."""
    return np.stack([layer[-1][trace.warm_up:].mean(axis=0, dtype=np.float64) for layer in trace.states])


def ablate(stack: Stack, trace: Trace, cells: Sequence[CellName], conditions: Mapping[str, Array] | None = None,
           values: Sequence[float] | None = None, on_step: OnStep = lambda steps: None,
           engine: Engine | None = None) -> list[Ablation]:
    """What silencing each of `cells` alone costs, measured behind the warm-up of `trace`.

    conditions   by name, (T,) of truth values: at which places
    values       what c (or h) is set to, for each cell; None is its mean
    on_step      is told how many characters were read, again and again
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
    """The loss in nats of every place with each cell silenced, and in the last column with none, (T, n + 1)."""
    rows, clamps = len(cells) + 1, []
    for k in range(len(stack.layers)):
        held = [(n, cell.unit, values[n]) for n, cell in enumerate(cells) if cell.layer == k]
        clamps.append(_Clamp(stack, k, *zip(*held, strict=True)) if held else None)
    reader = (_Stepwise(stack, trace, rows, clamps) if engine is None
              else _OnEngine(engine, stack, trace, rows, clamps))
    nats, outputs = np.empty((len(trace), rows)), []
    for t, token in enumerate(trace.tokens):
        outputs.append(reader.step(np.full(rows, token, np.int32)))
        if len(outputs) == _BLOCK or t == len(trace) - 1:
            part = slice(t + 1 - len(outputs), t + 1)
            nats[part] = stack.nats(np.stack(outputs), np.repeat(trace.targets[part, None], rows, axis=1))
            on_step(len(outputs) * rows)
            outputs.clear()
    return nats


class _Clamp:
    """Holds units of layer k at values: unit units[i] of row rows[i] at values[i]."""

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
        """o of the held units; a peephole sees the c that was set."""
        if "weight_peep" not in self.parameters:
            known: Array = o[self.rows, self.units]
            return known
        H = self.stack.hidden
        gate, peep = 3 * H + self.units, self.parameters["weight_peep"][2 * H + self.units]
        inputs = (x[self.rows] * self.parameters["weight_ih"][gate]).sum(axis=1)
        before = (h_before[self.rows] * self.parameters["weight_hh"][gate]).sum(axis=1)
        return sigmoid(inputs + before + self.parameters["bias"][gate] + peep * self.values)


Clamps = Sequence[_Clamp | None]


class _Stepwise:
    """Texts side by side, read by the cells' readable steps, in the precision of the stack."""

    def __init__(self, stack: Stack, trace: Trace, rows: int, clamps: Clamps) -> None:
        self.stack, self.clamps = stack, clamps
        self.state = [tuple(np.repeat(array[None], rows, axis=0) for array in layer) for layer in trace.first]

    def step(self, tokens: Array) -> Array:
        """The last layer's output (rows, H) after one more character."""
        def touch(k: int, tape: Any, state: State) -> State:
            if clamp := self.clamps[k]:
                clamp(state, getattr(tape, "o", state[0]), tape.x, tape.h_before)
            return state

        self.state, _ = self.stack.step(tokens, self.state, touch)
        return self.state[-1][0]


class _OnEngine:
    """The same on an engine: with compiled kernels several times as fast where a network is large."""

    def __init__(self, engine: Engine, stack: Stack, trace: Trace, rows: int, clamps: Clamps) -> None:
        self.stack, self.clamps = stack, clamps
        self.streams = engine.streams(rows, 1)
        self.streams.set_state({f"{letter}_l{k}": np.repeat(array[None], rows, axis=0)
                                for k, layer in enumerate(trace.first)
                                for letter, array in zip("hc", layer, strict=False)})

    def step(self, tokens: Array) -> Array:
        """The last layer's output (rows, H) after one more character."""
        x = self.stack.table[tokens]

        def on_layer(k: int, layer: LayerStep) -> None:
            nonlocal x
            if clamp := self.clamps[k]:
                [(h_before, *_)] = self.stack.begun(tokens, [(layer.h_before,)], k)
                state = (layer.h,) if layer.c is None else (layer.h, layer.c)
                clamp(state, layer.h if layer.o is None else layer.o, x, h_before)
            x = layer.h

        output: Array = self.streams.read(tokens[None], on_layer)[0]
        return output


def _cost(lost: Array, counted: Array) -> Cost:
    return Cost(float(lost[counted].mean()), block_error(lost, counted), int(np.count_nonzero(counted)))
