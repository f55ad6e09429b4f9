"""Clamped cells, adjusted logits and surprisal are what plain NumPy makes of them, and rules change at their edges."""

import numpy as np
import pytest

from charrnn.cells.numpy_step import Arrays, sigmoid
from charrnn.cells.registry import CELLS
from charrnn.engine.reference.backpropagation import layer_arrays
from charrnn.kernels.sample_logits import Limits
from charrnn.kernels.softmax import NEVER
from charrnn.sampling.constraints import Clamp, SamplingRule
from charrnn.sampling.sampler import Sampler, generators_of
from charrnn.sampling.streams import PackedModel, StreamGroup
from charrnn.settings import NetworkSettings
from tests.engine.compiled import compiled_network
from tests.networks import random_parameters, random_state

V, H, LENGTH = 11, 19, 25
PRIME = np.array([4, 0, 7], np.int32)
NOTHING = np.zeros((0, 1), np.int32)


def parameters_of(settings: NetworkSettings, seed: int = 0) -> Arrays:
    return {name: 2 * array for name, array in
            random_parameters(settings, V, np.random.default_rng(seed)).items()}


def sampler_of(settings: NetworkSettings, parameters: Arrays, streams: int = 1) -> Sampler:
    network = compiled_network(settings, parameters)
    return Sampler(settings, network.weights, streams)


def held(settings: NetworkSettings, parameters: Arrays, k: int, state: tuple, tape: tuple, clamps: tuple) -> tuple:
    """The state of layer k with its clamped units set, and h made anew from them."""
    for clamp in clamps:
        if clamp.layer != k:
            continue
        unit = clamp.unit
        if not CELLS[settings.cell].has_memory:
            state[0][0, unit] = clamp.value
            continue
        h, c = state
        value, o = np.arctanh(clamp.value), tape.o[0, unit]
        if settings.cell == "peephole":
            peep = layer_arrays(parameters, k)["weight_peep"][2 * H + unit]
            o = sigmoid(np.log(o / (1 - o)) + peep * (value - c[0, unit]))
        c[0, unit], h[0, unit] = value, o * np.tanh(value)
    return state


def logits_by_hand(settings: NetworkSettings, parameters: Arrays, ids: np.ndarray,
                   clamps_at: list[tuple]) -> np.ndarray:
    """The logits (T, V) after each of ids (T,), in float64, with the units of clamps_at[t] clamped after step t."""
    states = [tuple(np.zeros_like(array) for array in layer)
              for layer in random_state(settings, 1, np.random.default_rng(0))]
    logits = []
    for token, clamps in zip(ids, clamps_at, strict=True):
        x = np.eye(V)[[token]]
        for k in range(settings.layers):
            state, tape = CELLS[settings.cell].step(x, states[k], layer_arrays(parameters, k))
            states[k] = held(settings, parameters, k, tuple(np.array(array) for array in state), tape, clamps)
            x = states[k][0]
        logits.append((x @ parameters["weight_out"].T + parameters["bias_out"])[0])
    return np.array(logits)


