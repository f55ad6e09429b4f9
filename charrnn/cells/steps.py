"""Layer cells: one time step of each cell in plain NumPy, forward next to backward.

A step takes the input x and the state before it, and gives back the state after it and a tape: what happened
inside, by name, which is all that the way back needs. The kernels are held to these functions, and to see
inside a single step is to read its tape. Any float dtype. The equations use these names:

    N sequences side by side    D width of the input    H hidden units    G gates of the cell (1, 4, 3)
    W = weight_ih (G*H, D)    U = weight_hh (G*H, H)    b = bias (G*H)    * element by element

A step back adds the gradients of the parameters to `gradients`; None does without them, and without their cost.
Going back, slopes are in terms of what came out: y = tanh(a) has 1 - y*y, y = sigmoid(a) has y*(1 - y).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray
Arrays = dict[str, Array]  # the parameters of one layer by name, or their gradients
State = tuple[Array, ...]  # (h,), or (h, c) for a cell with memory; each (N, H)


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), written with tanh because that never overflows."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


def _products(x: Array, h_before: Array, parameters: Arrays) -> tuple[Array, Array]:
    """W x + b and U h, the two halves of every gate, each (N, G*H)."""
    return x @ parameters["weight_ih"].T + parameters["bias"], h_before @ parameters["weight_hh"].T


def _products_backward(
    dinput: Array, drecurrent: Array, x: Array, h_before: Array, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, Array]:
    """dx (N, D) and dh_before (N, H) from the gradients of the two halves; adds dW, dU, db to `gradients`."""
    if gradients is not None:
        gradients["weight_ih"] += dinput.T @ x
        gradients["weight_hh"] += drecurrent.T @ h_before
        gradients["bias"] += dinput.sum(axis=0)
    return dinput @ parameters["weight_ih"], drecurrent @ parameters["weight_hh"]


class RnnTape(NamedTuple):
    x: Array  # (N, D)
    h_before: Array  # (N, H), and so the rest
    h: Array


def rnn_step(x: Array, state: State, parameters: Arrays) -> tuple[State, RnnTape]:
    """The state after one step of the simple recurrent network (Elman 1990), and its tape.

    h = tanh(W x + U h_before + b)

    All it remembers is h, and every step sends all of it through U and tanh: what it knows soon fades or is
    overwritten, and so does the gradient on the way back.
    """
    (h_before,) = state
    from_input, from_before = _products(x, h_before, parameters)
    h = np.tanh(from_input + from_before)
    return (h,), RnnTape(x, h_before, h)


def rnn_step_backward(
    dstate: State, tape: RnnTape, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, State]:
    """dx and the gradient of the state before the step; adds to `gradients`."""
    x, h_before, h = tape
    (dh,) = dstate
    dgates = dh * (1 - h * h)
    dx, dh_before = _products_backward(dgates, dgates, x, h_before, parameters, gradients)
    return dx, (dh_before,)


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
    """The state after one step of long short-term memory, and its tape.

    i = sigmoid(W_i x + U_i h_before + b_i)    input gate: how much of the new is written
    f = sigmoid(W_f x + U_f h_before + b_f)    forget gate: how much of the old is kept
    g = tanh   (W_g x + U_g h_before + b_g)    the new: what may be written
    o = sigmoid(W_o x + U_o h_before + b_o)    output gate: how much of the memory is shown
    c = f*c_before + i*g                       the memory cell
    h = o*tanh(c)                              what the next layer and the next step see

    The memory is a sum: with f near 1 and i near 0 a unit holds its c for as long as it likes, and on the way
    back the gradient passes through that same sum undiminished.
    (Hochreiter & Schmidhuber 1997; the forget gate is by Gers, Schmidhuber & Cummins 2000.)
    """
    h_before, c_before = state
    from_input, from_before = _products(x, h_before, parameters)
    i, f, g, o = np.split(from_input + from_before, 4, axis=1)  # the order in W, U, b
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
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
    dx, dh_before = _products_backward(dgates, dgates, x, h_before, parameters, gradients)
    return dx, (dh_before, dc * f)


class PeepholeTape(NamedTuple):
    x: Array  # (N, D)
    h_before: Array  # (N, H), and so the rest
    c_before: Array
    c: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array


def peephole_step(x: Array, state: State, parameters: Arrays) -> tuple[State, PeepholeTape]:
    """The state after one step of the LSTM with peepholes, and its tape.

    i = sigmoid(W_i x + U_i h_before + b_i + p_i*c_before)
    f = sigmoid(W_f x + U_f h_before + b_f + p_f*c_before)
    g = tanh   (W_g x + U_g h_before + b_g)
    c = f*c_before + i*g
    o = sigmoid(W_o x + U_o h_before + b_o + p_o*c)    this gate sees the new memory
    h = o*tanh(c)

    A gate of the plain LSTM sees the memory only as far as o showed it: with o shut it is blind. Here each unit's gates
    see its own c, which helps to count and to keep time. p = weight_peep (3*H) stacks i, f, o, one weight a unit.
    (Gers & Schmidhuber 2000.)
    """
    h_before, c_before = state
    from_input, from_before = _products(x, h_before, parameters)
    i, f, g, o = np.split(from_input + from_before, 4, axis=1)
    peep_i, peep_f, peep_o = np.split(parameters["weight_peep"], 3)
    i, f, g = sigmoid(i + peep_i * c_before), sigmoid(f + peep_f * c_before), np.tanh(g)
    c = f * c_before + i * g
    o, tanh_c = sigmoid(o + peep_o * c), np.tanh(c)
    h = o * tanh_c
    return (h, c), PeepholeTape(x, h_before, c_before, c, i, f, g, o, tanh_c)


def peephole_step_backward(
    dstate: State, tape: PeepholeTape, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, State]:
    """dx and the gradient of the state before the step; adds to `gradients`."""
    x, h_before, c_before, c, i, f, g, o, tanh_c = tape
    peep_i, peep_f, peep_o = np.split(parameters["weight_peep"], 3)
    dh, dc = dstate
    dgate_o = dh * tanh_c * o * (1 - o)
    # c acts three times: through h now, through what o saw of it, and through the next step's c.
    dc = dc + dh * o * (1 - tanh_c * tanh_c) + dgate_o * peep_o
    dgate_i, dgate_f, dgate_g = dc * g * i * (1 - i), dc * c_before * f * (1 - f), dc * i * (1 - g * g)
    if gradients is not None:
        gradients["weight_peep"] += np.concatenate(
            [(dgate_i * c_before).sum(axis=0), (dgate_f * c_before).sum(axis=0), (dgate_o * c).sum(axis=0)])
    dgates = np.concatenate([dgate_i, dgate_f, dgate_g, dgate_o], axis=1)
    dx, dh_before = _products_backward(dgates, dgates, x, h_before, parameters, gradients)
    return dx, (dh_before, dc * f + dgate_i * peep_i + dgate_f * peep_f)


class GruTape(NamedTuple):
    x: Array  # (N, D)
    h_before: Array  # (N, H), and so the rest
    r: Array
    z: Array
    n: Array
    recalled: Array


def gru_step(x: Array, state: State, parameters: Arrays) -> tuple[State, GruTape]:
    """The state after one step of the gated recurrent unit, and its tape.

    r = sigmoid(W_r x + U_r h_before + b_r)    reset gate: how much of what is recalled shapes the new
    z = sigmoid(W_z x + U_z h_before + b_z)    update gate: how much of the old is kept
    n = tanh(W_n x + b_n + r*recalled)         the new, with recalled = U_n h_before + bias_n
    h = (1 - z)*n + z*h_before

    It holds its memory in h itself: with z near 1 a unit keeps its value, with z near 0 it takes the new one.
    (Cho et al. 2014, who reset h before the product with U_n. PyTorch and cuDNN reset after it, and so do we:
    all of U h is then one product, and the reset has a bias of its own inside, `bias_n` (H).)
    """
    (h_before,) = state
    from_input, from_before = _products(x, h_before, parameters)
    input_r, input_z, input_n = np.split(from_input, 3, axis=1)  # W, U, b stack the gates in this order
    before_r, before_z, before_n = np.split(from_before, 3, axis=1)
    recalled = before_n + parameters["bias_n"]
    r, z = sigmoid(input_r + before_r), sigmoid(input_z + before_z)
    n = np.tanh(input_n + r * recalled)
    h = (1 - z) * n + z * h_before
    return (h,), GruTape(x, h_before, r, z, n, recalled)


def gru_step_backward(
    dstate: State, tape: GruTape, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, State]:
    """dx and the gradient of the state before the step; adds to `gradients`."""
    x, h_before, r, z, n, recalled = tape
    (dh,) = dstate
    dinput_n = dh * (1 - z) * (1 - n * n)
    drecalled = dinput_n * r
    dgate_r = dinput_n * recalled * r * (1 - r)
    dgate_z = dh * (h_before - n) * z * (1 - z)
    if gradients is not None:
        gradients["bias_n"] += drecalled.sum(axis=0)
    # The two halves of r and z are simply added, so they share a gradient; those of n meet at the reset gate.
    dinput = np.concatenate([dgate_r, dgate_z, dinput_n], axis=1)
    drecurrent = np.concatenate([dgate_r, dgate_z, drecalled], axis=1)
    dx, dh_before = _products_backward(dinput, drecurrent, x, h_before, parameters, gradients)
    return dx, (dh_before + dh * z,)


class GruOriginalTape(NamedTuple):
    x: Array  # (N, D)
    h_before: Array  # (N, H), and so the rest
    r: Array
    z: Array
    n: Array


def gru_original_step(x: Array, state: State, parameters: Arrays) -> tuple[State, GruOriginalTape]:
    """The state after one step of the gated recurrent unit as it was published first, and its tape.

    r = sigmoid(W_r x + U_r h_before + b_r)
    z = sigmoid(W_z x + U_z h_before + b_z)
    n = tanh(W_n x + U_n (r*h_before) + b_n)
    h = (1 - z)*n + z*h_before

    What is reset is a unit's own value, before others get to see it; in the GRU above it is what they all recalled
    together. The product with U_n must wait for r. (Cho et al. 2014, Chung et al. 2014.)
    """
    (h_before,) = state
    input_r, input_z, input_n = np.split(x @ parameters["weight_ih"].T + parameters["bias"], 3, axis=1)
    U_r, U_z, U_n = np.split(parameters["weight_hh"], 3)
    r, z = sigmoid(input_r + h_before @ U_r.T), sigmoid(input_z + h_before @ U_z.T)
    n = np.tanh(input_n + (r * h_before) @ U_n.T)
    h = (1 - z) * n + z * h_before
    return (h,), GruOriginalTape(x, h_before, r, z, n)


def gru_original_step_backward(
    dstate: State, tape: GruOriginalTape, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, State]:
    """dx and the gradient of the state before the step; adds to `gradients`."""
    x, h_before, r, z, n = tape
    (dh,) = dstate
    U_r, U_z, U_n = np.split(parameters["weight_hh"], 3)
    dgate_n = dh * (1 - z) * (1 - n * n)
    dgate_z = dh * (h_before - n) * z * (1 - z)
    dreset = dgate_n @ U_n  # the gradient of r*h_before
    dgate_r = dreset * h_before * r * (1 - r)
    dgates = np.concatenate([dgate_r, dgate_z, dgate_n], axis=1)
    if gradients is not None:
        gradients["weight_ih"] += dgates.T @ x
        gradients["bias"] += dgates.sum(axis=0)
        gradients["weight_hh"] += np.concatenate(
            [dgate_r.T @ h_before, dgate_z.T @ h_before, dgate_n.T @ (r * h_before)])
    return dgates @ parameters["weight_ih"], (dgate_r @ U_r + dgate_z @ U_z + dreset * r + dh * z,)


class Cell(NamedTuple):
    """One kind of cell; the steps of all kinds have the same signature, so a stack is written only once.

    `gate_names` are in the order in which W, U and b stack the gates, and are names on the tape.
    `has_memory` tells whether the state is (h, c) instead of (h,).
    """

    gate_names: tuple[str, ...]
    has_memory: bool
    step: Callable[[Array, State, Arrays], tuple[State, Any]]
    step_backward: Callable[[State, Any, Arrays, Arrays | None], tuple[Array, State]]

    @property
    def gates(self) -> int:
        return len(self.gate_names)


CELLS = {
    "rnn": Cell(("h",), False, rnn_step, rnn_step_backward),
    "lstm": Cell(("i", "f", "g", "o"), True, lstm_step, lstm_step_backward),
    "gru": Cell(("r", "z", "n"), False, gru_step, gru_step_backward),
    "peephole": Cell(("i", "f", "g", "o"), True, peephole_step, peephole_step_backward),
    "gru-original": Cell(("r", "z", "n"), False, gru_original_step, gru_original_step_backward),
}
