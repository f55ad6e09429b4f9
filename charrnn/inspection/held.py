"""Layer inspection: a network that runs with single cells held at fixed values, many rows of text side by side.

Ablation reads a text this way; the test whether a cell steers lets the network write this way.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array, State, sigmoid
from charrnn.engine.interface import Engine, LayerStep
from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.stack import Stack


@dataclass(frozen=True)
class HeldCell:
    """A signal of a cell held at `value`: c (without the tanh), with h = o*tanh(c) following it, or h itself."""

    cell: CellName
    signal: str
    value: float


class Reader(ABC):
    """Rows of text read one character at a time, each with its own held cell."""

    @abstractmethod
    def step(self, tokens: Array) -> Array:
        """The last layer's output (N, H) after one more character of each row, tokens (N,) int32."""


def reader_of(stack: Stack, first: Sequence[State], rows: int, held: Mapping[int, HeldCell],
              engine: Engine | None = None) -> Reader:
    """The reader of `rows` rows.

    first    for each layer its state before the first character, (rows, H) or (1, H) each
    held     by row, the cell that is held in it; others run freely
    engine   that of the stack: it then reads, in its own precision
    """
    units: list[list[_HeldUnits]] = [[] for _ in stack.layers]
    for k, of_layer in enumerate(units):
        for signal in "ch":
            some = [(row, one.cell.unit, one.value) for row, one in held.items()
                    if one.cell.layer == k and one.signal == signal]
            if some:
                of_layer.append(_HeldUnits(stack, k, signal, *zip(*some, strict=True)))
    state: list[State] = [tuple(np.array(np.broadcast_to(array, (rows, array.shape[1]))) for array in layer)
                          for layer in first]
    return _Stepwise(stack, state, units) if engine is None else _OnEngine(engine, stack, state, units)


class _HeldUnits:
    """Holds one signal of units of layer k: unit units[i] of row rows[i] at values[i]."""

    def __init__(self, stack: Stack, k: int, signal: str, rows: Sequence[int], units: Sequence[int],
                 values: Sequence[float]) -> None:
        self.stack, self.signal, self.parameters = stack, signal, stack.layers[k]
        self.rows, self.units = np.array(rows), np.array(units)
        self.values = np.array(values, stack.weight_out.dtype)

    def hold(self, state: State, o: Array, x: Array, h_before: Array) -> None:
        """Changes the state after a step, (h,) or (h, c); o, x and h_before are those of that step."""
        at = self.rows, self.units
        if self.signal == "h":
            state[0][at] = self.values
        else:
            state[1][at] = self.values
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


class _Stepwise(Reader):
    """Reads with the readable steps, in the precision of the stack."""

    def __init__(self, stack: Stack, state: list[State], held: Sequence[Sequence[_HeldUnits]]) -> None:
        self.stack, self.state, self.held = stack, state, held

    def step(self, tokens: Array) -> Array:
        def touch(k: int, tape: Any, state: State) -> State:
            for units in self.held[k]:
                units.hold(state, getattr(tape, "o", state[0]), tape.x, tape.h_before)
            return state

        self.state, _ = self.stack.step(tokens, self.state, touch)
        return self.state[-1][0]


class _OnEngine(Reader):
    """The same on an engine: with compiled kernels several times as fast where a network is large."""

    def __init__(self, engine: Engine, stack: Stack, state: list[State], held: Sequence[Sequence[_HeldUnits]]) -> None:
        self.stack, self.held = stack, held
        self.streams = engine.streams(len(state[0][0]), 1)
        self.streams.set_state({f"{letter}_l{k}": array for k, layer in enumerate(state)
                                for letter, array in zip("hc", layer, strict=False)})

    def step(self, tokens: Array) -> Array:
        x = self.stack.table[tokens]

        def on_layer(k: int, layer: LayerStep) -> None:
            nonlocal x
            for units in self.held[k]:
                [(h_before, *_)] = self.stack.reset_starts(tokens, [(layer.h_before,)], k)
                state = (layer.h,) if layer.c is None else (layer.h, layer.c)
                units.hold(state, layer.h if layer.o is None else layer.o, x, h_before)
            x = layer.h

        output: Array = self.streams.read(tokens[None], on_layer)[0]
        return output
