"""Networks and texts drawn at random for the views: every weight, every bias and the first state not zero."""

import numpy as np

from charrnn.cells.numpy_step import Arrays
from charrnn.cells.registry import CELLS
from charrnn.inspection.stack import Stack, Trace
from charrnn.settings import NetworkSettings
from tests.networks import random_parameters, random_state


def drawn(cell: str, layers: int = 2, hidden: int = 5, vocabulary: int = 7, length: int = 30, seed: int = 0,
          embedding: int = 0, start: int = -1, warm_up: int = 0, scale: float = 2.0,
          learn_initial_state: bool = True) -> tuple[NetworkSettings, Arrays, Stack, Trace]:
    """A network in float64, its parameters by name, and the trace of a random text."""
    rng = np.random.default_rng(seed)
    settings = NetworkSettings(cell=cell, layers=layers, hidden=hidden, embedding=embedding,
                               learn_initial_state=learn_initial_state)
    arrays = {name: scale * array for name, array in random_parameters(settings, vocabulary, rng).items()}
    stack = Stack.from_arrays(settings, arrays, start, np.float64)
    ids = rng.integers(vocabulary, size=length + 1)
    first = [tuple(array[0] for array in layer) for layer in random_state(settings, 1, rng)]
    return settings, arrays, stack, stack.read(ids[:-1], ids[1:], first, warm_up)


KINDS = tuple(CELLS)
