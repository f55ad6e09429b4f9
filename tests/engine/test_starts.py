"""Texts that begin inside a window: as if each had been read by itself from the initial state."""

import itertools

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.reference import backpropagation as reference
from charrnn.settings import NetworkSettings
from tests.engine import compiled
from tests.engine.compiled import drawn

START, V = 4, 11
KINDS = pytest.mark.parametrize("cell", CELLS)
EXACT = {"rtol": 1e-10, "atol": 1e-12}


def packed(settings, T, N, seed, share=0.25):
    """What drawn() gives, with texts that begin in many places: in the first step, in the last, side by side, nowhere.

    The characters between them are never START, and one sequence has no beginning at all where there is more than one.
    """
    parameters, inputs, targets, state = drawn(settings, V, T, N, seed)
    rng = np.random.default_rng(seed)
    inputs[inputs == START] = START + 1
    inputs[rng.random((T, N)) < share] = START
    inputs[0, 0] = inputs[-1, 0] = START
    if N > 1:
        inputs[0, 1] = inputs[:, N - 1] = 0
        inputs[T // 2, : N - 1] = START
    return parameters, inputs, targets, state


def texts_of(inputs):
    """(n, start, stop) of each text or piece of one in a window, and whether it begins there."""
    for n, column in enumerate(inputs.T):
        bounds = sorted({0, *np.flatnonzero(column == START).tolist(), len(column)})
        for start, stop in itertools.pairwise(bounds):
            yield n, start, stop, bool(column[start] == START)


def one_by_one(settings, parameters, inputs, targets, state, forward_backward):
    """Loss, gradients, logits and final states of the same window, text by text, by a network that knows no START."""
    loss, gradients, total = 0.0, {name: 0.0 for name in parameters}, int((targets >= 0).sum())
    logits, final = np.zeros((*inputs.shape, V)), [tuple(np.zeros_like(array) for array in layer) for layer in state]
    for n, start, stop, begins in texts_of(inputs):
        own = [tuple(array[n : n + 1] * (not begins) for array in layer) for layer in state]
        cut = slice(start, stop), slice(n, n + 1)
        result = forward_backward(settings, parameters, inputs[cut], targets[cut], own)
        weight = int((targets[cut] >= 0).sum()) / total
        loss += weight * result.loss
        for name, gradient in result.gradients.items():
            gradients[name] += weight * gradient
        logits[cut] = result.logits
        for to, source in zip(final, result.state, strict=True):
            for array, value in zip(to, source, strict=True):
                array[n] = value[0]
    return loss, gradients, logits, final


def assert_equal(result, expected, **close):
    loss, gradients, logits, final = expected
    np.testing.assert_allclose(result.loss, loss, **close)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(result.gradients[name], gradient, **close, err_msg=name)
    np.testing.assert_allclose(result.logits, logits, **close)
    np.testing.assert_allclose(result.state, final, **close)


@KINDS
@pytest.mark.parametrize("layers", [1, 2])
def test_the_reference_reads_each_text_by_itself(cell, layers):
    settings = NetworkSettings(cell=cell, hidden=7, layers=layers, embedding=3 * (layers - 1))
    given = packed(settings, 13, 5, seed=layers)
    result = reference.truncated_bptt(settings, *given, start=START)
    assert_equal(result, one_by_one(settings, *given, reference.truncated_bptt), **EXACT)
    # the state that was carried in belongs to texts that go on: to others it makes no difference
    *others, state = given
    moved = [tuple(array + 1.0 * (others[1][0] == START)[:, None] for array in layer) for layer in state]
    assert_equal(reference.truncated_bptt(settings, *others, moved, start=START), (
        result.loss, result.gradients, result.logits, result.state), **EXACT)


# (hidden, layers, embedding, N, T): a cache line, a panel and a chunk of time are crossed, one sequence stands alone
SIZES = [(20, 1, 0, 5, 13), (70, 2, 0, 7, 40), (33, 2, 6, 1, 300), (17, 1, 3, 260, 3), (20, 3, 0, 2, 1)]


@KINDS
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_kernels_agree_with_the_reference(cell, sizes):
    hidden, layers, embedding, N, T = sizes
    settings = NetworkSettings(cell=cell, hidden=hidden, layers=layers, embedding=embedding)
    given = packed(settings, T, N, seed=hidden)
    expected = reference.truncated_bptt(settings, *given, start=START)
    compiled.assert_close(compiled.forward_backward(settings, *given, start=START), expected)
    if N > 2:
        compiled.assert_close(compiled.forward_backward(settings, *given, start=START, shards=3), expected)


@KINDS
@pytest.mark.parametrize("layers", [1, 2])
def test_kernels_read_each_text_by_itself(cell, layers):
    settings = NetworkSettings(cell=cell, hidden=35, layers=layers)
    given = packed(settings, 17, 5, seed=layers)
    result = compiled.forward_backward(settings, *given, start=START)
    assert_equal(result, one_by_one(settings, *given, compiled.forward_backward), rtol=1e-5, atol=1e-6)


@KINDS
def test_dropout_and_starts_together(cell):
    settings = NetworkSettings(cell=cell, hidden=20, layers=2, dropout=0.4)
    given = packed(settings, 9, 4, seed=6)
    keys = np.array([3, 8], np.uint32)
    expected = reference.truncated_bptt(settings, *given, compiled.masks_of(settings, keys, 9, 4), start=START)
    compiled.assert_close(compiled.forward_backward(settings, *given, keys, start=START), expected)


@KINDS
def test_bf16_rounds_texts_as_it_rounds_them_one_by_one(cell):
    settings = NetworkSettings(cell=cell, hidden=35, layers=2)
    given = packed(settings, 17, 5, seed=7)

    def rounded(*given):
        return compiled.forward_backward(*given, precision="bf16")

    result = compiled.forward_backward(settings, *given, precision="bf16", start=START)
    loss, gradients, logits, final = one_by_one(settings, *given, rounded)
    assert_equal(result, (loss, {}, logits, final), rtol=1e-5, atol=1e-6)
    for name, gradient in gradients.items():
        # what differs in its last bit on the way back may be rounded to the next bfloat16
        assert np.linalg.norm(result.gradients[name] - gradient) < 0.01 * np.linalg.norm(gradient), name
    exact = reference.truncated_bptt(settings, *given, start=START)
    compiled.assert_close(result, exact, rtol=0.05, atol=0.01)


@KINDS
def test_a_start_that_never_occurs_changes_no_bit(cell):
    settings = NetworkSettings(cell=cell, hidden=35, layers=2)
    parameters, inputs, targets, state = drawn(settings, V, 9, 5, seed=8)
    given = parameters, np.where(inputs == START, 0, inputs), targets, state
    compiled.assert_same(compiled.forward_backward(settings, *given, start=START),
                         compiled.forward_backward(settings, *given))


@KINDS
def test_threads_change_no_bit(cell):
    settings = NetworkSettings(cell=cell, hidden=35, layers=2)
    given = packed(settings, 9, 7, seed=9)
    one, three = (compiled.forward_backward(settings, *given, shards=3, threads=n, start=START) for n in (1, 3))
    compiled.assert_same(three, one)


@KINDS
def test_a_window_leaves_nothing_behind(cell):
    """Learned after another one, in the same buffers, it gives what it gives in new ones; so does evaluation."""
    settings = NetworkSettings(cell=cell, hidden=20, layers=2)
    parameters, inputs, targets, state = packed(settings, 9, 5, seed=10)
    expected = compiled.forward_backward(settings, parameters, inputs, targets, state, start=START)
    network = compiled.compiled_network(settings, parameters, start=START)
    batch, gradients = CompiledStreams(network, 5, 9, 1), network.gradients_of(1)
    batch.learn(*(compiled.ids(array) for array in packed(settings, 9, 5, seed=11)[1:3]))
    batch.set_state(compiled.named(state))
    assert batch.learn(compiled.ids(inputs), compiled.ids(targets)) == expected.loss
    for name, gradient in network.parameters.to_arrays(gradients[0]).items():
        np.testing.assert_array_equal(gradient, expected.gradients[name], err_msg=name)
    np.testing.assert_array_equal(compiled.listed(batch.state(), settings), expected.state)
    batch.set_state(compiled.named(state))
    loss = batch.evaluate(compiled.ids(inputs), compiled.ids(targets))
    assert loss == pytest.approx(expected.loss * (targets >= 0).sum(), rel=1e-6)
