"""Floor 4: turns gradients into updates. The arithmetic is a kernel's; here are its state and its constants."""

import numpy as np

from charrnn.errors import TrainingError
from charrnn.kernels.target import zeros
from charrnn.kernels.updates import adam
from charrnn.network.network import Network

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Adam (Kingma & Ba 2015) with the whole gradient's norm clipped before."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.steps = 0
        self.mean, self.square = (zeros(network.parameters.flat.size) for _ in range(2))

    def update(self, gradients: np.ndarray, lr: float, clip: float) -> float:
        """One step along gradients (shards, P); the gradient's norm before clipping.

        Raises TrainingError, with nothing changed, if that is not a number: a bad gradient must never reach a weight.
        """
        norm = self.network.gather(gradients)
        if not np.isfinite(norm):
            raise TrainingError(f"the gradient is no longer a number after {self.steps} steps; "
                                "train again with a lower --lr, or a lower --clip")
        self.steps += 1
        scale = clip / norm if 0 < clip < norm else 1.0
        constants = [np.float32(value) for value in (
            scale, lr, BETA1, BETA2, EPSILON, 1 - BETA1**self.steps, 1 - BETA2**self.steps)]
        flat, parts = self.network.parameters.flat, self.network.parts()
        self.network.workers.map(
            lambda i: adam(flat, gradients[0], self.mean, self.square, *parts[i], *constants), len(parts))
        self.network.refresh()
        return norm

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The moments by parameter: adam_mean.{name} and adam_square.{name}."""
        to_arrays = self.network.parameters.to_arrays
        return {f"adam_{kind}.{name}": array for kind, flat in (("mean", self.mean), ("square", self.square))
                for name, array in to_arrays(flat).items()}

    def from_arrays(self, arrays: dict[str, np.ndarray], steps: int) -> None:
        """Takes the moments back, as to_arrays() gave them after `steps` steps."""
        for kind, flat in (("mean", self.mean), ("square", self.square)):
            prefix = f"adam_{kind}."
            self.network.parameters.from_arrays(
                {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}, flat)
        self.steps = steps
