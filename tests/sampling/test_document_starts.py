"""A text that begins while another is written or read: the streams know nothing of what was before its mark."""

import dataclasses

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.network import Network
from charrnn.engine.reference import backpropagation as reference
from charrnn.engine.threads import Workers
from charrnn.kernels.jit import JIT
from charrnn.sampling import sampler as sampling
from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.sampler import Sampler
from charrnn.settings import NetworkSettings

V, H, START, LENGTH = 9, 21, 4, 40
NETWORKS = pytest.mark.parametrize("settings", [
    NetworkSettings(cell, H, layers) for cell in CELLS for layers in (1, 2)], ids=lambda s: f"{s.cell}-{s.layers}")


def network_of(settings: NetworkSettings, start: int = START, precision: str = "float32") -> Network:
    network = Network(settings, V, np.random.default_rng(1), precision=precision, start=start)
    network.parameters.from_arrays({name: 3 * array for name, array in network.parameters.to_arrays().items()})
    network.refresh()
    return network


def written(network: Network, prime: np.ndarray, draws: np.ndarray, threads: int = 1) -> np.ndarray:
    sampler = Sampler(network.settings, network.weights, prime.shape[1], Workers(threads))
    sampler.begin(prime)
    return sampler.generate(np.zeros((0, prime.shape[1]), np.int32), draws, SamplingRule(), threads)


def primes(P: int, N: int) -> np.ndarray:
    """Ids with a beginning in the middle of the first stream and none in the last."""
    ids = np.random.default_rng(2).integers(V, size=(P, N)).astype(np.int32)
    ids[ids == START] = 0
    ids[P // 2, 0] = START
    return ids


@NETWORKS
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_it_draws_what_the_reference_predicts(settings: NetworkSettings, precision: str) -> None:
    network, prime, N = network_of(settings, precision=precision), primes(6, 3), 3
    draws = np.random.default_rng(3).random((LENGTH, N))
    text = written(network, prime, draws)
    assert np.count_nonzero(text[:-1] == START) > 3
    read = np.concatenate([prime, text])
    parameters = {name: array.astype(np.float64) for name, array in network.parameters.to_arrays().items()}
    state = [tuple(np.zeros((N, H)) for _ in range(1 + CELLS[settings.cell].has_memory))] * settings.layers
    logits = reference.truncated_bptt(settings, parameters, read[:-1], read[1:], state, start=START).logits
    likelihood = np.exp(logits - logits.max(axis=-1, keepdims=True))[len(prime) - 1 :]
    below = np.cumsum(likelihood / likelihood.sum(axis=-1, keepdims=True), axis=-1)
    # the character drawn is the one in whose stretch the number lies, but for rounding
    above = np.take_along_axis(below, text[..., None].astype(np.int64), axis=-1)[..., 0]
    under = np.take_along_axis(np.pad(below, [(0, 0), (0, 0), (1, 0)]), text[..., None].astype(np.int64), -1)[..., 0]
    near = 1e-5 if precision == "float32" else 0.15
    inside = (under - near <= draws) & (draws <= above + near)
    assert np.all(inside) if precision == "float32" else np.mean(inside) > 0.95


@NETWORKS
def test_what_was_before_a_beginning_is_forgotten(settings: NetworkSettings) -> None:
    draws = np.random.default_rng(4).random((LENGTH, 2))
    prime = primes(7, 2)
    prime[-1] = START
    network = network_of(settings)
    text = written(network, prime, draws)
    assert np.array_equal(text, written(network, prime[-1:], draws))
    other = network_of(settings, start=-1)  # the same weights, and no beginnings
    assert not np.array_equal(written(other, prime, draws), text)
    # up to the first beginning it is what a network writes that knows none
    stop = int(np.argmax((text == START).any(axis=1))) + 1
    assert np.array_equal(written(other, prime[-1:], draws)[:stop], text[:stop])


@pytest.mark.skipif(not JIT, reason="one thread only")
@NETWORKS
def test_threads_that_share_a_stream_change_no_bit(
        settings: NetworkSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_COLUMNS_A_THREAD", 16)
    network = network_of(dataclasses.replace(settings, hidden=70))
    prime, draws = primes(6, 3), np.random.default_rng(5).random((LENGTH, 3))
    alone = written(network, prime, draws)
    assert (alone == START).any()
    for threads in (2, 3):
        assert np.array_equal(written(network, prime, draws, threads=threads), alone)
