"""Layer engine: the dropout masks of charrnn/kernels/dropout.py in PyTorch, bit for bit the same ones, on any device.

Unsigned 32-bit arithmetic is done in 64 bits, where no product of two of its numbers below overflows.
"""

import numpy as np
import torch
from torch import Tensor

from charrnn.kernels.cpu import padded
from charrnn.settings import NetworkSettings

_LOW = 0xFFFFFFFF


def scrambled(x: Tensor) -> Tensor:
    """A mix of 32-bit numbers in which every input bit moves every output bit."""
    x = ((x ^ (x >> 16)) * 0x21F0AAAD) & _LOW
    x = ((x ^ (x >> 15)) * 0x735A2D97) & _LOW
    return x ^ (x >> 15)


def mask(T: int, rows: Tensor, width: int, rate: float, key: int) -> Tensor:
    """Factors (T, rows, width), float32: 0 with probability `rate`, else 1 / (1 - rate)."""
    t, j = (torch.arange(size, device=rows.device) for size in (T, width))
    base = scrambled(key ^ scrambled(t[:, None] ^ scrambled(rows)))
    threshold = int(min(rate * 2**32, 2**32 - 1))
    kept = scrambled((base[:, :, None] + j) & _LOW) >= threshold
    return kept.float() * np.float32(1 / (1 - rate)).item()


def dropout_mask(settings: NetworkSettings, T: int, rows: range, key: int, device: torch.device) -> Tensor:
    """(T, N, H): which outputs of a layer are dropped in a window; `rows` are the numbers of its sequences."""
    numbers = torch.arange(rows.start, rows.stop, device=device)
    return mask(T, numbers, settings.hidden, settings.dropout, key)


def recurrent_mask(settings: NetworkSettings, gates: int, key: int, device: torch.device) -> Tensor:
    """Which numbers of a weight_hh with so many gates, (gates * H, H), are dropped for a whole window."""
    H = settings.hidden
    # the kernels count rows in their own layout, where each gate is padded to whole cache lines
    rows = (torch.arange(gates, device=device)[:, None] * padded(H) + torch.arange(H, device=device)).flatten()
    return mask(1, rows, H, settings.recurrent_dropout, key)[0]
