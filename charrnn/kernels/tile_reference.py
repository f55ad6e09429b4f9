"""Layer kernels: the tile in plain NumPy: what runs without the JIT, and what tests hold the compiled one to."""

import numpy as np

from charrnn.kernels.cpu import TARGET

# The kinds of tile: what an element of A and B is. See microkernel.py.
FLOAT32, BF16 = 0, 1


def tile_numpy(tiles: int, rows: int, vectors: int, a: np.ndarray, a_at: int, lda: int, a_step: int, b: np.ndarray,
               b_at: int, b_step: int, c: np.ndarray, c_at: int, ldc: int, depth: int, accumulate: bool) -> None:
    """The tile whose kind is `tiles`; offsets and strides are in elements."""
    columns = vectors * TARGET.lanes

    def block(array: np.ndarray, at: int, shape: tuple[int, int], strides: tuple[int, int]) -> np.ndarray:
        assert 0 <= at + (shape[0] - 1) * strides[0] + (shape[1] - 1) * strides[1] < array.size
        return np.lib.stride_tricks.as_strided(array.reshape(-1)[at:], shape, [4 * stride for stride in strides])

    left, right = block(a, a_at, (rows, depth), (lda, a_step)), block(b, b_at, (depth, columns), (b_step, 1))
    if tiles == BF16:
        product = _first(left) @ _first(right) + _second(left) @ _second(right)
    else:
        product = left @ right
    out = block(c, c_at, (rows, columns), (ldc, 1))
    out[...] = out + product if accumulate else product


def _first(pairs: np.ndarray) -> np.ndarray:
    """The first numbers of bfloat16 pairs as float32."""
    return (pairs.view(np.uint32) << np.uint32(16)).view(np.float32)


def _second(pairs: np.ndarray) -> np.ndarray:
    return (pairs.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
