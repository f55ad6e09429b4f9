"""Layer engine: parameters, the packed weights made from them, and the threads that use them.

Memory: the parameters take P floats, P again for each shard's gradients, about 2 P for the packed weights, and what
shard.py lists for each shard.
"""

from functools import partial

import numpy as np

from charrnn.engine.compiled.packed_weights import Weights, drop_rows
from charrnn.engine.compiled.parameters import Parameters
from charrnn.engine.threads import Workers
from charrnn.kernels.cpu import padded, zeros
from charrnn.settings import NetworkSettings

# Parameters whose squares are summed by themselves; fixed, so that their total does not depend on threads.
PIECE = 16_384


class Network:
    """Parameters, packed weights and gradients; `start` as Engine explains it."""

    def __init__(self, settings: NetworkSettings, vocabulary: int, generator: np.random.Generator | None = None,
                 threads: int = 1, precision: str = "float32", start: int = -1) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        self.parameters = Parameters(settings, vocabulary)
        if generator is not None:
            self.parameters.initialize(generator)
        self.workers = Workers(threads)
        self.weights = Weights(self.parameters, precision, start)
        self.gradients = zeros((0, padded(self.parameters.flat.size)))

    def gradients_of(self, shards: int) -> np.ndarray:
        """The gradients (shards, P) that a window fills and an update takes; made when first asked for."""
        if len(self.gradients) != shards:
            self.gradients = zeros((shards, padded(self.parameters.flat.size)))
        return self.gradients

    def pieces(self) -> np.ndarray:
        """Where the pieces of the flat buffer begin, and behind the last one its end."""
        size = self.parameters.flat.size
        return np.append(np.arange(0, size, PIECE), size)

    def drop_weights(self, keys: np.ndarray) -> None:
        """Drops a share of every weight_hh until refresh(); keys (L,) uint32 say which (Merity et al. 2017).

        Weights, not states, are dropped: one draw holds for a whole window, and the recurrence costs no more.
        """
        threads, rate, layers = self.workers.threads, self.settings.recurrent_dropout, self.weights.layers
        for layer, key in zip(layers, keys, strict=True):
            self.workers.map(partial(layer.drop, rate, key, parts=threads), threads)
        for layer in layers:
            self.workers.map(partial(layer.pack_dropped, parts=threads), threads)

    def drop_gradient(self, gradient: np.ndarray, keys: np.ndarray) -> None:
        """Drops the same weights from gradient (P,) as drop_weights() did with the same keys."""
        threads, rate = self.workers.threads, self.settings.recurrent_dropout
        for k, key in enumerate(keys):
            own = self.parameters.stored(f"weight_hh_l{k}", gradient)
            self.workers.map(partial(drop_rows, own, own, rate, key, parts=threads), threads)

    def refresh(self) -> None:
        """Packs the weights again; due after every change of the parameters."""
        threads = self.workers.threads
        self.workers.map(lambda part: self.weights.refresh_part(part, threads), threads)
        self.weights.refresh_table()
