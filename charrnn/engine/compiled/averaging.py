"""Layer engine: a running average of the parameters, which does better than where the last step happened to end.

Training goes on from the parameters themselves; what is validated, kept and sampled from later is their average
(Polyak & Juditsky 1992, as an exponential mean).
"""

import contextlib
from collections.abc import Iterator

import numpy as np

from charrnn.engine.compiled.network import Network
from charrnn.kernels.updates import average

# What checkpoints call the parameters themselves, beside their average.
RAW = "raw."


class Average:
    """The average of a network's parameters, which keeps `keep` of itself in a step; 0 is no average at all."""

    def __init__(self, network: Network, keep: float) -> None:
        self.network, self.keep = network, keep
        self.flat = network.parameters.flat.copy() if keep else network.parameters.flat

    def add(self, step: int) -> None:
        """Takes in the parameters after update `step`, the first of which is 1."""
        if not self.keep:
            return
        # the first values were drawn, and not learned: early on the average forgets faster
        share = np.float32(1 - min(self.keep, (1 + step) / (10 + step)))
        flat, parts = self.network.parameters.flat, self.network.parts()
        self.network.workers.map(lambda i: average(self.flat, flat, *parts[i], share), len(parts))

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """The network with the average in the place of its parameters."""
        if not self.keep:
            yield
            return
        own = self.network.parameters.flat.copy()
        try:
            self.network.parameters.flat[:] = self.flat
            self.network.refresh()
            yield
        finally:
            self.network.parameters.flat[:] = own
            self.network.refresh()

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The average under the parameters' names, and where there is one the parameters under raw.{name}."""
        arrays = self.network.parameters.to_arrays(self.flat)
        if self.keep:
            arrays |= {RAW + name: array for name, array in self.network.parameters.to_arrays().items()}
        return arrays

    def from_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        """Takes back what to_arrays() gave."""
        if self.keep:
            self.network.parameters.from_arrays(arrays, self.flat)
            arrays = {name.removeprefix(RAW): array for name, array in arrays.items() if name.startswith(RAW)}
        self.network.parameters.from_arrays(arrays)
