"""Adam over a whole network: clipping, its state, and what happens to a gradient that is no number."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.optimizers import Adam
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.reference.optimizers import clip_gradients
from charrnn.errors import CheckpointError, TrainingError
from charrnn.settings import NetworkSettings
from tests.networks import adam_update

V = 19


def made(cell="gru", seed=0, threads=1):
    """A network, its optimiser, and gradients of three shards; padding is 0 as the kernels leave it."""
    rng = np.random.default_rng(seed)
    network = Network(NetworkSettings(cell=cell, hidden=21, layers=2), V, rng, threads)
    gradients = network.gradients_of(3)
    for gradient in gradients:
        network.parameters.from_arrays({name: rng.standard_normal(array.shape) for name, array
                                        in network.parameters.to_arrays().items()}, gradient)
    return network, Adam(network), gradients


def without(arrays, name):
    return {key: array for key, array in arrays.items() if key != name}


def gradient_norm(network, gradients):
    total = {name: np.float64(0) for name in network.parameters.table}
    for gradient in gradients:
        for name, array in network.parameters.to_arrays(gradient).items():
            total[name] = total[name] + array.astype(np.float64)
    return total, clip_gradients(total, np.inf)


@pytest.mark.parametrize("limit", [0.5, 10.0])
def test_clipping_limits_the_norm_and_keeps_the_direction(limit):
    network, adam, gradients = made()
    total, norm = gradient_norm(network, gradients)
    assert adam.update(gradients, 1e-3, limit) == pytest.approx(norm, rel=1e-6)
    assert norm > limit
    first = network.parameters.to_arrays(adam.buffers[0])  # after one step it is (1 - beta1) times the clipped gradient
    clipped = {name: array.astype(np.float64) / (1 - adam.training.beta1) for name, array in first.items()}
    assert np.sqrt(sum((array**2).sum() for array in clipped.values())) == pytest.approx(limit, rel=1e-6)
    for name, array in clipped.items():
        np.testing.assert_allclose(array, total[name] * limit / norm, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("clip", [0.0, 1e9])
def test_below_the_limit_or_without_one_nothing_is_clipped(clip):
    network, adam, gradients = made()
    total, _ = gradient_norm(network, gradients)
    adam.update(gradients, 1e-3, clip)
    for name, array in network.parameters.to_arrays(adam.buffers[0]).items():
        np.testing.assert_allclose(array / (1 - adam.training.beta1), total[name], rtol=1e-5, atol=1e-6)


def test_a_gradient_of_zero_changes_nothing():
    network, adam, gradients = made()
    gradients[:], kept = 0, network.parameters.flat.copy()
    assert adam.update(gradients, 0.1, 1.0) == 0
    np.testing.assert_array_equal(network.parameters.flat, kept)


def test_steps_against_the_reference():
    network, adam, _ = made("lstm")
    parameters = {name: array.astype(np.float64) for name, array in network.parameters.to_arrays().items()}
    first, second = ({name: np.zeros_like(array) for name, array in parameters.items()} for _ in range(2))
    for step in range(1, 11):
        _, _, gradients = made("lstm", seed=step)
        total, _ = gradient_norm(network, gradients)
        clip_gradients(total, 3.0)
        adam_update(parameters, total, first, second, step, 0.01)
        adam.update(gradients, 0.01, 3.0)
    for name, array in network.parameters.to_arrays().items():
        np.testing.assert_allclose(array, parameters[name], rtol=1e-5, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shard", [0, 2])
def test_a_gradient_that_is_no_number_never_reaches_a_weight(bad, shard):
    network, adam, gradients = made()
    adam.update(gradients.copy(), 0.01, 1.0)
    kept = [array.copy() for array in (network.parameters.flat, adam.buffers[0], adam.buffers[1], network.weights.table,
                                       network.weights.layers[1].hh)]
    network.parameters.stored("weight_hh_l1", gradients[shard])[3, 4] = bad
    with pytest.raises(TrainingError, match=r"after 1 steps.*lower --lr"):
        adam.update(gradients, 0.01, 1.0)
    assert adam.steps == 1
    for a, b in zip(kept, (network.parameters.flat, adam.buffers[0], adam.buffers[1], network.weights.table,
                           network.weights.layers[1].hh), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_moments_come_back_as_they_went_out():
    network, adam, gradients = made()
    adam.update(gradients.copy(), 0.01, 1.0)
    other_network, other, _ = made()
    other_network.parameters.from_arrays(network.parameters.to_arrays())
    other.from_arrays(adam.to_arrays(), adam.steps)
    assert set(adam.to_arrays()) == {f"adam_{kind}.{name}" for kind in ("mean", "square")
                                     for name in network.parameters.table}
    for optimizer in (adam, other):
        optimizer.update(made(seed=5)[2], 0.01, 1.0)
    np.testing.assert_array_equal(network.parameters.flat, other_network.parameters.flat)
    with pytest.raises(CheckpointError, match="bias_out is missing"):
        other.from_arrays(without(adam.to_arrays(), "adam_square.bias_out"), 1)


@pytest.mark.parametrize("cell", KINDS)
def test_the_packed_weights_follow_the_parameters(cell):
    """After an update the network computes what a new one with the same parameters computes."""
    network, adam, gradients = made(cell, threads=3)
    adam.update(gradients, 0.1, 1.0)
    fresh, _, _ = made(cell)
    fresh.parameters.from_arrays(network.parameters.to_arrays())
    fresh.refresh()
    ids = np.random.default_rng(1).integers(V, size=(4, 2)).astype(np.int32)
    losses, slopes = [], []
    for one in (network, fresh):
        slopes.append(one.gradients_of(1))
        losses.append(CompiledStreams(one, 2, 4, 1).learn(ids, ids))
    assert losses[0] == losses[1]
    np.testing.assert_array_equal(*slopes)
