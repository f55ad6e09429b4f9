"""The published formula against every buffer there is, and against what the process was really given."""

import itertools
import tracemalloc

import numpy as np
import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.engine.compiled.engine import CompiledEngine
from charrnn.engine.compiled.memory import BatchShape, training_bytes
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.optimizers import optimizer_of
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.settings import NetworkSettings, TrainingSettings

SHAPES = [(cell, *shape) for cell, shape in itertools.product(KINDS, [
    (128, 1, 0, 0.0, 65, 50, 50, 2), (250, 2, 0, 0.3, 90, 33, 40, 2), (70, 3, 24, 0.1, 200, 7, 300, 1),
    (300, 1, 0, 0.0, 65, 1, 900, 1)])]


@pytest.mark.few(15)
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_formula_is_what_is_taken(shape, precision):
    cell, hidden, layers, embedding, dropout, V, N, T, shards = shape
    settings = NetworkSettings(cell=cell, hidden=hidden, layers=layers, embedding=embedding, dropout=dropout,
                               recurrent_dropout=dropout)
    training = TrainingSettings(precision=precision, optimizer="rmsprop" if layers == 3 else "adam")
    CompiledEngine(settings, V, training).precompile()
    start = 3 if N < 10 else -1
    ids = np.random.default_rng(0).integers(V, size=(T, N)).astype(np.int32)
    keys = np.zeros(layers, np.uint32) if dropout else None
    tracemalloc.start()
    try:
        network = Network(settings, V, threads=shards, precision=precision, start=start)
        batch, adam = CompiledStreams(network, N, T, shards), optimizer_of(network, training)
        gradients = network.gradients_of(shards)
        # the traces themselves: the total that is counted along now and then keeps what was freed long ago
        kept = sum(trace.size for trace in tracemalloc.take_snapshot().traces)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        batch.learn(ids, ids, keys)
        adam.update(gradients, 1e-3, 1.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    expected = training_bytes(settings, V, network.parameters.flat.size,
                              BatchShape(N, T, shards, precision, start >= 0), len(adam.memory))
    assert kept == pytest.approx(expected, rel=0.02)
    assert peak - before < 0.02 * expected + 4 * ids.nbytes  # a step takes next to nothing of its own
