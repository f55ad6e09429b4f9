"""With bfloat16 products a network computes nearly what float32 ones give: near enough to train, never the same."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.optimizers import Adam
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.reference import backpropagation as reference
from charrnn.settings import NetworkSettings
from tests.engine.compiled import drawn, ids, named

# (hidden, layers, embedding, N, T, V): odd numbers of rows, more than one chunk of time, more rows than a chunk has
SIZES = [(20, 1, 0, 33, 12, 61), (70, 3, 5, 7, 40, 16), (112, 2, 0, 9, 31, 15), (33, 2, 0, 257, 2, 3)]
# What 8 bits of precision in both factors leave of a sum's size, with room for what layers and time add.
NEAR = 0.02


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_against_float64(cell, size):
    hidden, layers, embedding, N, T, V = size
    settings = NetworkSettings(cell=cell, hidden=hidden, layers=layers, embedding=embedding, dropout=0.0)
    parameters, inputs, targets, state = drawn(settings, V, T, N, seed=1)
    expected = reference.truncated_bptt(settings, parameters, inputs, targets, state)
    network = Network(settings, V, precision="bf16")
    network.parameters.from_arrays(parameters)
    network.refresh()
    batch, gradients = CompiledStreams(network, N, T, 2), network.gradients_of(2)
    batch.set_state(named(state))
    loss = batch.learn(ids(inputs), ids(targets))
    gradients[0] = gradients.sum(axis=0)
    assert loss == pytest.approx(expected.loss, rel=NEAR)
    for name, gradient in network.parameters.to_arrays(gradients[0]).items():
        distance = np.linalg.norm(gradient - expected.gradients[name])
        assert distance < NEAR * np.linalg.norm(expected.gradients[name]), name
        if name.startswith(("weight_hh", "weight_out")):
            assert distance > 0  # rounded, and not float32 under another name


@pytest.mark.parametrize("cell", CELLS)
def test_it_learns_and_threads_change_no_bit(cell):
    settings = NetworkSettings(cell=cell, hidden=40, layers=2, dropout=0.0)
    text = np.tile(np.arange(7), 300)
    ends = []
    for threads in (1, 3):
        network = Network(settings, 7, np.random.default_rng(0), threads, "bf16")
        batch, gradients, adam, losses = CompiledStreams(network, 5, 20, 3), network.gradients_of(3), Adam(network), []
        for i in range(60):
            window = np.stack([text[i + n : i + n + 21] for n in range(5)], axis=1)
            batch.reset()
            losses.append(batch.learn(ids(window[:-1]), ids(window[1:])))
            adam.update(gradients, 0.01, 1.0)
        assert losses[-1] < 0.1 < 1 < losses[0]
        ends.append(network.parameters.flat.tobytes())
    assert ends[0] == ends[1]
