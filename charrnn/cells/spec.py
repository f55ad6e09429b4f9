"""Layer cells: what a cell tells of itself. Everything that differs from cell to cell, beside its equations, is a
field here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from charrnn.cells.numpy_step import Array, Arrays, State


class Extra(NamedTuple):
    """A parameter of a layer that only this cell has, beside weights and bias: `rows` numbers a unit."""

    name: str
    rows: int


class Columns(NamedTuple):
    """A stretch of the kept gates, counted in gates: the input's gradient for `width` gates from `gate` on."""

    kept: int  # where they stand among the kept columns
    gate: int  # which gates of W, U and b they are
    width: int


@dataclass(frozen=True)
class CompiledStep:
    """The functions on one sequence (a row) that recurrence.py and generate.py put into their loops.

    forward    (row, gates, extra, h_before, c_before, h, c, H): gates (K*H) come in as U h- for the gates of the first
               product and leave as what is kept; h, c (H) are set. row (G*H) is W x + b. A cell of two products sets
               no h here, but what the second product multiplies, in the last kept column.
    backward   (gates, extra, h_before, c_before, c, dout, dh, dc, dextra, H): the kept gates become the gradients of
               their pre-activations. dh (H) comes in as the gradient of h, and leaves as the share of it that skips
               the gates
    hold       (row, product, gates, extra, c, h, unit, value, H): sets a unit to a value while sampling: (c, tanh c),
               or (h, h) in a cell without memory

    Where `finish` is given, the gates that the first product left out wait for what `forward` made:

    finish            (gates, h_before, h, H): the second product is in its column by now; sets h
    finish_backward   (gates, h_before, dout, dh, H): the backward pass of `finish`, before `backward`, which then
                      gets the gradient of what the second product multiplied as its dout

    Where `scale` is given, U multiplies what it makes of h-, and not h- itself; such a cell carries dh, and has one
    product:

    scale            (row, gates, h_before, H): before the product; puts that into the last kept column
    scale_backward   (gates, h_before, dread, dh, H): after `backward` and the product, which made dread (H), the
                     gradient of what U multiplied; dh gains its share
    """

    forward: Any
    backward: Any
    hold: Any
    finish: Any = None
    finish_backward: Any = None
    scale: Any = None
    scale_backward: Any = None


@dataclass(frozen=True)
class CellSpec:
    """One kind of cell.

    gate_names     in the order in which W, b, and U as far as it goes stack them; names on the tape
    has_memory     whether the state is (h, c) instead of (h,)
    kept           K, columns of H numbers that the compiled steps keep of each character
    recorded       the kept column of each gate that an inspection shows
    sigmoid_gates  those that open and shut
    step, step_backward   in NumPy, see numpy_step.py
    learning_rate  the highest that trained well at one layer of 256, measured on tiny Shakespeare
    products       gates in each product with U; the second one waits for the first. Gates that come last may be in
                   none: they see x alone
    input_columns  where the kept columns hold the gradients of W x + b
    carries_dh     whether part of the gradient of h goes straight to the h before
    extra          the parameter that other cells do not have
    extra_column   the kept column whose gradients, summed, are those of `extra`; -1 where `backward` adds them up
                   itself
    initial_bias   of single gates, where it is not 0
    rate_per_layer whether the learning rate is divided by the number of layers
    """

    name: str
    gate_names: tuple[str, ...]
    has_memory: bool
    kept: int
    recorded: Mapping[str, int]
    sigmoid_gates: str
    step: Callable[[Array, State, Arrays], tuple[State, Any]]
    step_backward: Callable[[State, Any, Arrays, Arrays | None], tuple[Array, State]]
    compiled: CompiledStep
    learning_rate: float
    products: tuple[int, ...]
    input_columns: tuple[Columns, ...]
    carries_dh: bool = False
    extra: Extra | None = None
    extra_column: int = -1
    initial_bias: Mapping[str, float] = field(default_factory=dict)
    rate_per_layer: bool = False

    @property
    def gates(self) -> int:
        """G."""
        return len(self.gate_names)

    @property
    def recurrent_gates(self) -> int:
        """Those that U has rows for."""
        return sum(self.products)

    @property
    def letters(self) -> str:
        """The arrays of its state."""
        return "hc" if self.has_memory else "h"
