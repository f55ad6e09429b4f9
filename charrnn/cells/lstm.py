"""Layer cells: long short-term memory (Hochreiter & Schmidhuber 1997; forget gate by Gers, Schmidhuber & Cummins 2000).

    i = sigmoid(W_i x + U_i h- + b_i)    input gate: how much of the new is written
    f = sigmoid(W_f x + U_f h- + b_f)    forget gate: how much of the old is kept
    g = tanh   (W_g x + U_g h- + b_g)    the new: what may be written
    o = sigmoid(W_o x + U_o h- + b_o)    output gate: how much of the memory is shown
    c = f*c- + i*g                       the cell state
    h = o*tanh(c)                        what the next layer and the next step see

The memory is a sum: with f near 1 and i near 0 a unit holds its c for as long as it likes, and in the backward pass the
gradient passes through that same sum undiminished. The forget bias starts at 1, so that a new network remembers.
"""

from typing import NamedTuple

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State, products, products_backward
from charrnn.cells.numpy_step import sigmoid as numpy_sigmoid
from charrnn.cells.spec import CellSpec, Columns, CompiledStep
from charrnn.kernels.activations import ONE, sigmoid, tanh
from charrnn.kernels.jit import inner


class LstmTape(NamedTuple):
    x: Array  # (N, D)
    h_before: Array  # (N, H), and so the rest
    c_before: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array


def lstm_step(x: Array, state: State, parameters: Arrays) -> tuple[State, LstmTape]:
    """The state after one step, and its tape."""
    h_before, c_before = state
    from_input, from_before = products(x, h_before, parameters)
    i, f, g, o = np.split(from_input + from_before, 4, axis=1)  # the order in W, U, b
    i, f, g, o = numpy_sigmoid(i), numpy_sigmoid(f), np.tanh(g), numpy_sigmoid(o)
    c = f * c_before + i * g
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return (h, c), LstmTape(x, h_before, c_before, i, f, g, o, tanh_c)


def lstm_step_backward(
    dstate: State, tape: LstmTape, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, State]:
    """dx and the gradient of the state before the step; adds to `gradients`."""
    x, h_before, c_before, i, f, g, o, tanh_c = tape
    dh, dc = dstate
    # c acts twice: through h now, and through the next step's c, whose gradient came in as dc.
    dc = dc + dh * o * (1 - tanh_c * tanh_c)
    di, df, dg, do = dc * g, dc * c_before, dc * i, dh * tanh_c
    dgates = np.concatenate(
        [di * i * (1 - i), df * f * (1 - f), dg * (1 - g * g), do * o * (1 - o)], axis=1)
    dx, dh_before = products_backward(dgates, dgates, x, h_before, parameters, gradients)
    return dx, (dh_before, dc * f)


@inner
def lstm_forward(row, gates, extra, h_before, c_before, h, c, H):
    """One character of one sequence: gates (4H) come in as U h- and leave as i f g o."""
    for j in range(H):
        i = sigmoid(gates[j] + row[j])
        f = sigmoid(gates[H + j] + row[H + j])
        g = tanh(gates[2 * H + j] + row[2 * H + j])
        o = sigmoid(gates[3 * H + j] + row[3 * H + j])
        cell = f * c_before[j] + i * g
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = i, f, g, o
        c[j] = cell
        h[j] = o * tanh(cell)


@inner
def lstm_backward(gates, extra, h_before, c_before, c, dout, dh, dc, dextra, H):
    """One character back: i f g o in gates (4H) are replaced by the gradients of their pre-activations."""
    for j in range(H):
        i, f, g, o = gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j]
        squashed = tanh(c[j])
        dhidden = dout[j] + dh[j]
        dcell = dc[j] + dhidden * o * (ONE - squashed * squashed)
        gates[j] = dcell * g * i * (ONE - i)
        gates[H + j] = dcell * c_before[j] * f * (ONE - f)
        gates[2 * H + j] = dcell * i * (ONE - g * g)
        gates[3 * H + j] = dhidden * squashed * o * (ONE - o)
        dc[j] = dcell * f


@inner
def lstm_hold(row, product, gates, extra, c, h, unit, value, H):
    """Sets the memory of a unit to value, (c, tanh c)."""
    c[unit] = value[0]
    h[unit] = gates[3 * H + unit] * value[1]


LSTM = CellSpec(
    name="lstm", gate_names=("i", "f", "g", "o"), has_memory=True, kept=4, recorded={"i": 0, "f": 1, "g": 2, "o": 3},
    sigmoid_gates="ifo", step=lstm_step, step_backward=lstm_step_backward,
    compiled=CompiledStep(lstm_forward, lstm_backward, lstm_hold), learning_rate=2.2e-2, products=(4,),
    input_columns=(Columns(0, 0, 4),), initial_bias={"f": 1.0})
