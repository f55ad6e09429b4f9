"""Layer inspection: the cost of ablating each cell, estimated for all cells from one backward pass.

    cost of unit u  ~  mean over t of  x + x*x / 2      x = dL/dh_u(t) (ablated h_u(t) - h_u(t))

The ablated h is o tanh(mean c) for a cell with c, and mean h for one without and for one whose c is pinned. L is the
sum of the losses. The gradient covers all later effects of h but those through the cell's own state (c, and z*h of a
GRU), which is ablated there too.

x alone is the first-order estimate (attribution patching). Training makes the sum of the slopes small, so the curvature
decides, and for a log-likelihood the mean squared slope is the curvature (Fisher information). The slope is that of h,
not of c, because the loss is far from linear in c where tanh is flat.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.inspection.ablation import means
from charrnn.inspection.backward import rows_of, step_back
from charrnn.inspection.one_thread import one_blas_thread
from charrnn.inspection.stack import Stack, Trace, refuse_overflow

# Places of one stretch, and how many places after it count as its effects. Stretches are computed side by side.
STRETCH, AFTER = 128, 128
_TOGETHER = 16  # stretches whose tapes are in memory at once

DEFINITIONS = {
    "estimate": "what ablating the cell would cost, for all cells from one backward pass: mean over t of x + x*x/2 in "
                "bits, x = dL/dh(t) (ablated h(t) - h(t)), L the losses of at least 128 later characters; the slope, "
                "and its square for the curvature",
}


def slopes(stack: Stack, trace: Trace, stretch: int = STRETCH, after: int = AFTER
           ) -> Iterator[tuple[Array, list[tuple[Array, Any]]]]:
    """The gradient of the sum of the losses with respect to each unit's h, without the path through its own state.

    Yields (n,) places at a time, and for each layer the gradients (n, H) and the tape there. The losses of a place are
    those of its stretch, and of `after` more places.
    """
    T, starts = len(trace), np.arange(0, len(trace), stretch)
    for group in np.array_split(starts, -(-len(starts) // _TOGETHER)):
        first, last = int(group[0]), min(T, int(group[-1]) + stretch + after)
        tapes, output = stack.tapes(trace, np.arange(first, last))
        tapes = [tape._replace(x=tape.x[:, :0]) for tape in tapes]
        doutput = stack.doutput(output, trace.targets[first:last])
        back = [tuple(np.zeros((len(group), stack.hidden), doutput.dtype) for _ in layer) for layer in stack.initial]
        kept = [layer[0] for layer in back]
        for offset in range(stretch + after - 1, -1, -1):
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


@one_blas_thread
@refuse_overflow()
def estimate(stack: Stack, trace: Trace, on_step: Callable[[int], None] = lambda steps: None) -> Array:
    """The estimated cost in bits a character of holding each cell at its mean, (L, H), without the warm-up."""
    (middle, holds_h), total = means(trace), np.zeros((len(stack.layers), stack.hidden))
    for places, layers in slopes(stack, trace):
        counted = places >= trace.warm_up
        for k, (slope, tape) in enumerate(layers):
            h = trace.states[k][0][places]
            ablated = np.where(holds_h[k], middle[k], tape.o * np.tanh(middle[k]) if stack.cell.has_memory else 0)
            x = (slope * (ablated - h))[counted]
            total[k] += (x + x * x / 2).sum(axis=0)
        on_step(len(places))
    return total / (len(trace) - trace.warm_up) / math.log(2)