def surprisal(logits: np.ndarray, ids: np.ndarray) -> np.ndarray:
    largest = logits.max(axis=1, keepdims=True)
    return (np.log(np.exp(logits - largest).sum(axis=1)) + largest[:, 0]) - logits[np.arange(len(ids)), ids]


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_clamped_cells_and_surprisal(cell: str, layers: int) -> None:
    settings = NetworkSettings(cell, H, layers)
    parameters = parameters_of(settings)
    # unit 0, value 0, the last unit of the last layer, two in one layer, one that comes and goes
    clamps = (Clamp(0, 0, 0.0), Clamp(layers - 1, H - 1, -0.9), Clamp(0, 7, 0.6, start=5, stop=12))
    sampler = sampler_of(settings, parameters)
    sampler.begin(PRIME)
    adjustment = np.linspace(-1, 1, V)
    rule = SamplingRule(1.3, adjustment=adjustment, clamps=clamps)
    pieces = list(sampler.stream(LENGTH, generators_of(3, 1), rule, with_nats=True))
    ids = np.concatenate([piece.ids for piece in pieces])[:, 0]
    nats = np.concatenate([piece.nats for piece in pieces if piece.nats is not None])[:, 0]
    active = [clamps[:2] + (clamps[2:] if 5 <= written < 12 else ()) for written in range(LENGTH)]
    read = np.concatenate([PRIME, ids[:-1]])
    logits = logits_by_hand(settings, parameters, read, [()] * (len(PRIME) - 1) + active)[len(PRIME) - 1:]
    # the surprisal is the network's own, without temperature and adjustment
    np.testing.assert_allclose(nats, surprisal(logits, ids), rtol=1e-3, atol=1e-3)
    draws = generators_of(3, 1)[0].random(LENGTH)
    weights = np.exp((logits + adjustment - (logits + adjustment).max(axis=1, keepdims=True)) / 1.3)
    shares = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    by_hand = np.array([np.searchsorted(share, draw, side="right") for share, draw in zip(shares, draws, strict=True)])
    assert np.mean(by_hand == ids) > 0.9  # a draw may fall on a border


def test_a_clamp_changes_what_is_written() -> None:
    settings = NetworkSettings("lstm", H, 2)
    parameters, texts = parameters_of(settings), []
    for clamps in ((), (Clamp(0, 0, 0.0),), (Clamp(0, 0, 1.0),), (Clamp(0, 0, -1.0),)):
        sampler = sampler_of(settings, parameters)
        sampler.begin(PRIME)
        sampler.generate(NOTHING, np.random.default_rng(0).random((40, 1)), SamplingRule(clamps=clamps))
        texts.append(tuple(sampler.state[1, 0, 0, :3]))
        if clamps and clamps[0].value:
            assert np.tanh(sampler.state[1, 0, 0, 0]) == clamps[0].value  # 1 is 1, and not nearly
    assert len(set(texts)) == 4


@pytest.mark.parametrize("cell", CELLS)
def test_predict_and_states(cell: str) -> None:
    settings = NetworkSettings(cell, H, 2)
    parameters = parameters_of(settings)
    group = StreamGroup(PackedModel(settings, compiled_network(settings, parameters).weights), 3, 1)
    rng = np.random.default_rng(1)
    ids = rng.integers(V, size=(6, 3)).astype(np.int32)
    group.begin(ids[:1])
    ours = np.stack([group.predict(line).copy() for line in ids])
    by_hand = np.stack([logits_by_hand(settings, parameters, ids[:, n], [()] * 6) for n in range(3)], axis=1)
    np.testing.assert_allclose(ours, by_hand, rtol=1e-4, atol=1e-4)
    # states can be taken, put in another order, and all be one
    state, then = group.state, np.array([1, 2, 3], np.int32)
    after = group.predict(then).copy()
    group.state = state[:, :, [2, 0, 0]]
    np.testing.assert_array_equal(group.predict(then[[2, 0, 0]]), after[[2, 0, 0]])
    group.state = state[:, :, 1:2]
    np.testing.assert_array_equal(group.predict(then[[1, 1, 1]]), after[[1, 1, 1]])


@pytest.mark.parametrize("streams", [1, 40])
def test_what_all_have_in_common_is_read_once(streams: int) -> None:
    settings = NetworkSettings("lstm", H, 2)
    parameters, draws = parameters_of(settings), np.random.default_rng(2).random((LENGTH, streams))
    texts = []
    for prime in (PRIME, np.repeat(PRIME[:, None], streams, axis=1)):
        sampler = sampler_of(settings, parameters, streams)
        sampler.begin(prime)
        texts.append(sampler.generate(np.zeros((0, streams), np.int32), draws, SamplingRule()))
    assert np.array_equal(*texts)


