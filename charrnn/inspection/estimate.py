"""Layer inspection: what silencing each of all cells would cost, estimated from one pass backward.

    cost of unit u  ~  mean over t of  x + x*x / 2      x = dL/dh_u(t) (silenced h_u(t) - h_u(t))

with o tanh(mean c) for the silenced h of a cell with memory, and mean h for one without. L is the sum of the losses: a
state answers for all that it changes later, except for what it hands on to itself (c, and z*h of a GRU), since it is
silenced there too.

x alone is the straight line through where the network stands (attribution patching). Training has made the sum of
these lines small: what a cell is worth lies in how the loss bends, and for a log-likelihood the mean square of the
slope is that bend (Fisher's information). Of c the loss is no straight line at all where tanh is flat: hence h.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.inspection.ablation import means
from charrnn.inspection.backward import rows_of, step_back
from charrnn.inspection.stack import Stack, Trace

# Places of one stretch, and how many behind it still answer for its states. Stretches are followed side by side.
STRETCH, BEHIND = 128, 128
_TOGETHER = 16  # stretches: the tapes of all their places are kept meanwhile

DEFINITIONS = {
    "estimate": "what silencing the cell would cost, for all cells from one pass backward: mean over t of x + x*x/2 in "
                "bits, x = dL/dh(t) (silenced h(t) - h(t)), L the losses of at least 128 characters behind; the slope, "
                "and its square for how the loss bends",
}


def slopes(stack: Stack, trace: Trace, stretch: int = STRETCH, behind: int = BEHIND
           ) -> Iterator[tuple[Array, list[tuple[Array, Any]]]]:
    """The slope of the sum of the losses by what each unit's h tells others, some places at a time.

    Gives (n,) places, and for each layer the slopes (n, H) and the tape there. Losses count that lie in the stretch of
    a place, and `behind` more.
    """
    T, starts = len(trace), np.arange(0, len(trace), stretch)
    for group in np.array_split(starts, -(-len(starts) // _TOGETHER)):
        first, last = int(group[0]), min(T, int(group[-1]) + stretch + behind)
        tapes, output = stack.tapes(trace, np.arange(first, last))
        tapes = [tape._replace(x=tape.x[:, :0]) for tape in tapes]
        doutput = stack.doutput(output, trace.targets[first:last])
        back = [tuple(np.zeros((len(group), stack.hidden), doutput.dtype) for _ in layer) for layer in stack.initial]
        kept = [layer[0] for layer in back]
        for offset in range(stretch + behind - 1, -1, -1):
            inside = group + offset < T
            rows = np.where(inside, group + offset, group) - first
            here = [rows_of(tape, rows) for tape in tapes]
            states, _, back = step_back(stack, here, back, np.where(inside[:, None], doutput[rows], 0))
            if offset < stretch:
                yield rows[inside] + first, [(layer[0][inside] - own[inside], rows_of(tape, inside))
                                             for layer, own, tape in zip(states, kept, here, strict=True)]
            goes_on = (inside & (trace.tokens[rows + first] != stack.start))[:, None]
            back = [tuple(array * goes_on for array in layer) for layer in back]
            kept = [layer[0] * tape.z * goes_on if hasattr(tape, "z") else own
                    for layer, own, tape in zip(states, kept, here, strict=True)]


def estimate(stack: Stack, trace: Trace, on_step: Callable[[int], None] = lambda steps: None) -> Array:
    """The estimated cost in bits a character of silencing each cell at its mean, (L, H), warm-up left out."""
    middle, total = means(trace), np.zeros((len(stack.layers), stack.hidden))
    for places, layers in slopes(stack, trace):
        counted = places >= trace.warm_up
        for k, (slope, tape) in enumerate(layers):
            h = trace.states[k][0][places]
            silenced = tape.o * np.tanh(middle[k]) if stack.cell.has_memory else middle[k]
            x = (slope * (silenced - h))[counted]
            total[k] += (x + x * x / 2).sum(axis=0)
        on_step(len(places))
    return total / (len(trace) - trace.warm_up) / math.log(2)
