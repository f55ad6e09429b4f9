"""An output layer packed as the kernels read it, out of its weights as they are."""

import numpy as np

from charrnn.kernels.cpu import padded, zeros
from charrnn.kernels.microkernel import BF16, FLOAT32, tiles
from charrnn.kernels.packing import pack
from charrnn.kernels.softmax import NEVER, OutputLayer


def output_layer(weight: np.ndarray, bias: np.ndarray, kind: int = FLOAT32) -> OutputLayer:
    """The layer of weight (V, H) and bias (V), for tiles of this kind."""
    (V, H), width, even = weight.shape, padded(len(bias)), len(bias) + len(bias) % 2
    whole = zeros((width, H))
    whole[:V] = weight
    layer = OutputLayer(tiles(kind), *(zeros(rows * H >> kind) for rows in (width, even)), np.full(width, NEVER))
    layer.bias[:V] = bias
    pack(whole, True, layer.weight, 0, kind == BF16, 0, 1)
    pack(whole[:even], False, layer.weight_back, 0, kind == BF16, 0, 1)
    return layer
