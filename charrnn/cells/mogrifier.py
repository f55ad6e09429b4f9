"""Layer cells: a gated recurrent unit with one round of the Mogrifier (Melis, Kocisky & Blunsom 2020).

    m = sigmoid(W_m x + b_m)             how much of each unit is read
    q = 2*m*h-                           what U multiplies in place of h-; with m at 0.5 it is the GRU of gru.py
    r = sigmoid(W_r x + U_r q + b_r)
    z = sigmoid(W_z x + U_z q + b_z)
    s = U_n q + bias_n
    n = tanh(W_n x + b_n + r*s)
    h = (1 - z)*n + z*h-

Melis et al. let x and h- scale each other in turn, five rounds before each step of an LSTM. This is the round that
scales h-, by x alone. The character decides how much of each unit the gates and the new n see: nothing, or up to twice
its value. The value itself stays as it is. It costs no product of h: W_m x is one block more of W x, in the first
layer of a row of a table.

The compiled steps keep what a GRU keeps, r z s n, then m and q.
"""

from typing import NamedTuple

import numpy as np

from charrnn.cells.gru import GRU
from charrnn.cells.numpy_step import Array, Arrays, State
from charrnn.cells.numpy_step import sigmoid as numpy_sigmoid
from charrnn.cells.spec import CellSpec, Columns, CompiledStep
from charrnn.kernels.activations import ONE, sigmoid
from charrnn.kernels.jit import inner

_TWO = np.float32(2)


class MogrifierTape(NamedTuple):
    x: Array  # (N, D)
    h_before: Array  # (N, H), and so the rest
    m: Array
    q: Array
    r: Array
    z: Array
    n: Array
    s: Array


def mogrifier_step(x: Array, state: State, parameters: Arrays) -> tuple[State, MogrifierTape]:
    """The state after one step, and its tape."""
    (h_before,) = state
    from_input = x @ parameters["weight_ih"].T + parameters["bias"]
    input_r, input_z, input_n, input_m = np.split(from_input, 4, axis=1)
    m = numpy_sigmoid(input_m)
    q = 2 * m * h_before
    before_r, before_z, before_n = np.split(q @ parameters["weight_hh"].T, 3, axis=1)
    s = before_n + parameters["bias_n"]
    r, z = numpy_sigmoid(input_r + before_r), numpy_sigmoid(input_z + before_z)
    n = np.tanh(input_n + r * s)
    h = (1 - z) * n + z * h_before
    return (h,), MogrifierTape(x, h_before, m, q, r, z, n, s)


def mogrifier_step_backward(
    dstate: State, tape: MogrifierTape, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, State]:
    """dx and the gradient of the state before the step; adds to `gradients`."""
    x, h_before, m, q, r, z, n, s = tape
    (dh,) = dstate
    dgate_n = dh * (1 - z) * (1 - n * n)
    ds = dgate_n * r
    dgate_r = dgate_n * s * r * (1 - r)
    dgate_z = dh * (h_before - n) * z * (1 - z)
    drecurrent = np.concatenate([dgate_r, dgate_z, ds], axis=1)
    dq = drecurrent @ parameters["weight_hh"]
    dgate_m = 2 * dq * h_before * m * (1 - m)
    dinput = np.concatenate([dgate_r, dgate_z, dgate_n, dgate_m], axis=1)
    if gradients is not None:
        gradients["weight_ih"] += dinput.T @ x
        gradients["weight_hh"] += drecurrent.T @ q
        gradients["bias"] += dinput.sum(axis=0)
        gradients["bias_n"] += ds.sum(axis=0)
    return dinput @ parameters["weight_ih"], (2 * dq * m + dh * z,)


@inner
def scale_forward(row, gates, h_before, H):
    """m and q of one character of one sequence, into the last two columns of gates (6H)."""
    for j in range(H):
        m = sigmoid(row[3 * H + j])
        gates[4 * H + j] = m
        gates[5 * H + j] = _TWO * m * h_before[j]


@inner
def scale_backward(gates, h_before, dq, dh, H):
    """Backward through q (H): m is replaced by the gradient of its pre-activation; dh gains what came through q."""
    for j in range(H):
        m, share = gates[4 * H + j], _TWO * dq[j]
        gates[4 * H + j] = share * h_before[j] * m * (ONE - m)
        dh[j] += share * m


MOGRIFIER = CellSpec(
    name="mogrifier", gate_names=("r", "z", "n", "m"), has_memory=False, kept=6,
    recorded={"r": 0, "z": 1, "n": 3, "m": 4}, sigmoid_gates="rzm",
    step=mogrifier_step, step_backward=mogrifier_step_backward,
    compiled=CompiledStep(GRU.compiled.forward, GRU.compiled.backward, GRU.compiled.hold, scale=scale_forward,
                          scale_backward=scale_backward),
    learning_rate=GRU.learning_rate, products=GRU.products, input_columns=(*GRU.input_columns, Columns(4, 3, 1)),
    carries_dh=True, extra=GRU.extra, extra_column=GRU.extra_column)
