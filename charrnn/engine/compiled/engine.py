"""Layer engine: the network on compiled kernels, with all cores."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from charrnn.cells.registry import is_compiled
from charrnn.engine.compiled.averaging import Average
from charrnn.engine.compiled.memory import BatchShape, streams_bytes, training_bytes
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.optimizers import optimizer_of
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.interface import PROGRAM_BYTES, Arrays, Engine
from charrnn.settings import NetworkSettings, TrainingSettings


class CompiledEngine(Engine):
    """A network, and with training settings its optimizer and its average."""

    def __init__(self, settings: NetworkSettings, vocabulary: int, training: TrainingSettings | None = None,
                 generator: np.random.Generator | None = None, start: int = -1, threads: int = 1) -> None:
        super().__init__(settings, vocabulary, training, start, threads)
        self.precision = training.precision if training else "float32"
        self.network = Network(settings, vocabulary, generator, threads, self.precision, start)
        self.optimizer = optimizer_of(self.network, training) if training else None
        self.average = Average(self.network, training.averaging if training else 0.0)

    @property
    def is_compiled(self) -> bool:
        return is_compiled(self.settings, "backward")

    def precompile(self) -> None:
        """Takes one step of a network too small to take time; every kernel then exists in its one signature."""
        settings = NetworkSettings(
            cell=self.settings.cell, hidden=1, layers=min(self.settings.layers, 2), dropout=self.settings.dropout,
            embedding=min(self.settings.embedding, 1), recurrent_dropout=self.settings.recurrent_dropout,
            encoder=self.settings.encoder)
        tiny = CompiledEngine(settings, 2, self.training, np.random.default_rng(0))
        ids, keys = np.zeros((1, 1), np.int32), np.zeros(settings.layers, np.uint32)
        tiny.streams(1, 1).learn(ids, ids, keys if settings.dropout else None,
                                 keys if settings.recurrent_dropout else None)
        tiny.update(1e-3, 1.0)

    @property
    def steps(self) -> int:
        return self.optimizer.steps if self.optimizer else 0

    def parameters(self) -> Arrays:
        return self.network.parameters.to_arrays()

    def load(self, arrays: Arrays) -> None:
        self.network.parameters.from_arrays(arrays)
        self.average.flat[:] = self.network.parameters.flat
        self.network.refresh()

    def streams(self, rows: int, window: int, shards: int = 1) -> CompiledStreams:
        return CompiledStreams(self.network, rows, window, shards)

    def update(self, rate: float, clip: float) -> float:
        assert self.optimizer is not None  # opened with training settings
        return self.optimizer.update(self.network.gradients, rate, clip, self.average.adding(self.steps + 1))

    @contextmanager
    def averaged(self) -> Iterator[None]:
        with self.average.in_use():
            yield

    def state(self) -> Arrays:
        return {**self.average.to_arrays(), **(self.optimizer.to_arrays() if self.optimizer else {})}

    def restore(self, arrays: Arrays, steps: int) -> None:
        assert self.optimizer is not None  # opened with training settings
        self.average.from_arrays(arrays)
        self.optimizer.from_arrays(arrays, steps)
        self.network.refresh()

    def memory(self, rows: int, window: int, shards: int) -> int:
        assert self.optimizer is not None  # opened with training settings
        assert self.training is not None
        parameters, kinds = self.network.parameters.flat.size, len(self.optimizer.memory)
        is_averaged = self.training.averaging > 0
        copies = 2 * (1 + kinds + is_averaged) + is_averaged
        return PROGRAM_BYTES + copies * 4 * parameters + training_bytes(
            self.settings, self.vocabulary, parameters, self._shape(rows, window, shards), kinds)

    def streams_memory(self, rows: int, window: int, shards: int) -> int:
        return streams_bytes(self.settings, self.vocabulary, self._shape(rows, window, shards))

    def _shape(self, rows: int, window: int, shards: int) -> BatchShape:
        return BatchShape(rows, window, min(shards, rows), self.precision, self.start >= 0)
