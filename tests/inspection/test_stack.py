"""The taken-apart network against the whole one: states, losses, and what happened inside."""

import numpy as np
import pytest

from charrnn.engine.reference import backpropagation as reference
from charrnn.inspection import stack as module
from charrnn.inspection.stack import Stack
from tests.engine.compiled import compiled_engine, ids
from tests.inspection.drawn import KINDS, drawn


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_states_and_losses_are_the_references(cell, layers):
    settings, arrays, stack, trace = drawn(cell, layers, embedding=3 if layers == 2 else 0, start=4)
    expected = reference.truncated_bptt(settings, arrays, trace.tokens[:, None], trace.targets[:, None],
                                          [tuple(array[None] for array in layer) for layer in trace.first], start=4)
    for state, layer in zip(expected.state, trace.states, strict=True):
        for array, recorded in zip(state, layer, strict=True):
            np.testing.assert_allclose(recorded[-1], array[0], rtol=1e-12)
    nats = stack.nats(trace.states[-1][0], trace.targets)
    np.testing.assert_allclose(nats.mean(), expected.loss, rtol=1e-12)


def test_the_losses_of_many_places_are_computed_in_pieces(monkeypatch):
    _, _, stack, trace = drawn("gru", 1)
    whole = stack.nats(trace.states[-1][0], trace.targets)
    monkeypatch.setattr(module, "_LOGITS", 1)
    monkeypatch.setattr(module, "_LEAST_ROWS", 7)
    assert len(whole) % 7
    np.testing.assert_allclose(stack.nats(trace.states[-1][0], trace.targets), whole, rtol=1e-12)


@pytest.mark.parametrize("cell", KINDS)
def test_tapes_are_what_happened(cell):
    """Any places in any order, the first among them, and where a text begins inside."""
    _, _, stack, trace = drawn(cell, 2, start=3)
    assert np.any(trace.tokens[1:] == 3)
    state, expected = [tuple(array[None] for array in layer) for layer in trace.first], []
    for token in trace.tokens:
        state, tapes = stack.step(np.asarray([token]), state)
        expected.append(tapes)
    times = np.random.default_rng(1).permutation(len(trace))
    tapes, output = stack.tapes(trace, times)
    np.testing.assert_allclose(output, trace.states[-1][0][times], rtol=1e-12)
    for k, tape in enumerate(tapes):
        for field in tape._fields:
            together = np.concatenate([getattr(expected[t][k], field) for t in times])
            np.testing.assert_allclose(getattr(tape, field), together, rtol=1e-10, atol=1e-14, err_msg=field)


@pytest.mark.parametrize("cell", KINDS)
def test_a_compiled_engine_taken_apart_reads_the_same(cell):
    settings, arrays, _, trace = drawn(cell, 3, hidden=9, scale=1.0, start=2)
    network = compiled_engine(settings, arrays, start=2)
    stack = Stack.of(network)
    ours = stack.read(trace.tokens, trace.targets)
    nats = network.streams(1, len(trace)).evaluate(ids(trace.tokens[:, None]), ids(trace.targets[:, None]))
    np.testing.assert_allclose(stack.nats(ours.states[-1][0], trace.targets).sum(), nats, rtol=1e-5)
    assert ours.states[0][0].dtype == np.float32


def test_the_slope_of_a_loss_by_the_output():
    _, _, stack, trace = drawn("gru", 1)
    output = trace.states[-1][0].copy()
    eps, direction = 1e-6, np.random.default_rng(2).standard_normal(output.shape)
    slope = (stack.nats(output + eps * direction, trace.targets)
             - stack.nats(output - eps * direction, trace.targets)) / (2 * eps)
    np.testing.assert_allclose((stack.doutput(output, trace.targets) * direction).sum(axis=1), slope, rtol=1e-6)
