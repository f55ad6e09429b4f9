"""Cells that the program does not have, as steps on PyTorch: tried in the group `levers`, and slow.

Each is a GRU or an LSTM with one idea more, or the minimal GRU. A step takes what charrnn/engine/torch/steps.py says.
What a character alone adds comes with `row`, one vector of H numbers a gate.
"""

import dataclasses

import torch
from torch import Tensor
from torch.nn import functional

from charrnn.cells.gru import GRU
from charrnn.cells.lstm import LSTM
from charrnn.cells.registry import register
from charrnn.cells.spec import CellSpec, Extra
from charrnn.engine.torch.steps import STEPS, State, Step, Tensors, gru, lstm


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
    row, scaled = _two_rounds(row, state[0], layer)
    return gru(row, (scaled,), layer)


def mogrified_unkept(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """The same, but what is kept of h is not scaled."""
    (h,) = state
    row, scaled = _two_rounds(row, h, layer)
    return (_gru(row, scaled @ layer["weight_hh"].T, h, layer),), {}


def _two_rounds(row: Tensor, h: Tensor, layer: Tensors) -> tuple[Tensor, Tensor]:
    """W x + b of the gates (N, 3H), and h, both scaled."""
    H = h.shape[-1]
    gates, (q, r) = row[:, :3 * H], (row[:, 3 * H:] - layer["bias"][3 * H:]).chunk(2, -1)
    share = 2 * torch.sigmoid((q * h).sum(-1, keepdim=True))
    bias = layer["bias"][:3 * H]
    return bias + share * (gates - bias), 2 * torch.sigmoid(share * r) * h


def scaled_and_kept(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """The cell `mogrifier`, but what is kept of h is scaled as well."""
    gates, m = row.tensor_split([3 * state[0].shape[-1]], -1)
    return gru(gates, (2 * torch.sigmoid(m) * state[0],), layer)


def scaled_lstm(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """An LSTM that reads 2 sigmoid(W_m x + b_m) * h."""
    h, c = state
    gates, m = row.tensor_split([4 * h.shape[-1]], -1)
    return lstm(gates, (2 * torch.sigmoid(m) * h, c), layer)


def integrating(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """Wu et al. 2016, multiplicative integration: each gate adds W x * U h, times a weight a unit that begins at 1."""
    (h,) = state
    return (_integrated(row, h, h, layer),), {}


def scaled_and_integrating(row: Tensor, state: State, layer: Tensors) -> tuple[State, Tensors]:
    """The cell `mogrifier` with multiplicative integration."""
    (h,) = state
    gates, m = row.tensor_split([3 * h.shape[-1]], -1)
    return (_integrated(gates, 2 * torch.sigmoid(m) * h, h, layer),), {}


def _integrated(row: Tensor, read: Tensor, h: Tensor, layer: Tensors) -> Tensor:
    """The state after a GRU's step that multiplies U with `read`."""
    alpha, beta, bias_n = layer["integration"].split([row.shape[-1], row.shape[-1], h.shape[-1]])
    before = read @ layer["weight_hh"].T
    return _gru(row, before * (1 + beta + (1 + alpha) * row), h, {"bias_n": bias_n})


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
    after = _gru(row[:, :3 * H], h @ layer["weight_hh"].T, h, layer)
    return (after + row[:, 3 * H:], after), {}


def _cell(name: str, gates: str, **others: object) -> CellSpec:
    return dataclasses.replace(GRU, name=name, gate_names=tuple(gates), **others)


PROTOTYPES: dict[str, tuple[CellSpec, Step]] = {spec.name: (spec, step) for spec, step in (
    (_cell("multiplicative", "rznm", products=(4,), initial_bias={"m": 1.0}), multiplicative),
    (_cell("mogrified", "rznqR"), mogrified),
    (_cell("mogrified-unkept", "rznqR"), mogrified_unkept),
    (_cell("scaled-and-kept", "rznm"), scaled_and_kept),
    (dataclasses.replace(LSTM, name="scaled-lstm", gate_names=tuple("ifgom")), scaled_lstm),
    (_cell("integrating", "rzn", extra=Extra("integration", 7)), integrating),
    (_cell("scaled-and-integrating", "rznm", extra=Extra("integration", 7)), scaled_and_integrating),
    (_cell("normalized", "rzn", extra=Extra("norm", 4)), normalized),
    (_cell("minimal", "zn", products=(0,), extra=None), minimal),
    (_cell("skipping", "rzns", has_memory=True), skipping))}


def register_prototypes() -> None:
    """Makes them known to settings and to the engine on PyTorch, in this process."""
    for name, (spec, step) in PROTOTYPES.items():
        register(spec)
        STEPS[name] = step
