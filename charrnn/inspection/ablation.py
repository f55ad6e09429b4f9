"""Layer inspection: mean ablation: how much the loss rises without a cell.

At every step the cell's c is set to its mean, and h = o*tanh(c) follows; the rest of the network runs on. A cell
without c has its h set to its mean, and so has one whose tanh c is pinned at one end: there the output gate alone
speaks. The mean is used because zero may carry information. The network reads the text once for each ablated cell and
once without ablation, all side by side in the same arithmetic, so only the cell makes a difference.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.engine.interface import Engine
from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.held import HeldCell, reader_of
from charrnn.inspection.one_thread import one_blas_thread
from charrnn.inspection.recording import is_pinned
from charrnn.inspection.stack import Stack, Trace, refuse_overflow
from charrnn.inspection.statistics import block_error

OnStep = Callable[[int], None]
BEFORE = "before "  # conditions on the next character begin with it
_BLOCK = 64  # places whose losses are computed together

DEFINITIONS = {
    "ablation": "bits a character lost when the cell alone is ablated: its c is set to its mean at every step and "
                "h = o tanh(c) follows (GRU, plain RNN, and a saturated cell: its h is set); warm-up left out. Other "
                "cells may know the same, so a small cost does not show that the knowledge is useless",
    "by condition": "the same mean, only over the places where the condition holds",
    "most": "the kind of next character before which the ablation costs most: the one whose cost less two standard "
            "errors is highest, of all kinds, signs and digits that come 10 times or more",
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
    """The cost of holding a signal of one cell, c or h, at `value`: everywhere, and where each condition holds (None:
    nowhere)."""

    cell: CellName
    signal: str
    value: float
    overall: Cost
    by: dict[str, Cost | None]

    @property
    def most(self) -> tuple[str, Cost] | None:
        """The kind of next character before which it costs most, by the lower end of the interval of two standard
        errors; None if no condition on the next character was measured."""
        known = [(cost.bits - 2 * cost.error, name, cost) for name, cost in self.by.items()
                 if name.startswith(BEFORE) and cost is not None and not math.isnan(cost.error)]
        return max(known)[1:] if known else None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for a file or a page."""
        def plain(cost: Cost | None) -> dict[str, Any] | None:
            if cost is None:
                return None
            error = None if math.isnan(cost.error) else round(cost.error, 5)
            return {"bits": round(cost.bits, 5), "se": error, "places": cost.places}

        return {"cell": str(self.cell), "signal": self.signal, "value": round(self.value, 5),
                "overall": plain(self.overall), "by": {name: plain(cost) for name, cost in self.by.items()}}


def means(trace: Trace) -> tuple[Array, Array]:
    """The value (L, H) at which each cell is held, and whether it is its h: the mean of c, or of h where there is no c
    or where it is pinned; without the warm-up."""
    states = [[array[trace.warm_up:] for array in layer] for layer in trace.states]
    holds_h = np.stack([np.ones(h.shape[1], bool) if not c else is_pinned(c[0]) for h, *c in states])
    h, last = (np.stack([layer[n].mean(axis=0, dtype=np.float64) for layer in states]) for n in (0, -1))
    return np.where(holds_h, h, last), holds_h


@one_blas_thread
@refuse_overflow()
def ablate(stack: Stack, trace: Trace, cells: Sequence[CellName], conditions: Mapping[str, Array] | None = None,
           values: Sequence[float] | None = None, on_step: OnStep = lambda steps: None,
           engine: Engine | None = None) -> list[Ablation]:
    """The cost of ablating each of `cells` alone, over the places after the warm-up of `trace`.

    conditions   by name, (T,) bool: places over which the cost is also averaged
    values       the value of c (or of h, as in means()) for each cell; None is its mean
    on_step      is told after each block how many characters were read
    engine       that of the stack: it then reads, in its own precision
    """
    at = [cell.layer for cell in cells], [cell.unit for cell in cells]
    middle, holds_h = (array[at].tolist() for array in means(trace))
    values = middle if values is None else values
    held = [HeldCell(cell, "h" if of_h else "c", value)
            for cell, of_h, value in zip(cells, holds_h, values, strict=True)]
    lost = losses(stack, trace, held, on_step, engine)
    lost = (lost[:, :-1] - lost[:, -1:])[trace.warm_up:] / math.log(2)
    masks = {name: mask[trace.warm_up:] for name, mask in (conditions or {}).items()}
    everywhere = np.ones(len(lost), bool)
    return [Ablation(one.cell, one.signal, one.value, _cost(lost[:, n], everywhere), {
                name: _cost(lost[:, n], mask) if mask.any() else None for name, mask in masks.items()})
            for n, one in enumerate(held)]


def losses(stack: Stack, trace: Trace, cells: Sequence[HeldCell], on_step: OnStep = lambda steps: None,
           engine: Engine | None = None) -> Array:
    """The loss in nats of every place with each cell held, and in the last column with none, (T, n + 1)."""
    rows, first = len(cells) + 1, [tuple(array[None] for array in layer) for layer in trace.first]
    reader = reader_of(stack, first, rows, dict(enumerate(cells)), engine)
    nats, outputs = np.empty((len(trace), rows)), []
    for t, token in enumerate(trace.tokens):
        outputs.append(reader.step(np.full(rows, token, np.int32)))
        if len(outputs) == _BLOCK or t == len(trace) - 1:
            part = slice(t + 1 - len(outputs), t + 1)
            nats[part] = stack.nats(np.stack(outputs), np.repeat(trace.targets[part, None], rows, axis=1))
            on_step(len(outputs) * rows)
            outputs.clear()
    return nats


def _cost(lost: Array, counted: Array) -> Cost:
    return Cost(float(lost[counted].mean()), block_error(lost, counted), int(np.count_nonzero(counted)))
