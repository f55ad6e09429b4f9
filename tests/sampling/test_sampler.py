"""Sampled text is what the network predicts, whatever the pieces and however many streams grow side by side."""

import dataclasses

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.packed_weights import Weights
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.threads import Workers
from charrnn.errors import VocabularyError
from charrnn.kernels.jit import JIT
from charrnn.kernels.sample_logits import Limits
from charrnn.sampling import sampler as sampling
from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.sampler import Sampler, ThreadCount, generators_of
from charrnn.sampling.session import prime_ids
from charrnn.settings import NetworkSettings
from charrnn.text.tokenizers import Tokens
from charrnn.text.vocabulary import Vocabulary
from tests.engine.compiled import logits_of

V, H, LENGTH = 13, 21, 60
NETWORKS = [NetworkSettings(cell, H, layers, embedding) for cell in CELLS
            for layers, embedding in [(1, 0), (2, 0), (3, 0), (2, 5)]]
NOTHING = np.zeros((0, 1), np.int32)


def network_of(settings: NetworkSettings, seed: int = 0) -> Network:
    """A network with an opinion: its initial weights, three times as large."""
    network = Network(settings, V, np.random.default_rng(seed))
    network.parameters.from_arrays({name: 3 * array for name, array in network.parameters.to_arrays().items()})
    network.refresh()
    return network


def written(network: Network, prime: np.ndarray, draws: np.ndarray, temp: float = 1.0, top_k: int = 0,
            threads: int = 1) -> np.ndarray:
    """ids (S, N) that follow prime (P, N); few streams share all the threads."""
    sampler = Sampler(network.settings, network.weights, prime.shape[1], Workers(threads))
    sampler.begin(prime)
    return sampler.generate(np.zeros((0, prime.shape[1]), np.int32), draws, SamplingRule(temp, Limits(top_k)), threads)


def streamed(network: Network, seed: int, temp: float = 1.0, streams: int = 1, length: int = LENGTH,
             threads: int = 1) -> np.ndarray:
    sampler = Sampler(network.settings, network.weights, streams, Workers(threads))
    sampler.begin(np.full((2, streams), 3, np.int32))
    pieces = sampler.stream(length, generators_of(seed, streams), SamplingRule(temp))
    return np.concatenate([piece.ids for piece in pieces])


def name_of(settings: NetworkSettings) -> str:
    return f"{settings.cell}-{settings.layers}-{settings.embedding}"


@pytest.mark.parametrize("settings", NETWORKS, ids=name_of)
def test_greedy_text_is_the_argmax_of_the_logits(settings: NetworkSettings) -> None:
    network, prime = network_of(settings), np.array([[3, 0], [12, 7], [5, 5]], np.int32)
    text = written(network, prime, np.zeros((LENGTH, 2)), temp=0.0)
    read = np.concatenate([prime, text])
    logits = logits_of(CompiledStreams(network, 2, len(read), 1), network, read[:-1])[len(prime) - 1 :]
    of_chosen = np.take_along_axis(logits, text[..., None].astype(np.int64), axis=-1)[..., 0]
    # both ways sum in another order: of two as good as equal, either is right
    assert np.all(of_chosen >= logits.max(axis=-1) - 1e-4)
    assert np.mean(logits.argmax(axis=-1) == text) > 0.9
    assert len(np.unique(text)) > 1


@pytest.mark.parametrize("settings", NETWORKS, ids=name_of)
def test_many_streams_are_as_many_single_ones(settings: NetworkSettings) -> None:
    network, rng = network_of(settings), np.random.default_rng(1)
    prime, draws = rng.integers(V, size=(4, 5)).astype(np.int32), rng.random((LENGTH, 5))
    together = written(network, prime, draws)
    single = [written(network, prime[:, n : n + 1], draws[:, n : n + 1])[:, 0] for n in range(5)]
    assert np.array_equal(together, np.array(single).T)


