"""The gradient of single losses, k characters back, against finite differences; what is made of its length."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.inspection.backward import steps_back
from charrnn.inspection.horizon import gain_of, horizon
from charrnn.inspection.stack import Stack
from charrnn.settings import NetworkSettings
from tests.differences import derivative, relative_error
from tests.inspection.drawn import KINDS, drawn


def loss_when(stack, trace, place, time, move):
    """The loss of `place` when the state after character `time` is changed by move(k, tape, (h, c or nothing)),
    and everything behind it follows."""
    state = [tuple(array[None] for array in layer) for layer in trace.first]
    for t in range(place + 1):
        state, _ = stack.step(trace.tokens[t:t + 1], state, move if t == time else lambda k, tape, state: state)
    return stack.nats(state[-1][0], trace.targets[place:place + 1])[0]


def moved(stack, layer, signal, unit, by):
    """One unit's h moved with c as it was, or its c moved with h (and a peephole's output gate) following."""
    def move(k, tape, state):
        if k != layer:
            return state
        state = [array.copy() for array in state]
        state["hc".index(signal)][0, unit] += by
        if signal == "c":
            parameters, c = stack.layers[k], state[1]
            products = tape.x @ parameters["weight_ih"].T + tape.h_before @ parameters["weight_hh"].T
            o = np.split(products + parameters["bias"], 4, axis=1)[3]
            if "weight_peep" in parameters:
                o = o + np.split(parameters["weight_peep"], 3)[2] * c
            state[0] = np.tanh(c) / (1 + np.exp(-o))
        return tuple(state)
    return move


@pytest.mark.few(5)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_every_gradient_against_finite_differences(cell, layers):
    """Losses of three places, not in order, 0 to 6 characters back: by every state, and by the input."""
    _, _, stack, trace = drawn(cell, layers, hidden=3, vocabulary=5, length=14, scale=1.0, seed=layers,
                               embedding=4 if layers == 2 else 0)
    places = np.array([9, 13, 6])
    for lag, step in enumerate(steps_back(stack, trace, places, 6)):
        assert step.alive.all()
        for row in {0: (0,), 1: (1,), 6: (0, 2)}.get(lag, ()):
            place = places[row]
            for k, layer in enumerate(step.states):
                for letter, gradient in zip("hc", layer, strict=False):
                    expected = [derivative(lambda by, k=k, letter=letter, unit=unit, place=place, lag=lag: loss_when(
                        stack, trace, place, place - lag, moved(stack, k, letter, unit, by))) for unit in range(3)]
                    assert relative_error(gradient[row], np.array(expected)) < 1e-6, (lag, k, letter)
            expected = []
            for d in range(stack.table.shape[1]):
                def value(by, d=d, place=place, lag=lag):
                    other = np.vstack([stack.table, stack.table[trace.tokens[place - lag]]])
                    other[-1, d] += by
                    tokens = trace.tokens.copy()
                    tokens[place - lag] = len(stack.table)
                    changed = dataclasses.replace(trace, tokens=tokens)
                    return loss_when(dataclasses.replace(stack, table=other), changed, place, -1, None)
                expected.append(derivative(value))
            assert relative_error(step.inputs[row], np.array(expected)) < 1e-6, lag


@pytest.mark.parametrize("cell", KINDS)
def test_the_lengths_are_means_over_the_losses(cell):
    """In two groups of places; warm-up left out; the shares counted by hand."""
    _, _, stack, trace = drawn(cell, 2, hidden=4, length=400, scale=1.2, warm_up=21)
    found = horizon(stack, trace, places=120, lags=9)
    assert found.lags == 9
    assert found.places == 120
    half = (21 + 400) // 2
    places = np.concatenate([np.linspace(21, half - 1, 60), np.linspace(half, 399, 60)]).round().astype(int)
    steps = list(steps_back(stack, trace, places, 9))
    for reach in found.reaches:
        of = [step.states[reach.layer - 1]["hc".index(reach.signal)] for step in steps]
        np.testing.assert_allclose(reach.norms, [np.linalg.norm(g, axis=1).mean() for g in of], rtol=1e-9)
        assert reach.near == next((k for k, n in enumerate(reach.norms) if n < 0.01 * max(reach.norms)), None)
    inputs = [np.linalg.norm(step.inputs, axis=1).mean() for step in steps]
    np.testing.assert_allclose(found.inputs, inputs, rtol=1e-9)
    for share in (50, 90, 99):
        k = found.within[share]
        assert sum(inputs[:k + 1]) >= share / 100 * sum(inputs) * (1 - 1e-9)
        assert k == 0 or sum(inputs[:k]) < share / 100 * sum(inputs)
    assert [(reach.layer, reach.signal) for reach in found.reaches] == [
        (layer, letter) for layer in (1, 2) for letter in "hc"[:1 + stack.cell.has_memory]]


@pytest.mark.parametrize("cell", KINDS)
def test_in_float32_the_same(cell):
    network, arrays, exact, trace = drawn(cell, 2, hidden=6, length=200, scale=1.0)
    fast = Stack.from_arrays(network, arrays, dtype=np.float32)
    ours, theirs = (horizon(stack, stack.read(trace.tokens, trace.targets), 50, 20) for stack in (fast, exact))
    for a, b in zip(ours.reaches, theirs.reaches, strict=True):
        np.testing.assert_allclose(a.norms, b.norms, rtol=2e-3)
    assert ours.inputs.dtype == np.float64


@pytest.mark.parametrize("cell", KINDS)
def test_no_gradient_crosses_the_start_of_a_text(cell):
    """Texts of 3 and of 12 characters, one behind the other: only the losses of the longer ones reach further back,
    and what reaches there is what a text read by itself gives."""
    network, arrays, _, _ = drawn(cell, 2, hidden=4, scale=1.0)
    stack = Stack.from_arrays(network, arrays, 0, np.float64)
    rng = np.random.default_rng(3)
    long = np.array([0, *rng.integers(1, 7, 11)])
    ids = np.concatenate([long, [0, 3, 2], long, [0, 1, 5], [0]])
    trace = stack.read(ids[:-1], ids[1:])
    alone = stack.read(long, np.array([*long[1:], 0]))
    places = np.array([26, 17, 14])  # at the ends of the second long text, of its third character, of a short one
    together = list(steps_back(stack, trace, places, 8))
    apart = list(steps_back(stack, alone, np.array([11]), 8))
    assert [step.alive.tolist() for step in together] == [[True, k < 3, k < 3] for k in range(9)]
    for a, b in zip(together, apart, strict=True):
        np.testing.assert_allclose(a.inputs[0], b.inputs[0], rtol=1e-10)
        for layer_a, layer_b in zip(a.states, b.states, strict=True):
            np.testing.assert_allclose(layer_a[0][0], layer_b[0][0], rtol=1e-10)
    whole = horizon(stack, trace, places=30, lags=8)
    reached = [sum(np.linalg.norm(step.inputs[step.alive], axis=1)) / step.alive.sum()
               for step in steps_back(stack, trace, np.arange(8, 30), 8)]
    np.testing.assert_allclose(whole.inputs, reached, rtol=1e-9)
    reached = [np.linalg.norm(step.states[0][-1][step.alive], axis=1).mean()
               for step in steps_back(stack, trace, np.arange(8, 30), 8)]
    np.testing.assert_allclose(whole.reaches[len(trace.states[0]) - 1].norms, reached, rtol=1e-9)


def test_lags_that_hardly_a_text_reaches_are_left_out():
    """Texts of 4 characters, and one of 12 at the end: what it alone reaches would be its own, and no mean."""
    network, arrays, _, _ = drawn("gru", 1, hidden=4, scale=1.0)
    stack = Stack.from_arrays(network, arrays, 0, np.float64)
    ids = np.array([0, 3, 2, 5] * 40 + [0, *[4, 1, 6] * 3, 2, 2] + [0])
    found = horizon(stack, stack.read(ids[:-1], ids[1:]), places=200, lags=10)
    assert found.lags == 3
    assert found.places == len(ids) - 1 - 10


def linear_rnn(recurrent, length=240):
    """A plain RNN whose states stay so small that tanh is a straight line, in float64."""
    H, V, rng = len(recurrent), 6, np.random.default_rng(5)
    arrays = {"weight_ih_l0": 1e-9 * rng.standard_normal((H, V)), "weight_hh_l0": recurrent, "bias_l0": np.zeros(H),
              "weight_out": rng.standard_normal((V, H)), "bias_out": np.zeros(V)}
    stack = Stack.from_arrays(NetworkSettings(cell="rnn", hidden=H, layers=1), arrays, dtype=np.float64)
    ids = rng.integers(V, size=length + 1)
    return stack, stack.read(ids[:-1], ids[1:])


@settings(max_examples=20)
@given(radius=st.floats(0.55, 1.04), seed=st.integers(0, 2**32 - 1), size=st.integers(2, 12))
def test_the_gain_of_a_linear_rnn_is_its_spectral_radius(radius, seed, size):
    """A symmetric matrix with its second eigenvalue apart: what is left after 20 steps is the largest alone."""
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.standard_normal((size, size)))
    values = np.array([1.0, *rng.uniform(-0.8, 0.8, size - 1)])
    stack, trace = linear_rnn(radius * (basis * values) @ basis.T)
    assert np.abs(trace.states[0][0]).max() < 0.01
    found = horizon(stack, trace, places=8, lags=120)
    assert found.gain == pytest.approx(radius, rel=0.02)


def test_what_can_not_be_told_is_not_told():
    assert gain_of(np.array([1.0, *np.zeros(150)])) is None
    assert gain_of(np.ones(3)) is None
    assert gain_of(0.9 ** np.arange(151.0)) == pytest.approx(0.9)
    # what is near does not count, nor what lies beyond 100
    norms = np.concatenate([5 * 0.3 ** np.arange(20.0), 0.9 ** np.arange(20.0, 101), np.ones(50)])
    assert gain_of(norms) == pytest.approx(0.9)
    stack, trace = linear_rnn(1.02 * np.eye(3))
    found = horizon(stack, trace, places=10, lags=50)
    assert not found.settled
    assert found.reaches[0].near is None


def test_as_plain_data():
    _, _, stack, trace = drawn("lstm", 2, length=60)
    found = horizon(stack, trace, places=9, lags=12)
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert (plain["lags"], len(plain["inputs"]), len(plain["layers"])) == (12, 13, 4)
