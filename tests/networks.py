"""Random networks for tests, and single updates of the reference's Adam."""

import numpy as np

from charrnn.cells.numpy_step import Arrays, State
from charrnn.cells.registry import CELLS
from charrnn.engine.initial import parameter_shapes
from charrnn.engine.reference.optimizers import Moment, adam
from charrnn.settings import NetworkSettings, TrainingSettings


def random_parameters(network: NetworkSettings, vocabulary: int, rng: np.random.Generator) -> Arrays:
    """Parameters by name, all random: biases too, for a zero hides mistakes."""
    shapes = parameter_shapes(network, vocabulary)
    return {name: 0.4 * rng.standard_normal(shape) for name, shape in shapes.items()}


def random_state(network: NetworkSettings, N: int, rng: np.random.Generator) -> list[State]:
    """A state of random h, and another random c, for every layer."""
    arrays = 1 + CELLS[network.cell].has_memory
    return [tuple(0.4 * rng.standard_normal((N, network.hidden)) for _ in range(arrays))
            for _ in range(network.layers)]


def adam_update(parameters: Arrays, gradients: Arrays, first: Arrays, second: Arrays, step: int, lr: float) -> None:
    """Changes parameters and both moments in place."""
    now = Moment(lr, step, TrainingSettings())
    for name, gradient in gradients.items():
        adam(now, parameters[name], gradient, first[name], second[name])
