"""Layer engine: a step of a network whose sources are read by an encoder, in NumPy.

The encoder has parameters of its own and no state of its own: the decoder goes on from the state that it leaves. At any
time some rows are inside a source and some inside a target. So both read every row, and each row keeps what its own
reader made of it. A network without an encoder has one reader, the decoder.
"""

from functools import reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State
from charrnn.cells.spec import CellSpec


class LayerReader(NamedTuple):
    """The decoder or the encoder in one layer.

    parameters   by the names that the cells know
    reads        (T, N, 1) true at the places that it reads
    """

    parameters: Arrays
    reads: Array


def encoder_arrays(layer: Arrays) -> Arrays:
    """The encoder's part of a layer's arrays, by the names that the cells know."""
    return {name.removesuffix("_encoder"): array for name, array in layer.items() if name.endswith("_encoder")}


def step(cell: CellSpec, x: Array, before: State, readers: list[LayerReader], t: int) -> tuple[State, Any]:
    """cell.step() at time t: the state and the tape, of each row those of its reader."""
    state, tape = cell.step(x, before, readers[0].parameters)
    for parameters, reads in readers[1:]:
        other, other_tape = cell.step(x, before, parameters)
        state = tuple(np.where(reads[t], *pair) for pair in zip(other, state, strict=True))
        tape = type(tape)(*(np.where(reads[t], *pair) for pair in zip(other_tape, tape, strict=True)))
    return state, tape


def step_backward(cell: CellSpec, dstate: State, tape: Any, readers: list[LayerReader], gradients: list[Arrays],
                  t: int) -> tuple[Array, State]:
    """cell.step_backward() at time t. Rows that a reader did not read have no part in its gradients."""
    parts = [cell.step_backward(tuple(np.where(reads[t], array, 0) for array in dstate), tape, parameters, own)
             for (parameters, reads), own in zip(readers, gradients, strict=True)]
    return (reduce(add, (dx for dx, _ in parts)),
            tuple(reduce(add, arrays) for arrays in zip(*(dbefore for _, dbefore in parts), strict=True)))
