"""Layer engine: compiles every kernel that a run will need, on a network too small to take time, so that the first
real step is as fast as the others and a wait has a name."""

import numpy as np

from charrnn.engine.compiled.averaging import Average
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.optimizers import optimizer_of
from charrnn.settings import NetworkSettings, TrainingSettings


def compile_kernels(settings: NetworkSettings, training: TrainingSettings) -> None:
    """Runs one step of a tiny network of the same kind; every kernel then exists in its one signature."""
    tiny = NetworkSettings(cell=settings.cell, hidden=1, layers=min(settings.layers, 2), dropout=settings.dropout,
                           embedding=min(settings.embedding, 1), recurrent_dropout=settings.recurrent_dropout)
    network = Network(tiny, vocabulary=2, generator=np.random.default_rng(0), precision=training.precision)
    batch, gradients = network.batch(1, 1, 1), network.gradients(1)
    ids = np.zeros((1, 1), np.int32)
    keys = np.zeros(tiny.layers, np.uint32)
    if tiny.recurrent_dropout:
        network.drop_weights(keys)
    batch.learn(ids, ids, gradients, keys if tiny.dropout else None)
    optimizer_of(network, training).update(gradients, 1e-3, 1.0)
    Average(network, training.averaging).add(1)
