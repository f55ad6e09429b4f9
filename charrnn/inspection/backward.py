"""Layer inspection: backpropagation of many single losses at once, each through its own past.

The losses of n places are the rows of one matrix; k steps back, each row uses the tape of its own place t - k. So each
step back costs one product per layer for all losses together.

The gradient of a state is the slope of the loss when the state changes and everything computed from it follows. For the
c of an LSTM its own h follows (and the output gate of a peephole LSTM); for h, c stays as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State
from charrnn.inspection.stack import Stack, Trace


@dataclass(frozen=True)
class BackwardStep:
    """The gradients of n losses k characters back.

    states   for each layer, of its state after that character: (h,) or (h, c), (n, H) each
    inputs   of the input of the first layer there, (n, D)
    alive    (n,) whether that character belongs to the same text; the other rows have no meaning
    """

    states: list[State]
    inputs: Array
    alive: Array


def steps_back(stack: Stack, trace: Trace, places: Array, lags: int) -> Iterator[BackwardStep]:
    """Backpropagates the losses at `places` (n,): a step for each of 0 .. lags characters."""
    first = max(0, int(places.min()) - lags)
    tapes, output = stack.tapes(trace, np.arange(first, int(places.max()) + 1))
    tapes = [tape._replace(x=tape.x[:, :0]) for tape in tapes]  # only gradients of weights need x
    dx = stack.doutput(output[places - first], trace.targets[places])
    dstates = [tuple(np.zeros_like(dx) for _ in layer) for layer in stack.initial]
    alive = np.ones(len(places), bool)
    for lag in range(lags + 1):
        times = np.maximum(places - lag, 0)
        states, dx, dstates = step_back(stack, [rows_of(tape, times - first) for tape in tapes], dstates, dx)
        yield BackwardStep(states, dx, alive)
        alive = alive & (places > lag) & (trace.tokens[times] != stack.start)
        dx = np.zeros_like(states[-1][0])  # the loss depends directly only on the last output


def step_back(stack: Stack, tapes: list[Any], dstates: list[State],
              doutput: Array) -> tuple[list[State], Array, list[State]]:
    """The gradients of a step's states, of its input, and of the states before it.

    dstates   for each layer, the gradient from the step after this one: (h,) or (h, c)
    doutput   the gradient of the last layer's h from the output
    """
    dx, of_states, before = doutput, list(dstates), list(dstates)
    for k in reversed(range(len(tapes))):
        dh, *dc = dstates[k]
        dstate = (dh + dx, *dc)
        of_states[k] = (dstate[0], *([memory_gradient(dstate, tapes[k], stack.layers[k])] if dc else []))
        dx, before[k] = stack.cell.step_backward(dstate, tapes[k], stack.layers[k], None)
    return of_states, dx, before


def memory_gradient(dstate: State, tape: Any, parameters: Arrays) -> Array:
    """The gradient of c from that of (h, c) after its step, with h = o*tanh(c) following c."""
    dh, dc = dstate
    gradient: Array = dc + dh * tape.o * (1 - tape.tanh_c * tape.tanh_c)
    if "weight_peep" in parameters:
        gradient = gradient + dh * tape.tanh_c * tape.o * (1 - tape.o) * np.split(parameters["weight_peep"], 3)[2]
    return gradient


def rows_of(tape: Any, rows: Array) -> Any:
    """The tape of some places, in the order of `rows`."""
    return type(tape)(*(field[rows] for field in tape))
