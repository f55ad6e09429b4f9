"""Layer engine: the memory that training needs, before any of it is allocated.

In numbers of 4 bytes, for a batch of N sequences cut into S shards, windows of T characters, L layers of H units
(rounded up to a multiple of 16), G gates, R of them with weights for h, K numbers of gates kept
a unit, V characters and P parameters:

    parameters   P            optimizer    M P, M = 2 (adam, adamw) or 1      gradients   S P
    packed       2 (L R + (L - 1) G) H H and 2 V H (the output layer), half of both with bf16; V H (the output layer
                 before it is packed), V G H (the table)
    dropped      L R H H  with recurrent dropout
    windows      L (T + 1) N H  for h, again for c where the cell has one, and for dropout;  L T N K H  for gates;
                 T N H  for the gradient in the backward pass;  2 L N H  for that of the states
                 N H  where texts begin inside a window
    scratch      S (H + 65 V + 256 G H where L > 1 + V G H with an embedding
                 + 128 (K + 1) H, or 32 (V + H) if that is more, with bf16
                 + 256 (24 + H) without it + G H with labels
                 + 256 (G + 1) H with an encoder)

An encoder has packed weights and a table of its own.
A chunk's 256 rows are as many as whole time steps make (chunk_steps).
"""

from typing import NamedTuple

from charrnn.cells.recurrence import chunk_steps, rounded_size, sorted_size
from charrnn.cells.registry import CELLS
from charrnn.kernels.cpu import padded
from charrnn.kernels.matmul import copied_size
from charrnn.kernels.softmax import BLOCK_ROWS, output_rounded_size
from charrnn.settings import NetworkSettings


class BatchShape(NamedTuple):
    """A batch of N sequences in so many shards, for windows of T characters.

    has_documents   whether documents start inside a window
    """

    batch: int
    window: int
    shards: int
    precision: str = "float32"
    has_documents: bool = False


def training_bytes(network: NetworkSettings, vocabulary: int, parameters: int, shape: BatchShape, moments: int) -> int:
    """Bytes of everything that training keeps from step to step.

    parameters   P, padding included
    moments      numbers that the optimizer keeps for each parameter, M
    """
    shards = shape.shards
    cell = CELLS[network.cell]
    H, L, G, R = padded(network.hidden), network.layers, cell.gates, cell.recurrent_gates
    V, E = padded(vocabulary), padded(network.embedding)
    halved = 1 if shape.precision == "bf16" else 2
    recurrent = halved * (L * R + (L - 1) * G) * H * H
    readers = 1 + network.has_encoder
    packed = readers * (recurrent + 2 * G * H * E + vocabulary * G * H) + (halved + 1) * V * H
    dropped = readers * L * R * H * H if network.recurrent_dropout else 0
    fixed = 4 * ((1 + moments + shards) * parameters + packed + dropped)
    return fixed + streams_bytes(network, vocabulary, shape)


def streams_bytes(network: NetworkSettings, vocabulary: int, shape: BatchShape) -> int:
    """Bytes of the buffers through which such a batch is read: what belongs to windows and scratch above."""
    batch, window, shards, precision, has_documents = shape
    cell = CELLS[network.cell]
    H, L, G, kept = padded(network.hidden), network.layers, cell.gates, cell.kept
    V = padded(vocabulary)
    states = len(cell.letters) + (1 if network.dropout else 0)
    places, sequences = window * batch * H, batch * H
    windows = L * states * (places + sequences) + L * kept * places + places + (2 * L + has_documents) * sequences
    rows = -(-batch // shards)
    scratch = H + (BLOCK_ROWS + 1) * V
    scratch += chunk_steps(rows) * rows * G * H if L > 1 else 0
    rounded = max(rounded_size(rows, kept * H, H), output_rounded_size(V, H))
    scratch += rounded if precision == "bf16" else copied_size(H)
    scratch += (1 + network.has_encoder) * vocabulary * G * H if network.embedding else 0
    scratch += G * H if network.label_width else 0
    scratch += sorted_size(rows, G, H) if network.has_encoder else 0
    return 4 * (windows + shards * scratch)
