"""Cells that the program does not have, as steps on PyTorch: tried in the group `levers`, and slow.

Each is a GRU with one idea more, or the minimal GRU. A step takes what charrnn/engine/torch/steps.py says. What a
character alone adds comes with `row`, one vector of H numbers a gate.
"""

import dataclasses

import torch
from torch import Tensor
from torch.nn import functional

from charrnn.cells.gru import GRU
from charrnn.cells.lstm import LSTM
from charrnn.cells.registry import register
from charrnn.cells.spec import CellSpec, Extra
from charrnn.engine.torch.steps import STEPS, State, Step, Tensors


def _gru(row: Tensor, before: Tensor, h: Tensor, layer: Tensors) -> Tensor:
    """The state after a GRU's step; row and before (N, 3H) are W x + b and U h."""
    input_r, input_z, input_n = row.chunk(3, -1)
    before_r, before_z, before_n = before.chunk(3, -1)
    r, z = torch.sigmoid(input_r + before_r), torch.sigmoid(input_z + before_z)
    n = torch.tanh(input_n + r * (before_n + layer["bias_n"]))
    return n + z * (h - n)


def multiplicative(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """Krause et al. 2016: the gates read m = (W_m x + b_m) * (U_m h) in place of h, each character by weights of its
    own. b_m begins at 1, so that it begins near a GRU."""
    (h,) = state
    H = h.shape[-1]
    m = row[:, 3 * H:] * (h @ layer["weight_hh"][3 * H:].T)
    return (_gru(row[:, :3 * H], m @ layer["weight_hh"][:3 * H].T, h, layer),), {}


def mogrified(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """Melis et al. 2020, two rounds: x <- 2 sigmoid(Q h) * x, then h <- 2 sigmoid(R x) * h.

    Of a character as a one-hot vector the first is a number that all of W x is multiplied by; the rows of Q and R that
    belong to it are the vectors behind the gates.
    """
    (h,) = state
    H = h.shape[-1]
    gates, (q, r) = row[:, :3 * H], (row[:, 3 * H:] - layer["bias"][3 * H:]).chunk(2, -1)
    share = 2 * torch.sigmoid((q * h).sum(-1, keepdim=True))
    bias = layer["bias"][:3 * H]
    h = 2 * torch.sigmoid(share * r) * h
    return (_gru(bias + share * (gates - bias), h @ layer["weight_hh"][:3 * H].T, h, layer),), {}


def reading_and_keeping(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """The second round of the Mogrifier alone: what is kept is multiplied as well."""
    (h,) = state
    H = h.shape[-1]
    h = 2 * torch.sigmoid(row[:, 3 * H:]) * h
    return (_gru(row[:, :3 * H], h @ layer["weight_hh"][:3 * H].T, h, layer),), {}


def mogrified_reading(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """The Mogrifier, two rounds; what is kept is h itself."""
    (h,) = state
    H = h.shape[-1]
    gates, (q, r) = row[:, :3 * H], (row[:, 3 * H:] - layer["bias"][3 * H:]).chunk(2, -1)
    share = 2 * torch.sigmoid((q * h).sum(-1, keepdim=True))
    bias = layer["bias"][:3 * H]
    read = 2 * torch.sigmoid(share * r) * h
    return (_gru(bias + share * (gates - bias), read @ layer["weight_hh"][:3 * H].T, h, layer),), {}


def reading_lstm(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """An LSTM whose gates read 2 sigmoid(R x) * h."""
    h, c = state
    H = h.shape[-1]
    read = 2 * torch.sigmoid(row[:, 4 * H:]) * h
    i, f, g, o = (row[:, :4 * H] + read @ layer["weight_hh"][:4 * H].T).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return (torch.sigmoid(o) * torch.tanh(c), c), {}


def integrating(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """Wu et al. 2016, multiplicative integration: W x * U h is added to each gate, times a weight a unit."""
    (h,) = state
    H = h.shape[-1]
    alpha, beta, bias_n = layer["alpha"][:3 * H], layer["alpha"][3 * H:6 * H], layer["alpha"][6 * H:]
    before = h @ layer["weight_hh"].T
    return (_gru(row, before * (1 + beta + (1 + alpha) * row), h, {"bias_n": bias_n}),), {}


def reading_and_integrating(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """Both."""
    (h,) = state
    H = h.shape[-1]
    alpha, beta, bias_n = layer["alpha"][:3 * H], layer["alpha"][3 * H:6 * H], layer["alpha"][6 * H:]
    h = 2 * torch.sigmoid(row[:, 3 * H:]) * h
    row = row[:, :3 * H]
    before = h @ layer["weight_hh"][:3 * H].T
    return (_gru(row, before * (1 + beta + (1 + alpha) * row), h, {"bias_n": bias_n}),), {}


def normalized(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """Ba et al. 2016: U h of each gate has mean 0 and variance 1, times a gain that begins at 1."""
    (h,) = state
    H = h.shape[-1]
    before = functional.layer_norm((h @ layer["weight_hh"].T).unflatten(-1, (3, H)), (H,)).flatten(-2)
    gain, bias_n = layer["norm"][:3 * H], layer["norm"][3 * H:]
    return (_gru(row, before * (1 + gain), h, {"bias_n": bias_n}),), {}


def minimal(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """Feng et al. 2024, minGRU: no gate looks at h, so that a whole window could be computed at once."""
    (h,) = state
    z, n = row.chunk(2, -1)
    n = torch.where(n >= 0, n + 0.5, torch.sigmoid(n))
    return (h + torch.sigmoid(z) * (n - h),), {}


def skipping(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """A skip connection: what goes up is h + W_s x + b_s, what is carried on is h. The state is (up, h)."""
    _, h = state
    H = h.shape[-1]
    after = _gru(row[:, :3 * H], h @ layer["weight_hh"][:3 * H].T, h, layer)
    return (after + row[:, 3 * H:], after), {}


def _cell(name: str, gates: str, **others: object) -> CellSpec:
    return dataclasses.replace(GRU, name=name, gate_names=tuple(gates), **others)


PROTOTYPES: dict[str, tuple[CellSpec, Step]] = {spec.name: (spec, step) for spec, step in (
    (_cell("multiplicative", "rznm", products=(4,), initial_bias={"m": 1.0}), multiplicative),
    (_cell("mogrified", "rznqR"), mogrified),
    (_cell("mogrified-reading", "rznqR"), mogrified_reading),
    (_cell("integrating", "rzn", extra=Extra("alpha", 7)), integrating),
    (_cell("reading-and-integrating", "rznR", extra=Extra("alpha", 7)), reading_and_integrating),
    (_cell("reading-and-keeping", "rznR"), reading_and_keeping),
    (dataclasses.replace(LSTM, name="reading-lstm", gate_names=tuple("ifgoR")), reading_lstm),
    (_cell("normalized", "rzn", extra=Extra("norm", 4)), normalized),
    (_cell("minimal", "zn", products=(0,), extra=None), minimal),
    (_cell("skipping", "rzns", has_memory=True), skipping))}


def register_prototypes() -> None:
    """Makes them known to settings and to the engine on PyTorch, in this process."""
    for name, (spec, step) in PROTOTYPES.items():
        register(spec)
        STEPS[name] = step
