"""Layer inspection: a trained network as the readable steps of its cells, in any precision.

Once the states of a text are known, each of its places can be computed by itself: many places are the rows of one
product. So the tapes (what a step computed inside) are computed again when they are needed, and not kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State
from charrnn.cells.registry import CELLS
from charrnn.cells.spec import CellSpec
from charrnn.engine.interface import Engine
from charrnn.errors import MeasurementError
from charrnn.inspection.recording import Recording
from charrnn.settings import NetworkSettings

# Logits that are computed at once, and rows of them at least.
_LOGITS, _LEAST_ROWS = 1 << 22, 64


@contextmanager
def refuse_overflow() -> Iterator[None]:
    """Raises MeasurementError where numbers become infinite or NaN; holds for the thread that enters it."""
    try:
        with np.errstate(over="raise", invalid="raise"):
            yield
    except FloatingPointError as error:
        raise MeasurementError("the weights of this network are too large to inspect it: its gradients become "
                               "infinite; use an earlier checkpoint") from error


@dataclass(frozen=True)
class Trace:
    """The states of a network at T places of one text; place t is the moment after character t was read.

    tokens, targets   (T,) the characters read, and the character after each
    first             for each layer, its state (H,) before the first character
    states            for each layer, its h and, where it has one, its c, (T, H) each
    warm_up           places at the start that no statistic counts
    """

    tokens: Array
    targets: Array
    first: list[State]
    states: list[State]
    warm_up: int = 0

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class Stack:
    """The layers of a network as the cells' steps take them.

    table     (V, D) the input of the first layer for each character: its embedding, or one-hot
    layers    the parameters of each layer, by name
    initial   the initial state (H,) of each layer
    start     the id that starts a text, after which the state is reset; -1 if there is none
    """

    cell: CellSpec
    table: Array
    layers: list[Arrays]
    initial: list[State]
    weight_out: Array
    bias_out: Array
    start: int = -1

    @classmethod
    def of(cls, engine: Engine, dtype: Any = np.float32) -> "Stack":
        """An engine's parameters, copied."""
        return cls.from_arrays(engine.settings, engine.parameters(), engine.start, dtype)

    @classmethod
    def from_arrays(cls, settings: NetworkSettings, arrays: Arrays, start: int = -1,
                    dtype: Any = np.float32) -> "Stack":
        """From parameters by name, in PyTorch's shapes."""
        cell, zero = CELLS[settings.cell], np.zeros(settings.hidden)
        arrays = {name: array.astype(dtype) for name, array in arrays.items()}
        layers, initial = [], []
        for k in range(settings.layers):
            suffix = f"_l{k}"
            layers.append({name.removesuffix(suffix): array for name, array in arrays.items()
                           if name.endswith(suffix)})
            initial.append(tuple(layers[k].get(f"{letter}0", zero.astype(dtype))
                                 for letter in cell.letters))
        table = arrays["embedding"] if settings.embedding else np.eye(len(arrays["bias_out"]), dtype=dtype)
        return cls(cell, table, layers, initial, arrays["weight_out"], arrays["bias_out"], start)

    @property
    def hidden(self) -> int:
        return int(self.weight_out.shape[1])

    def reset_starts(self, tokens: Array, state: list[State], first: int = 0) -> list[State]:
        """`state`, (n, H) arrays, with the initial state in the rows where tokens (n,) start a text.

        `state` is that of the layers from `first` on, and may have h alone.
        """
        begins = (tokens == self.start)[:, None]
        if not begins.any():
            return state
        return [tuple(np.where(begins, *pair) for pair in zip(initial, layer, strict=False))
                for initial, layer in zip(self.initial[first:], state, strict=False)]

    def step(self, tokens: Array, state: list[State],
             touch: Callable[[int, Any, State], State] = lambda k, tape, state: state) -> tuple[list[State], list[Any]]:
        """The state after one more character of n texts, tokens (n,), and the tape of each layer.

        touch   is given a layer's number, its tape and its new state, and returns the state to use
        """
        x, after, tapes = self.table[tokens], [], []
        for k, before in enumerate(self.reset_starts(tokens, state)):
            layer_state, tape = self.cell.step(x, before, self.layers[k])
            layer_state = touch(k, tape, layer_state)
            x = layer_state[0]
            after.append(layer_state)
            tapes.append(tape)
        return after, tapes

    def read(self, tokens: Array, targets: Array, first: list[State] | None = None, warm_up: int = 0) -> Trace:
        """The trace of a text read character by character, from its initial state or from `first`."""
        first = self.initial if first is None else first
        state, rows = [tuple(array[None] for array in layer) for layer in first], []
        for token in tokens:
            state, _ = self.step(np.asarray([token]), state)
            rows.append(state)
        states = [tuple(np.concatenate([row[k][s] for row in rows]) for s in range(len(first[k])))
                  for k in range(len(first))]
        return Trace(np.asarray(tokens), np.asarray(targets), first, states, warm_up)

    def tapes(self, trace: Trace, times: Array) -> tuple[list[Any], Array]:
        """Each layer's tape at the places `times` (n,), and the last layer's output there, (n, H)."""
        before = [tuple(np.where((times == 0)[:, None], first, after[times - 1])
                        for first, after in zip(*layer, strict=True))
                  for layer in zip(trace.first, trace.states, strict=True)]
        after, tapes = self.step(trace.tokens[times], before)
        return tapes, after[-1][0]

    def nats(self, output: Array, targets: Array) -> Array:
        """The loss of each target (n,) for outputs (n, H) of the last layer, in float64."""
        rows = max(_LEAST_ROWS, _LOGITS // len(self.bias_out))
        if len(output) > rows:  # thousands of units, and their logits for a whole text would fill the memory
            return np.concatenate([self.nats(output[at:at + rows], targets[at:at + rows])
                                   for at in range(0, len(output), rows)])
        logits = (output @ self.weight_out.T + self.bias_out).astype(np.float64)
        logits -= logits.max(axis=-1, keepdims=True)
        picked = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
        nats: Array = np.log(np.exp(logits).sum(axis=-1)) - picked
        return nats

    def probabilities(self, output: Array) -> Array:
        """The probability (n, V) of each next character, for outputs (n, H) of the last layer."""
        logits = (output @ self.weight_out.T + self.bias_out).astype(np.float64)
        exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
        probabilities: Array = exps / exps.sum(axis=-1, keepdims=True)
        return probabilities

    def doutput(self, output: Array, targets: Array) -> Array:
        """The gradient of each of these losses with respect to its output, (n, H)."""
        logits = output @ self.weight_out.T + self.bias_out
        dlogits = np.exp(logits - logits.max(axis=-1, keepdims=True))
        dlogits /= dlogits.sum(axis=-1, keepdims=True)
        dlogits[np.arange(len(targets)), targets] -= 1
        gradient: Array = dlogits @ self.weight_out
        return gradient


def trace_of(stack: Stack, recording: Recording) -> Trace:
    """The states of a recording; raises KeyError if the cell has a c that was not kept."""
    letters = stack.cell.letters
    return Trace(recording.tokens, recording.targets, stack.initial,
                 [tuple(recording.signals[letter][k] for letter in letters) for k in range(recording.layers)],
                 recording.warm_up)
