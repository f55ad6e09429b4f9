"""Layer cells: the gated recurrent unit as it was published first (Cho et al. 2014, Chung et al. 2014).

    r = sigmoid(W_r x + U_r h- + b_r)
    z = sigmoid(W_z x + U_z h- + b_z)
    s = r*h-
    n = tanh(W_n x + U_n s + b_n)
    h = (1 - z)*n + z*h-

What is reset is a unit's own value, before others get to see it; in gru.py it is what they all recalled together. The
product with U_n must wait for r. The compiled steps keep r z n s.
"""

from typing import NamedTuple

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State
from charrnn.cells.numpy_step import sigmoid as numpy_sigmoid
from charrnn.cells.recurrence import hold_output
from charrnn.cells.spec import CellSpec, Columns, CompiledStep
from charrnn.kernels.activations import ONE, sigmoid, tanh
from charrnn.kernels.jit import inner


class GruOriginalTape(NamedTuple):
    x: Array  # (N, D)
    h_before: Array  # (N, H), and so the rest
    r: Array
    z: Array
    n: Array


def gru_original_step(x: Array, state: State, parameters: Arrays) -> tuple[State, GruOriginalTape]:
    """The state after one step, and its tape."""
    (h_before,) = state
    input_r, input_z, input_n = np.split(x @ parameters["weight_ih"].T + parameters["bias"], 3, axis=1)
    U_r, U_z, U_n = np.split(parameters["weight_hh"], 3)
    r, z = numpy_sigmoid(input_r + h_before @ U_r.T), numpy_sigmoid(input_z + h_before @ U_z.T)
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
    ds = dgate_n @ U_n
    dgate_r = ds * h_before * r * (1 - r)
    dgates = np.concatenate([dgate_r, dgate_z, dgate_n], axis=1)
    if gradients is not None:
        gradients["weight_ih"] += dgates.T @ x
        gradients["bias"] += dgates.sum(axis=0)
        gradients["weight_hh"] += np.concatenate(
            [dgate_r.T @ h_before, dgate_z.T @ h_before, dgate_n.T @ (r * h_before)])
    return dgates @ parameters["weight_ih"], (dgate_r @ U_r + dgate_z @ U_z + ds * r + dh * z,)


@inner
def reset_forward(row, gates, extra, h_before, c_before, h, c, H):
    """The first half of one character of one sequence: gates (4H) come in as U h- for r z and leave as r z, the
    input's share of n, and s."""
    for j in range(H):
        r = sigmoid(gates[j] + row[j])
        z = sigmoid(gates[H + j] + row[H + j])
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = r, z, row[2 * H + j], r * h_before[j]


@inner
def update_forward(gates, h_before, h, H):
    """The second half: what gates (4H) hold for n, U_n s added by now, becomes n."""
    for j in range(H):
        n = tanh(gates[2 * H + j])
        gates[2 * H + j] = n
        h[j] = n + gates[H + j] * (h_before[j] - n)


@inner
def update_backward(gates, h_before, dout, dh, H):
    """The second half back: z n in gates (4H) are replaced by their gradients; dh keeps the share that skips them."""
    for j in range(H):
        z, n = gates[H + j], gates[2 * H + j]
        dhidden = dout[j] + dh[j]
        gates[H + j] = dhidden * (h_before[j] - n) * z * (ONE - z)
        gates[2 * H + j] = dhidden * (ONE - z) * (ONE - n * n)
        dh[j] = dhidden * z


@inner
def reset_backward(gates, extra, h_before, c_before, c, ds, dh, dc, dextra, H):
    """The first half back, from ds (H): r in gates (4H) is replaced by its gradient; dh gains what came through s."""
    for j in range(H):
        r = gates[j]
        gates[j] = ds[j] * h_before[j] * r * (ONE - r)
        dh[j] += ds[j] * r


GRU_ORIGINAL = CellSpec(
    name="gru-original", gate_names=("r", "z", "n"), has_memory=False, kept=4, recorded={"r": 0, "z": 1, "n": 2},
    sigmoid_gates="rz", step=gru_original_step, step_backward=gru_original_step_backward,
    compiled=CompiledStep(reset_forward, reset_backward, hold_output, update_forward, update_backward),
    learning_rate=8e-3, products=(2, 1), input_columns=(Columns(0, 0, 3),), carries_dh=True)
