"""Layer engine: the dropout masks of charrnn/kernels/dropout.py in NumPy, bit for bit the same ones.

A mask is not drawn but computed, from a key and from the place of each number, so that it can be made again at any time
and does not depend on who computes which part.
"""

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.kernels.cpu import padded
from charrnn.settings import NetworkSettings

Array = np.ndarray


def scrambled(x: Array) -> Array:
    """A mix of 32-bit numbers in which every input bit moves every output bit; products overflow on purpose."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x735A2D97)
    mixed: Array = x ^ (x >> np.uint32(15))
    return mixed


def mask(T: int, rows: Array, width: int, rate: float, key: np.uint32) -> Array:
    """Factors (T, rows, width): 0 with probability `rate`, else 1 / (1 - rate)."""
    t, n, j = (numbers.astype(np.uint32) for numbers in (np.arange(T), rows, np.arange(width)))
    base = scrambled(np.uint32(key) ^ scrambled(t[:, None] ^ scrambled(n)))
    threshold = np.uint32(min(rate * 2**32, 2**32 - 1))
    return (scrambled(base[:, :, None] + j) >= threshold) / (1 - rate)


def dropout_masks(settings: NetworkSettings, T: int, N: int, keys: Array) -> Array:
    """(L, T, N, H): which outputs of each layer are dropped in a window."""
    return np.stack([mask(T, np.arange(N), settings.hidden, settings.dropout, key) for key in keys])


def recurrent_masks(settings: NetworkSettings, keys: Array) -> dict[str, Array]:
    """By name, which numbers of each weight_hh are dropped for a whole window."""
    H, gates = settings.hidden, CELLS[settings.cell].recurrent_gates
    # the kernels count rows in their own layout, where each gate is padded to whole cache lines
    rows = (np.arange(gates)[:, None] * padded(H) + np.arange(H)).ravel()
    masks = {f"weight_hh_l{k}": mask(1, rows, H, settings.recurrent_dropout, key)[0] for k, key in enumerate(keys)}
    if settings.has_encoder:  # whose rows lie behind the decoder's there
        rows += gates * padded(H)
        masks |= {f"weight_hh_encoder_l{k}": mask(1, rows, H, settings.recurrent_dropout, key)[0]
                  for k, key in enumerate(keys)}
    return masks
