"""Layer engine: a running average of the parameters, which predicts better than the parameters after the last step.

Training continues from the parameters themselves; their average is what is validated, saved and sampled from
(Polyak & Juditsky 1992, as an exponential mean).
"""

import contextlib
from collections.abc import Callable, Iterator

import numpy as np

from charrnn.engine.compiled.network import Network
from charrnn.engine.interface import RAW, average_share, named
from charrnn.kernels.updates import average


class Average:
    """The average of a network's parameters, which keeps `keep` of itself in a step; 0 keeps no average."""

    def __init__(self, network: Network, keep: float) -> None:
        self.network, self.keep = network, keep
        self.flat = network.parameters.flat.copy() if keep else network.parameters.flat

    def adding(self, step: int) -> Callable[[int, int], None]:
        """What adds a share [start:stop) of the parameters after update `step`, counted from 1."""
        if not self.keep:
            return lambda start, stop: None
        share = np.float32(average_share(self.keep, step))
        return lambda start, stop: average(self.flat, self.network.parameters.flat, start, stop, share)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """The average stands in the place of the parameters."""
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
        """The average under the parameters' names, and the parameters under raw.{name} if they differ."""
        arrays = self.network.parameters.to_arrays(self.flat)
        if self.keep:
            arrays |= {RAW + name: array for name, array in self.network.parameters.to_arrays().items()}
        return arrays

    def from_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        """Takes back what to_arrays() gave."""
        if self.keep:
            self.network.parameters.from_arrays(arrays, self.flat)
            arrays = named(arrays, RAW)
        self.network.parameters.from_arrays(arrays)