@pytest.mark.parametrize("cell", CELLS)
def test_it_goes_on_where_it_stopped(cell: str) -> None:
    network = network_of(NetworkSettings(cell, H, 2))
    draws = np.random.default_rng(2).random((LENGTH, 1))
    whole = written(network, np.array([[3]], np.int32), draws)
    sampler = Sampler(network.settings, network.weights)
    sampler.begin(np.array([[3]], np.int32))
    parts = [sampler.generate(NOTHING, part, SamplingRule()) for part in np.split(draws, [1, 7, 8, 30])]
    assert np.array_equal(np.concatenate(parts), whole)
    # what it wrote, read as a prime, leads to the same place
    primed = written(network, np.concatenate([[[3]], whole[:30]]).astype(np.int32), draws[30:])
    assert np.array_equal(primed, whole[30:])


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e9])
def test_the_sizes_of_the_pieces_change_nothing(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of(NetworkSettings("lstm", H, 2))
    before = streamed(network, 5, streams=2, length=300)
    monkeypatch.setattr(sampling, "_SECONDS_A_CALL", seconds)
    monkeypatch.setattr(sampling, "_FIRST_CALL", 3)
    assert np.array_equal(before, streamed(network, 5, streams=2, length=300))


def test_same_seed_same_text() -> None:
    network = network_of(NetworkSettings("gru", H))
    assert np.array_equal(streamed(network, 1), streamed(network, 1))
    assert not np.array_equal(streamed(network, 1), streamed(network, 2))


def test_the_text_follows_the_networks_probabilities() -> None:
    network = network_of(NetworkSettings("lstm", H), seed=4)
    n, prime = 4_000, np.array([[3], [8]], np.int32)
    logits = logits_of(CompiledStreams(network, 1, 2, 1), network, prime)[-1, 0]
    expected = n * np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    first = written(network, np.repeat(prime, n, axis=1), np.random.default_rng(0).random((1, n)))
    counts = np.bincount(first[0], minlength=V)
    assert np.sum((counts - expected) ** 2 / expected) < 39.1  # 12 degrees of freedom, once in ten thousand times


def test_the_faster_number_of_threads_is_found_and_kept() -> None:
    for speeds, best in [({1: 3.0, 4: 1.0}, 4), ({1: 1.0, 4: 3.0}, 1)]:
        count, taken = ThreadCount(4), []
        for _ in range(260):
            threads, is_trial = count.choose()
            taken.append((threads, is_trial))
            count.record(threads, speeds[threads])
        assert taken[0] == (1, False)
        assert {threads for threads, is_trial in taken[10:] if not is_trial} == {best}
        assert sum(is_trial for _, is_trial in taken) == 1 + 260 // 50
    assert {ThreadCount(1).choose() for _ in range(60)} == {(1, False)}


def test_the_threads_follow_a_machine_that_changes() -> None:
    count, busy = ThreadCount(2), {1: 1.0, 2: 5.0}
    for call in range(200):
        threads, _ = count.choose()
        count.record(threads, (busy if call < 100 else {1: 1.0, 2: 0.5})[threads])
    assert count.choose()[0] == 2


def test_begin_forgets_everything() -> None:
    network = network_of(NetworkSettings("lstm", H, 2))
    sampler, draws = Sampler(network.settings, network.weights), np.random.default_rng(3).random((LENGTH, 1))
    texts = []
    for _ in range(2):
        sampler.begin(np.array([[3], [4]], np.int32))
        texts.append(sampler.generate(NOTHING, draws, SamplingRule()))
    assert np.array_equal(*texts)


def test_nothing_to_write() -> None:
    assert streamed(network_of(NetworkSettings("rnn", H)), 1, length=1).shape == (1, 1)
    sampler = Sampler(NetworkSettings("rnn", H), network_of(NetworkSettings("rnn", H)).weights)
    assert list(sampler.stream(0, generators_of(0, 1), SamplingRule())) == []


def test_prime_ids() -> None:
    vocabulary = Vocabulary("abc\n")
    assert prime_ids(vocabulary, "ca").tolist() == [3, 1]
    assert prime_ids(vocabulary, "ca", "\n").tolist() == [0, 3, 1]
    assert prime_ids(vocabulary, "", "\n").tolist() == [0]
    assert prime_ids(vocabulary, "").tolist() == []
    with pytest.raises(VocabularyError, match="'z'"):
        prime_ids(vocabulary, "az")
    assert prime_ids(Tokens(["a", "\n"]), "  ").tolist() == []  # a prime of spaces has no token in it


@pytest.mark.few(8)
@pytest.mark.skipif(not JIT, reason="one thread only")
@pytest.mark.parametrize("settings", NETWORKS, ids=name_of)
def test_threads_that_share_a_stream_change_no_bit(
        settings: NetworkSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_COLUMNS_A_THREAD", 16)
    # wide enough for every thread to have columns of its own, and for shares that are not equal
    network = network_of(dataclasses.replace(settings, hidden=70))
    rng = np.random.default_rng(4)
    prime, draws = rng.integers(V, size=(4, 3)).astype(np.int32), rng.random((LENGTH, 3))
    alone = written(network, prime, draws)
    for threads in (2, 3):
        assert np.array_equal(written(network, prime, draws, threads=threads), alone)


@pytest.mark.skipif(not JIT, reason="one thread only")
def test_threads_may_change_from_call_to_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_COLUMNS_A_THREAD", 16)
    network = network_of(NetworkSettings("lstm", 70, 2))
    draws, prime = np.random.default_rng(5).random((LENGTH, 2)), np.array([[3, 4], [1, 1]], np.int32)
    sampler = Sampler(network.settings, network.weights, 2, Workers(3))
    sampler.begin(prime)
    nothing = np.zeros((0, 2), np.int32)
    parts = [sampler.generate(nothing, part, SamplingRule(), threads)
             for part, threads in zip(np.split(draws, [5, 6, 19, 40]), (1, 3, 2, 3, 1), strict=True)]
    assert np.array_equal(np.concatenate(parts), written(network, prime, draws))


@pytest.mark.skipif(not JIT, reason="one thread only")
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("threads", [2, 3])
def test_many_streams_are_dealt_out(threads: int, precision: str) -> None:
    network = network_of(NetworkSettings("gru", H, 2))
    network.weights = Weights(network.parameters, precision)
    many = streamed(network, 7, streams=8 * threads + 1, threads=threads)
    assert np.array_equal(many[:, :5], streamed(network, 7, streams=5))


@pytest.mark.parametrize("settings", NETWORKS, ids=name_of)
def test_bf16_predicts_nearly_the_same(settings: NetworkSettings) -> None:
    network = Network(settings, V, np.random.default_rng(0))
    rounded = Network(settings, V, np.random.default_rng(0), precision="bf16")
    ids = np.random.default_rng(1).integers(V, size=(40, 3)).astype(np.int32)
    exact, near = (logits_of(CompiledStreams(net, 3, 40, 1), net, ids) for net in (network, rounded))
    assert 0 < np.abs(near - exact).max() < 0.02
    # the sampling loop rounds as the batch does
    text = written(rounded, ids, np.zeros((LENGTH, 3)), temp=0.0)
    read = np.concatenate([ids, text])
    logits = logits_of(CompiledStreams(rounded, 3, len(read), 1), rounded, read[:-1])[len(ids) - 1 :]
    of_chosen = np.take_along_axis(logits, text[..., None].astype(np.int64), axis=-1)[..., 0]
    assert np.all(of_chosen >= logits.max(axis=-1) - 1e-3)
