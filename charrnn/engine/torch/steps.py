"""Layer engine: one character of each cell in PyTorch, for the cells that PyTorch lacks, and to see inside the others.

The equations are those of charrnn/cells. A step takes the input's share of the gates, row = W x + b (N, G*H), the state
before it and the layer's other parameters by name; it gives the state after it and the gates by name.
"""

from collections.abc import Callable

import torch
from torch import Tensor

State = tuple[Tensor, ...]  # (h,), or (h, c) for a cell with memory; each (N, H)
Tensors = dict[str, Tensor]
Step = Callable[[Tensor, State, Tensors], tuple[State, Tensors]]


def rnn(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    (h,) = state
    return (torch.tanh(row + h @ layer["weight_hh"].T),), {}


def lstm(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    h, c = state
    i, f, g, o = (row + h @ layer["weight_hh"].T).chunk(4, -1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c = f * c + i * g
    return (o * torch.tanh(c), c), {"i": i, "f": f, "g": g, "o": o}


def peephole(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    h, c = state
    i, f, g, o = (row + h @ layer["weight_hh"].T).chunk(4, -1)
    peep_i, peep_f, peep_o = layer["weight_peep"].chunk(3)
    i, f, g = torch.sigmoid(i + peep_i * c), torch.sigmoid(f + peep_f * c), torch.tanh(g)
    c = f * c + i * g
    o = torch.sigmoid(o + peep_o * c)
    return (o * torch.tanh(c), c), {"i": i, "f": f, "g": g, "o": o}


def gru(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    (h,) = state
    input_r, input_z, input_n = row.chunk(3, -1)
    before_r, before_z, before_n = (h @ layer["weight_hh"].T).chunk(3, -1)
    r, z = torch.sigmoid(input_r + before_r), torch.sigmoid(input_z + before_z)
    n = torch.tanh(input_n + r * (before_n + layer["bias_n"]))
    return (n + z * (h - n),), {"r": r, "z": z, "n": n}


def mogrifier(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    (h,) = state
    input_r, input_z, input_n, input_m = row.chunk(4, -1)
    m = torch.sigmoid(input_m)
    before_r, before_z, before_n = ((2 * m * h) @ layer["weight_hh"].T).chunk(3, -1)
    r, z = torch.sigmoid(input_r + before_r), torch.sigmoid(input_z + before_z)
    n = torch.tanh(input_n + r * (before_n + layer["bias_n"]))
    return (n + z * (h - n),), {"r": r, "z": z, "n": n, "m": m}


def gru_original(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    (h,) = state
    H = h.shape[-1]
    input_r, input_z, input_n = row.chunk(3, -1)
    U = layer["weight_hh"]
    before_r, before_z = (h @ U[:2 * H].T).chunk(2, -1)
    r, z = torch.sigmoid(input_r + before_r), torch.sigmoid(input_z + before_z)
    n = torch.tanh(input_n + (r * h) @ U[2 * H:].T)
    return (n + z * (h - n),), {"r": r, "z": z, "n": n}


STEPS: dict[str, Step] = {"rnn": rnn, "lstm": lstm, "gru": gru, "mogrifier": mogrifier, "peephole": peephole,
                          "gru-original": gru_original}