def test_each_stream_has_its_temperature() -> None:
    settings = NetworkSettings("gru", H, 1)
    parameters, draws = parameters_of(settings), np.random.default_rng(2).random((LENGTH, 1))
    alone = []
    for temp in (0.0, 0.7, 2.0):
        sampler = sampler_of(settings, parameters)
        sampler.begin(PRIME)
        alone.append(sampler.generate(NOTHING, draws, SamplingRule(temp))[:, 0])
    sampler = sampler_of(settings, parameters, 3)
    sampler.begin(PRIME)
    rule = SamplingRule(np.array([0.0, 0.7, 2.0]))
    together = sampler.generate(np.zeros((0, 3), np.int32), np.repeat(draws, 3, axis=1), rule)
    assert np.array_equal(together, np.array(alone).T)


@pytest.mark.parametrize("rule", [
    SamplingRule(0.4), SamplingRule(1.7), SamplingRule(1.0, Limits(top_k=4)), SamplingRule(1.0, Limits(top_p=0.7)),
    SamplingRule(1.2, Limits(min_p=0.2)), SamplingRule(1.4, Limits(8, 0.9, 0.05))], ids=str)
def test_chi_square_of_what_streams_write(rule: SamplingRule) -> None:
    settings, n = NetworkSettings("lstm", H, 1), 20_000
    parameters = parameters_of(settings, seed=5)
    parameters["weight_out"] *= 0.5
    sampler = sampler_of(settings, parameters, n)
    sampler.begin(PRIME)
    drawn = sampler.generate(np.zeros((0, n), np.int32), np.random.default_rng(0).random((1, n)), rule)[0]
    logits = logits_by_hand(settings, parameters, PRIME, [()] * 3)[-1]
    left = np.exp((logits - logits.max()) / np.asarray(rule.temp))
    order = np.argsort(-left)
    left[order[rule.limits.top_k or V:]] = 0
    left /= left.sum()
    left[order[1:][np.cumsum(left[order])[:-1] >= rule.limits.top_p]] = 0
    left[left < rule.limits.min_p * left.max()] = 0
    expected = n * left / left.sum()
    counts, kept = np.bincount(drawn, minlength=V), expected > 0
    assert 1 < np.count_nonzero(kept) <= V
    assert not counts[~kept].any()
    # 10 degrees of freedom exceed it once in ten thousand times
    assert np.sum((counts[kept] - expected[kept]) ** 2 / expected[kept]) < 35.6


def test_a_rule_changes_at_its_edges() -> None:
    changing = SamplingRule(clamps=(Clamp(0, 1, 0.5, 3, 6), Clamp(0, 2, 0.5, 0)), min_length=4, endings=(2,))
    steps = [(0, 1, True, 3), (2, 1, True, 3), (3, 2, True, 4), (4, 2, False, 6), (5, 2, False, 6), (6, 1, False, None),
             (99, 1, False, None)]
    for written, clamps, is_forbidden, until in steps:
        rule, edge = changing.at(written)
        assert (len(rule.clamps), edge) == (clamps, until), written
        assert np.flatnonzero(rule.added(V) == NEVER).tolist() == [2] * is_forbidden


@pytest.mark.parametrize("min_length", [0, 1, 7, 25])
def test_no_ending_before_its_time(min_length: int) -> None:
    settings = NetworkSettings("lstm", H, 1)
    parameters, forced = parameters_of(settings), np.zeros(V)
    forced[2] = 500.0  # the ending wants to come at once
    sampler = sampler_of(settings, parameters, 2)
    sampler.begin(PRIME)
    rule = SamplingRule(adjustment=forced, min_length=min_length, endings=(2,))
    ids = np.concatenate([piece.ids for piece in sampler.stream(25, generators_of(0, 2), rule)])
    assert not np.any(ids[:min_length] == 2)
    assert np.all(ids[min_length:] == 2)
