"""Layer cells: the simple recurrent network (Elman 1990).

    h = tanh(W x + U h- + b)

All it remembers is h, and every step sends all of it through U and tanh: what it knows soon fades or is overwritten,
and so does the gradient in the backward pass.
"""

from typing import NamedTuple

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State, products, products_backward
from charrnn.cells.recurrence import hold_output
from charrnn.cells.spec import CellSpec, Columns, CompiledStep
from charrnn.kernels.activations import ONE, tanh
from charrnn.kernels.jit import inner


class RnnTape(NamedTuple):
    x: Array  # (N, D)
    h_before: Array  # (N, H), and so the rest
    h: Array


def rnn_step(x: Array, state: State, parameters: Arrays) -> tuple[State, RnnTape]:
    """The state after one step, and its tape."""
    (h_before,) = state
    from_input, from_before = products(x, h_before, parameters)
    h = np.tanh(from_input + from_before)
    return (h,), RnnTape(x, h_before, h)


def rnn_step_backward(
    dstate: State, tape: RnnTape, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, State]:
    """dx and the gradient of the state before the step; adds to `gradients`."""
    x, h_before, h = tape
    (dh,) = dstate
    dgates = dh * (1 - h * h)
    dx, dh_before = products_backward(dgates, dgates, x, h_before, parameters, gradients)
    return dx, (dh_before,)


@inner
def rnn_forward(row, gates, extra, h_before, c_before, h, c, H):
    """One character of one sequence: gates (H) come in as U h- and leave as h."""
    for j in range(H):
        hidden = tanh(gates[j] + row[j])
        gates[j] = hidden
        h[j] = hidden


@inner
def rnn_backward(gates, extra, h_before, c_before, c, dout, dh, dc, dextra, H):
    """One character back: h in gates (H) is replaced by the gradient of its pre-activation."""
    for j in range(H):
        hidden = gates[j]
        gates[j] = (dout[j] + dh[j]) * (ONE - hidden * hidden)


RNN = CellSpec(
    name="rnn", gate_names=("h",), has_memory=False, kept=1, recorded={}, sigmoid_gates="",
    step=rnn_step, step_backward=rnn_step_backward, compiled=CompiledStep(rnn_forward, rnn_backward, hold_output),
    learning_rate=5e-3, products=(1,), input_columns=(Columns(0, 0, 1),), rate_per_layer=True)
