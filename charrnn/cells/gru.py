"""Layer cells: the gated recurrent unit, reset after the product, as PyTorch and cuDNN have it.

    r = sigmoid(W_r x + U_r h- + b_r)    reset gate: how much of what is recalled shapes the new
    z = sigmoid(W_z x + U_z h- + b_z)    update gate: how much of the old is kept
    s = U_n h- + bias_n                  what is recalled
    n = tanh(W_n x + b_n + r*s)          the new
    h = (1 - z)*n + z*h-

It holds its memory in h itself: with z near 1 a unit keeps its value, with z near 0 it takes the new one. (Cho et al.
2014, who reset h before the product with U_n, see gru_original.py. Here all of U h- is one product, and the reset has
a bias of its own inside, `bias_n` (H).)

The compiled steps keep r z s n: the first three are what the product with h- yields, and in the backward pass
their gradients are what it is fed with; n stands apart.
"""

from typing import NamedTuple

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State, products, products_backward
from charrnn.cells.numpy_step import sigmoid as numpy_sigmoid
from charrnn.cells.recurrence import hold_output
from charrnn.cells.spec import CellSpec, Columns, CompiledStep, Extra
from charrnn.kernels.activations import ONE, sigmoid, tanh
from charrnn.kernels.jit import inner


class GruTape(NamedTuple):
    x: Array  # (N, D)
    h_before: Array  # (N, H), and so the rest
    r: Array
    z: Array
    n: Array
    s: Array


def gru_step(x: Array, state: State, parameters: Arrays) -> tuple[State, GruTape]:
    """The state after one step, and its tape."""
    (h_before,) = state
    from_input, from_before = products(x, h_before, parameters)
    input_r, input_z, input_n = np.split(from_input, 3, axis=1)  # W, U, b stack the gates in this order
    before_r, before_z, before_n = np.split(from_before, 3, axis=1)
    s = before_n + parameters["bias_n"]
    r, z = numpy_sigmoid(input_r + before_r), numpy_sigmoid(input_z + before_z)
    n = np.tanh(input_n + r * s)
    h = (1 - z) * n + z * h_before
    return (h,), GruTape(x, h_before, r, z, n, s)


def gru_step_backward(
    dstate: State, tape: GruTape, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, State]:
    """dx and the gradient of the state before the step; adds to `gradients`."""
    x, h_before, r, z, n, s = tape
    (dh,) = dstate
    dinput_n = dh * (1 - z) * (1 - n * n)
    ds = dinput_n * r
    dgate_r = dinput_n * s * r * (1 - r)
    dgate_z = dh * (h_before - n) * z * (1 - z)
    if gradients is not None:
        gradients["bias_n"] += ds.sum(axis=0)
    # The two halves of r and z are simply added, so they share a gradient; those of n meet at the reset gate.
    dinput = np.concatenate([dgate_r, dgate_z, dinput_n], axis=1)
    drecurrent = np.concatenate([dgate_r, dgate_z, ds], axis=1)
    dx, dh_before = products_backward(dinput, drecurrent, x, h_before, parameters, gradients)
    return dx, (dh_before + dh * z,)


@inner
def gru_forward(row, gates, extra, h_before, c_before, h, c, H):
    """One character of one sequence: gates (4H) come in as U h- and leave as r z s n; extra is bias_n (H)."""
    for j in range(H):
        r = sigmoid(gates[j] + row[j])
        z = sigmoid(gates[H + j] + row[H + j])
        s = gates[2 * H + j] + extra[j]
        n = tanh(row[2 * H + j] + r * s)
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = r, z, s, n
        h[j] = n + z * (h_before[j] - n)


@inner
def gru_backward(gates, extra, h_before, c_before, c, dout, dh, dc, dextra, H):
    """One character back: r z s n in gates (4H) are replaced by their gradients; dh keeps the share that skips them."""
    for j in range(H):
        r, z, s, n = gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j]
        dhidden = dout[j] + dh[j]
        dn = dhidden * (ONE - z) * (ONE - n * n)
        gates[j] = dn * s * r * (ONE - r)
        gates[H + j] = dhidden * (h_before[j] - n) * z * (ONE - z)
        gates[2 * H + j] = dn * r
        gates[3 * H + j] = dn
        dh[j] = dhidden * z


GRU = CellSpec(
    name="gru", gate_names=("r", "z", "n"), has_memory=False, kept=4, recorded={"r": 0, "z": 1, "n": 3},
    sigmoid_gates="rz", step=gru_step, step_backward=gru_step_backward,
    compiled=CompiledStep(gru_forward, gru_backward, hold_output), learning_rate=1.6e-2, products=(3,),
    input_columns=(Columns(0, 0, 2), Columns(3, 2, 1)), carries_dh=True, extra=Extra("bias_n", 1), extra_column=2)
