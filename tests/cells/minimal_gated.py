"""A sixth cell, written as anyone would write one: the minimal gated unit (Zhou et al. 2016) without its reset.

    f = sigmoid(W_f x + U_f h- + b_f)    g = tanh(W_g x + U_g h- + b_g)    h = f*h- + (1 - f)*g

`python -m tests.cells.minimal_gated train ...` is charrnn with this cell in it.
"""

from typing import NamedTuple

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State, products, products_backward
from charrnn.cells.numpy_step import sigmoid as numpy_sigmoid
from charrnn.cells.recurrence import hold_output
from charrnn.cells.registry import register
from charrnn.cells.spec import CellSpec, Columns, CompiledStep
from charrnn.cli.main import main
from charrnn.kernels.activations import ONE, sigmoid, tanh
from charrnn.kernels.jit import inner


class Tape(NamedTuple):
    x: Array
    h_before: Array
    f: Array
    g: Array


def step(x: Array, state: State, parameters: Arrays) -> tuple[State, Tape]:
    (h_before,) = state
    f, g = np.split(sum(products(x, h_before, parameters)), 2, axis=1)
    f, g = numpy_sigmoid(f), np.tanh(g)
    return (f * h_before + (1 - f) * g,), Tape(x, h_before, f, g)


def step_backward(dstate: State, tape: Tape, parameters: Arrays, gradients: Arrays | None) -> tuple[Array, State]:
    x, h_before, f, g = tape
    (dh,) = dstate
    dgates = np.concatenate([dh * (h_before - g) * f * (1 - f), dh * (1 - f) * (1 - g * g)], axis=1)
    dx, dh_before = products_backward(dgates, dgates, x, h_before, parameters, gradients)
    return dx, (dh_before + dh * f,)


@inner
def forward(row, gates, extra, h_before, c_before, h, c, H):
    for j in range(H):
        f = sigmoid(gates[j] + row[j])
        g = tanh(gates[H + j] + row[H + j])
        gates[j], gates[H + j] = f, g
        h[j] = g + f * (h_before[j] - g)


@inner
def backward(gates, extra, h_before, c_before, c, dout, dh, dc, dextra, H):
    for j in range(H):
        f, g = gates[j], gates[H + j]
        dhidden = dout[j] + dh[j]
        gates[j] = dhidden * (h_before[j] - g) * f * (ONE - f)
        gates[H + j] = dhidden * (ONE - f) * (ONE - g * g)
        dh[j] = dhidden * f


MINIMAL_GATED = CellSpec(
    name="minimal-gated", gate_names=("f", "g"), has_memory=False, kept=2, recorded={"f": 0, "g": 1}, sigmoid_gates="f",
    step=step, step_backward=step_backward, compiled=CompiledStep(forward, backward, hold_output), learning_rate=8e-3,
    products=(2,), input_columns=(Columns(0, 0, 2),), carries_dh=True, initial_bias={"f": 1.0})

if __name__ == "__main__":
    register(MINIMAL_GATED)
    main()
