"""Recurrent dropout drops weights, in the product and in its gradient, and only while a window is learned."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.settings import NetworkSettings
from tests.networks import random_parameters

V, N, T, RATE = 9, 5, 7, 0.4
CELLS = pytest.mark.parametrize("cell", KINDS)
KEYS = np.array([77, 4_000_000_000], np.uint32)


def made(cell, rate=RATE, threads=1, precision="float32"):
    settings = NetworkSettings(cell=cell, hidden=21, layers=2, dropout=0.0, recurrent_dropout=rate)
    network = Network(settings, V, threads=threads, precision=precision)
    network.parameters.from_arrays(random_parameters(settings, V, np.random.default_rng(1)))
    network.refresh()
    return network


def dropped_by_hand(network):
    """The parameters with the same share of weight_hh dropped, seen through a gradient of ones."""
    mask = network.gradients_of(1)[0]
    mask[:] = 1
    network.drop_gradient(mask, KEYS)
    arrays, masks = network.parameters.to_arrays(), network.parameters.to_arrays(mask)
    return {name: array * masks[name] for name, array in arrays.items()}, masks


def window():
    rng = np.random.default_rng(2)
    return rng.integers(V, size=(2, T, N)).astype(np.int32)


@CELLS
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_window_is_that_of_the_dropped_weights(cell, precision):
    network, plain = made(cell, precision=precision, threads=3), made(cell, 0.0, precision=precision)
    arrays, masks = dropped_by_hand(network)
    plain.parameters.from_arrays(arrays)
    plain.refresh()
    inputs, targets = window()
    results = []
    for one in (network, plain):
        gradients = one.gradients_of(2)
        if one is network:
            one.drop_weights(KEYS)
        loss = CompiledStreams(one, N, T, 2).learn(inputs, targets)
        results.append((loss, [one.parameters.to_arrays(gradient) for gradient in gradients]))
        if one is network:
            for gradient in gradients:
                one.drop_gradient(gradient, KEYS)
            dropped = [one.parameters.to_arrays(gradient) for gradient in gradients]
    assert results[0][0] == results[1][0]
    for shard in range(2):
        for name, slope in results[1][1][shard].items():
            np.testing.assert_array_equal(dropped[shard][name], slope * masks[name], err_msg=name)


@CELLS
def test_the_share_of_weights_and_their_scale(cell):
    network = made(cell)
    _, masks = dropped_by_hand(network)
    for name, mask in masks.items():
        if name.startswith("weight_hh"):
            assert set(np.unique(mask)) == {0.0, np.float32(1 / (1 - RATE))}
            assert abs((mask == 0).mean() - RATE) < 4 * np.sqrt(RATE * (1 - RATE) / mask.size)
        else:
            assert (mask == 1).all()
    assert (masks["weight_hh_l0"] != masks["weight_hh_l1"]).any()


def test_refresh_brings_all_weights_back():
    network, inputs = made("lstm"), window()
    before = CompiledStreams(network, N, T, 1).evaluate(*inputs)
    network.drop_weights(KEYS)
    assert CompiledStreams(network, N, T, 1).evaluate(*inputs) != before
    network.refresh()
    assert CompiledStreams(network, N, T, 1).evaluate(*inputs) == before


@CELLS
def test_threads_change_nothing(cell):
    losses = []
    for threads in (1, 2, 5):
        network = made(cell, threads=threads)
        network.drop_weights(KEYS)
        losses.append(CompiledStreams(network, N, T, 1).evaluate(*window()))
    assert losses[0] == losses[1] == losses[2]
