"""The compiled network against PyTorch's stored numbers and against the float64 reference."""

import dataclasses

import numpy as np
import pytest

from charrnn.cells.recurrence import CHUNK_ROWS
from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.optimizers import Adam
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.reference import backpropagation as reference
from charrnn.settings import NetworkSettings
from tests.engine import compiled
from tests.engine.compiled import CLOSE, compiled_network, drawn, ids, listed, masks_of, named
from tests.golden.load import golden_cases, golden_trajectories

KINDS = pytest.mark.parametrize("cell", CELLS)
by_name = {"ids": lambda case: case.name}


@pytest.mark.parametrize("case", golden_cases(), **by_name)
def test_golden_case(case):
    result = compiled.forward_backward(case.settings, case.parameters, case.inputs, case.targets, case.state)
    expected = reference.truncated_bptt(case.settings, case.parameters, case.inputs, case.targets, case.state)
    compiled.assert_close(result, expected._replace(
        logits=case.logits, loss=case.loss, gradients=case.gradients, state=case.final_state))


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("case", golden_trajectories(), **by_name)
def test_golden_trajectory(case, shards):
    network = compiled_network(case.settings, case.parameters)
    _, T, N = case.inputs.shape
    batch, gradients, adam = CompiledStreams(network, N, T, shards), network.gradients_of(shards), Adam(network)
    batch.set_state(named(case.state))
    losses, norms = [], []
    for inputs, targets in zip(case.inputs, case.targets, strict=True):
        losses.append(batch.learn(ids(inputs), ids(targets)))
        norms.append(adam.update(gradients, case.lr, case.clip))
    np.testing.assert_allclose(losses, case.losses, **CLOSE)
    np.testing.assert_allclose(norms, case.norms, **CLOSE)
    np.testing.assert_allclose(listed(batch.state(), case.settings), case.final_state, rtol=1e-5, atol=1e-5)
    for name, expected in case.final_parameters.items():
        # Adam divides by the gradient's own size: where that is next to nothing, its rounding is not
        np.testing.assert_allclose(network.parameters.to_arrays()[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)


# (hidden, layers, embedding, N, T, V): sizes on both sides of a cache line, a panel, a chunk of time, a block of logits
SIZES = [(1, 1, 0, 1, 1, 1), (20, 1, 0, 33, 12, 61), (20, 3, 5, 2, 40, 17), (70, 1, 9, 7, 40, 16),
         (70, 2, 0, 33, 9, 130), (112, 1, 0, 5, 3, 40), (112, 2, 33, 9, 31, 15), (16, 2, 0, 1, 300, 2),
         (33, 2, 0, 260, 2, 3)]


def test_the_sizes_cross_the_borders():
    assert any(N * T > 2 * CHUNK_ROWS for _, layers, _, N, T, _ in SIZES if layers > 1)
    assert any(N > CHUNK_ROWS for _, _, _, N, _, _ in SIZES)
    assert any(CHUNK_ROWS % N and T % (CHUNK_ROWS // N) for _, _, _, N, T, _ in SIZES if 1 < N < CHUNK_ROWS)


@pytest.mark.few(16)
@KINDS
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_against_the_reference(cell, sizes, dropout):
    hidden, layers, embedding, N, T, V = sizes
    settings = NetworkSettings(cell=cell, hidden=hidden, layers=layers, embedding=embedding, dropout=dropout)
    given = drawn(settings, V, T, N, seed=hidden)
    keys = masks = None
    if dropout:
        keys = np.arange(5, 5 + layers).astype(np.uint32)
        masks = masks_of(settings, keys, T, N)
    expected = reference.truncated_bptt(settings, *given, masks)
    compiled.assert_close(compiled.forward_backward(settings, *given, keys), expected)
    if N > 2:
        compiled.assert_close(compiled.forward_backward(settings, *given, keys, shards=3), expected)


@KINDS
@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("predicted_before", [False, True])
def test_only_the_last_character_may_be_asked_for(cell, dropout, predicted_before):
    """One path for windows without a target before the last row, another for all others; both are right."""
    settings = NetworkSettings(cell=cell, hidden=20, layers=2, dropout=dropout)
    parameters, inputs, targets, state = drawn(settings, 11, 9, 4, seed=1)
    targets[:-1] = -1
    targets[-1] = [3, 1, -1, 8]
    targets[2, 1] = 6 if predicted_before else -1
    keys = np.array([8, 9], np.uint32) if dropout else None
    masks = masks_of(settings, keys, 9, 4) if dropout else None
    expected = reference.truncated_bptt(settings, parameters, inputs, targets, state, masks)
    result = compiled.forward_backward(settings, parameters, inputs, targets, state, keys)
    compiled.assert_close(result, expected)


@KINDS
def test_whole_equals_thirds(cell):
    settings = NetworkSettings(cell=cell, hidden=20, layers=2)
    parameters, inputs, targets, state = drawn(settings, 11, 12, 3, seed=2)
    targets = np.abs(targets)  # predict everywhere, so that the thirds weigh the same
    whole = compiled.forward_backward(settings, parameters, inputs, targets, state)
    network = compiled_network(settings, parameters)
    batch = CompiledStreams(network, 3, 4, 1)
    batch.set_state(named(state))
    losses, logits = [], []
    for part in (slice(0, 4), slice(4, 8), slice(8, 12)):
        logits.append(compiled.logits_of(batch, network, inputs[part]))
        losses.append(batch.learn(ids(inputs[part]), ids(targets[part])))
    np.testing.assert_allclose(np.concatenate(logits), whole.logits, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(listed(batch.state(), settings), whole.state)
    assert np.mean(losses) == pytest.approx(whole.loss, abs=1e-12)


@KINDS
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_a_shorter_window_fits_a_bigger_buffer(cell, dropout):
    settings = NetworkSettings(cell=cell, hidden=20, layers=2, embedding=3, dropout=dropout)
    given = drawn(settings, 11, 5, 3, seed=3)
    keys = np.array([1, 2], np.uint32) if dropout else None
    result = compiled.forward_backward(settings, *given, keys, window=13)
    compiled.assert_same(result, compiled.forward_backward(settings, *given, keys))


@KINDS
@pytest.mark.parametrize("embedding", [0, 3])
@pytest.mark.parametrize("only_last", [False, True])
def test_a_used_buffer_leaves_nothing_behind(cell, embedding, only_last):
    """A window learned after another one gives what it gives in new buffers."""
    settings = NetworkSettings(cell=cell, hidden=20, layers=2, embedding=embedding)
    parameters, inputs, targets, state = drawn(settings, 11, 6, 3, seed=4)
    if only_last:
        targets[:-1] = -1
    expected = compiled.forward_backward(settings, parameters, inputs, targets, state)
    network = compiled_network(settings, parameters)
    batch, gradients = CompiledStreams(network, 3, 8, 1), network.gradients_of(1)
    _, other_inputs, other_targets, other_state = drawn(settings, 11, 8, 3, seed=5)
    batch.set_state(named(other_state))
    batch.learn(ids(other_inputs), ids(other_targets))
    batch.set_state(named(state))
    assert batch.learn(ids(inputs), ids(targets)) == expected.loss
    for name, gradient in network.parameters.to_arrays(gradients[0]).items():
        np.testing.assert_array_equal(gradient, expected.gradients[name], err_msg=name)
    batch.reset()
    assert not any(array.any() for array in batch.state().values())


@KINDS
def test_evaluate_is_the_loss_without_dropout(cell):
    settings = NetworkSettings(cell=cell, hidden=20, layers=2, dropout=0.4)
    parameters, inputs, targets, state = drawn(settings, 11, 6, 5, seed=6)
    network = compiled_network(settings, parameters)
    batch = CompiledStreams(network, 5, 6, 2)
    batch.set_state(named(state))
    plain = reference.truncated_bptt(dataclasses.replace(settings, dropout=0.0), parameters, inputs, targets, state)
    loss = batch.evaluate(ids(inputs), ids(targets))
    assert loss == pytest.approx(plain.loss * (targets >= 0).sum(), rel=1e-6)
    np.testing.assert_allclose(listed(batch.state(), settings), plain.state, **CLOSE)


@pytest.mark.parametrize("cell", CELLS)
def test_without_keys_there_is_no_dropout(cell):
    results = []
    for dropout in (0.0, 0.4):
        settings = NetworkSettings(cell=cell, hidden=20, layers=3, dropout=dropout)
        parameters, inputs, targets, state = drawn(settings, 7, 6, 3, seed=5)
        results.append(compiled.forward_backward(settings, parameters, inputs, targets, state))
    for name, gradient in results[0].gradients.items():
        np.testing.assert_array_equal(results[1].gradients[name], gradient, err_msg=name)
        assert gradient.any()
