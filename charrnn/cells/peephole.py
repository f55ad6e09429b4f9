"""Layer cells: the LSTM with peepholes (Gers & Schmidhuber 2000).

    i = sigmoid(W_i x + U_i h- + b_i + p_i*c-)
    f = sigmoid(W_f x + U_f h- + b_f + p_f*c-)
    g = tanh   (W_g x + U_g h- + b_g)
    c = f*c- + i*g
    o = sigmoid(W_o x + U_o h- + b_o + p_o*c)    this gate sees the new memory
    h = o*tanh(c)

A gate of the plain LSTM sees the memory only as far as o showed it: with o shut it is blind. Here each unit's gates
see its own c, which helps to count and to keep time. p = weight_peep (3*H) stacks i, f, o, one weight a unit. It
starts at 0: the cell begins as the LSTM whose learning rate suits it, and its gates learn from the first step on what
c tells them.
"""

from typing import NamedTuple

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State, products, products_backward
from charrnn.cells.numpy_step import sigmoid as numpy_sigmoid
from charrnn.cells.spec import CellSpec, Columns, CompiledStep, Extra
from charrnn.kernels.activations import ONE, sigmoid, tanh
from charrnn.kernels.jit import inner


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
    """The state after one step, and its tape."""
    h_before, c_before = state
    from_input, from_before = products(x, h_before, parameters)
    i, f, g, o = np.split(from_input + from_before, 4, axis=1)
    peep_i, peep_f, peep_o = np.split(parameters["weight_peep"], 3)
    i, f, g = numpy_sigmoid(i + peep_i * c_before), numpy_sigmoid(f + peep_f * c_before), np.tanh(g)
    c = f * c_before + i * g
    o, tanh_c = numpy_sigmoid(o + peep_o * c), np.tanh(c)
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
    dx, dh_before = products_backward(dgates, dgates, x, h_before, parameters, gradients)
    return dx, (dh_before, dc * f + dgate_i * peep_i + dgate_f * peep_f)


@inner
def peephole_forward(row, gates, extra, h_before, c_before, h, c, H):
    """One character of one sequence: gates (4H) come in as U h- and leave as i f g o; extra is weight_peep (3H)."""
    for j in range(H):
        i = sigmoid(gates[j] + row[j] + extra[j] * c_before[j])
        f = sigmoid(gates[H + j] + row[H + j] + extra[H + j] * c_before[j])
        g = tanh(gates[2 * H + j] + row[2 * H + j])
        cell = f * c_before[j] + i * g
        o = sigmoid(gates[3 * H + j] + row[3 * H + j] + extra[2 * H + j] * cell)
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = i, f, g, o
        c[j] = cell
        h[j] = o * tanh(cell)


@inner
def peephole_backward(gates, extra, h_before, c_before, c, dout, dh, dc, dextra, H):
    """One character back: i f g o in gates (4H) are replaced by the gradients of their pre-activations."""
    for j in range(H):
        i, f, g, o = gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j]
        squashed = tanh(c[j])
        dhidden = dout[j] + dh[j]
        do = dhidden * squashed * o * (ONE - o)
        # what o saw of c is a third way in which c acts, beside h and the next c
        dcell = dc[j] + dhidden * o * (ONE - squashed * squashed) + do * extra[2 * H + j]
        di = dcell * g * i * (ONE - i)
        df = dcell * c_before[j] * f * (ONE - f)
        gates[j], gates[H + j], gates[2 * H + j], gates[3 * H + j] = di, df, dcell * i * (ONE - g * g), do
        dextra[j] += di * c_before[j]
        dextra[H + j] += df * c_before[j]
        dextra[2 * H + j] += do * c[j]
        dc[j] = dcell * f + di * extra[j] + df * extra[H + j]


@inner
def peephole_hold(row, product, gates, extra, c, h, unit, value, H):
    """Sets the memory of a unit to value, (c, tanh c); its output gate sees the new memory."""
    c[unit] = value[0]
    h[unit] = sigmoid(row[3 * H + unit] + product[3 * H + unit] + extra[2 * H + unit] * value[0]) * value[1]


PEEPHOLE = CellSpec(
    name="peephole", gate_names=("i", "f", "g", "o"), has_memory=True, kept=4,
    recorded={"i": 0, "f": 1, "g": 2, "o": 3}, sigmoid_gates="ifo",
    step=peephole_step, step_backward=peephole_step_backward,
    compiled=CompiledStep(peephole_forward, peephole_backward, peephole_hold), learning_rate=1.6e-2, products=(4,),
    input_columns=(Columns(0, 0, 4),), extra=Extra("weight_peep", 3), initial_bias={"f": 1.0})
