"""Layer inspection: the gradient of many single losses at once, each followed back through its own past.

The losses of n places are the rows of one matrix; k steps back each row uses the tape of its own place t - k. So the
whole past of all of them costs one product a layer and step.

What a state's gradient means: the loss's slope when the state is moved and everything behind it follows. For the c of
an LSTM its own h is among what follows (and the output gate, where it has a peephole); for h, c stays as it is.
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

    states   for each layer, by its state after that character: (h,) or (h, c), (n, H) each
    inputs   by what the first layer read there, (n, D)
    alive    (n,) whether that character is still of the same text; the other rows mean nothing
    """

    states: list[State]
    inputs: Array
    alive: Array


def steps_back(stack: Stack, trace: Trace, places: Array, lags: int) -> Iterator[BackwardStep]:
    """The losses at `places` (n,) followed back: a step for each of 0 .. lags characters."""
    first = max(0, int(places.min()) - lags)
    tapes, output = stack.tapes(trace, np.arange(first, int(places.max()) + 1))
    tapes = [tape._replace(x=tape.x[:, :0]) for tape in tapes]  # only gradients of weights would read it
    dx = stack.doutput(output[places - first], trace.targets[places])
    dstates = [tuple(np.zeros_like(dx) for _ in layer) for layer in stack.initial]
    alive = np.ones(len(places), bool)
    for lag in range(lags + 1):
        times = np.maximum(places - lag, 0)
        states, dx, dstates = step_back(stack, [rows_of(tape, times - first) for tape in tapes], dstates, dx)
        yield BackwardStep(states, dx, alive)
        alive = alive & (places > lag) & (trace.tokens[times] != stack.start)
        dx = np.zeros_like(states[-1][0])  # of the losses themselves, only the last output knows directly


def step_back(stack: Stack, tapes: list[Any], dstates: list[State],
               doutput: Array) -> tuple[list[State], Array, list[State]]:
    """The gradients by a step's states, by its input, and by the states before it.

    dstates   for each layer, what comes back from the step behind: (h,) or (h, c)
    doutput   what comes down on the last layer's h
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
    """The same tape with some of its places, in the order of `rows`."""
    return type(tape)(*(field[rows] for field in tape))
