"""The whole network of the reference engine: its gradients by finite differences, windows, rows and dropout."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.reference.backpropagation import softmax_loss, truncated_bptt
from charrnn.engine.reference.optimizers import clip_gradients
from charrnn.settings import NetworkSettings
from tests.differences import derivative, every_derivative, relative_error
from tests.networks import random_parameters, random_state

N, T, E, H, V = 2, 3, 4, 5, 7
KINDS = pytest.mark.parametrize("kind", CELLS)


def drawn(kind, layers=1, embedding=0, seed=0, N=N, T=T):
    """Settings and the other arguments of forward_backward, all random, two positions not predicted."""
    rng = np.random.default_rng(seed)
    network = NetworkSettings(cell=kind, hidden=H, layers=layers, embedding=embedding)
    targets = rng.integers(V, size=(T, N))
    targets[[0, 1], [0, 1]] = -1
    parameters, state = random_parameters(network, V, rng), random_state(network, N, rng)
    return network, parameters, rng.integers(V, size=(T, N)), targets, state, rng


def dropout_masks(network, rng, share=0.4):
    return (rng.random((network.layers, T, N, H)) >= share) / (1 - share)


@pytest.mark.few(10)
@KINDS
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("embedding", [0, E])
@pytest.mark.parametrize("dropout", [False, True])
def test_derivative_in_random_directions(kind, layers, embedding, dropout):
    network, parameters, inputs, targets, state, rng = drawn(kind, layers, embedding)
    masks = dropout_masks(network, rng) if dropout else None
    result = truncated_bptt(network, parameters, inputs, targets, state, masks)
    for _ in range(20):
        towards = {name: 0.1 * rng.standard_normal(array.shape) for name, array in parameters.items()}
        state_towards = random_state(network, N, rng)

        def loss(by, towards=towards, state_towards=state_towards):
            moved = {name: array + by * towards[name] for name, array in parameters.items()}
            moved_state = [tuple(a + by * d for a, d in zip(*pair, strict=True))
                           for pair in zip(state, state_towards, strict=True)]
            return truncated_bptt(network, moved, inputs, targets, moved_state, masks).loss

        analytic = sum((result.gradients[name] * towards[name]).sum() for name in parameters)
        analytic += sum((a * d).sum() for pair in zip(result.dstate, state_towards, strict=True)
                        for a, d in zip(*pair, strict=True))
        assert relative_error(analytic, derivative(loss)) <= 1e-6


@pytest.mark.few(3)
@KINDS
@pytest.mark.parametrize("embedding", [0, 2])
def test_every_derivative_of_a_deep_network(kind, embedding):
    rng = np.random.default_rng(2)  # with 1, a cell has a derivative of 1e-8: too small to compare
    network, V = NetworkSettings(cell=kind, hidden=3, layers=2, embedding=embedding), 4
    parameters, state = random_parameters(network, V, rng), random_state(network, N, rng)
    inputs, targets = np.array([[0, 2], [1, 2], [3, 0]]), np.array([[1, 2], [-1, 3], [0, 1]])
    result = truncated_bptt(network, parameters, inputs, targets, state)

    def loss():
        return truncated_bptt(network, parameters, inputs, targets, state).loss

    errors = {name: relative_error(result.gradients[name], every_derivative(loss, array))
              for name, array in parameters.items()}
    for k, (dlayer, layer) in enumerate(zip(result.dstate, state, strict=True)):
        for name, analytic, array in zip("hc", dlayer, layer, strict=False):
            errors[f"d{name}0_l{k}"] = relative_error(analytic, every_derivative(loss, array))
    assert max(errors.values()) <= 1e-6, errors


@KINDS
def test_whole_equals_thirds(kind):
    network, parameters, inputs, targets, state, _ = drawn(kind, layers=2, T=12)
    targets = np.abs(targets)  # predict everywhere, so that the thirds weigh the same
    whole = truncated_bptt(network, parameters, inputs, targets, state)
    thirds = []
    for start in (0, 4, 8):
        window = slice(start, start + 4)
        thirds.append(truncated_bptt(network, parameters, inputs[window], targets[window], state))
        state = thirds[-1].state
    logits = np.concatenate([third.logits for third in thirds])
    np.testing.assert_allclose(logits, whole.logits, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.mean([third.loss for third in thirds]), whole.loss, rtol=0, atol=1e-12)
    np.testing.assert_allclose(state, whole.state, rtol=0, atol=1e-12)


@KINDS
def test_rows_do_not_mix(kind):
    network, parameters, inputs, targets, state, _ = drawn(kind, layers=2, N=4)
    together = truncated_bptt(network, parameters, inputs, targets, state)
    order = [2, 0, 3, 1]
    for rows in (order, *[[row] for row in range(4)]):
        own = [tuple(array[rows] for array in layer) for layer in state]
        part = truncated_bptt(network, parameters, inputs[:, rows], targets[:, rows], own)
        np.testing.assert_allclose(part.logits, together.logits[:, rows], rtol=0, atol=1e-12)
        expected = [tuple(array[rows] for array in layer) for layer in together.state]
        np.testing.assert_allclose(part.state, expected, rtol=0, atol=1e-12)


@KINDS
def test_dropout_never_touches_the_recurrent_path(kind):
    network, parameters, inputs, targets, state, rng = drawn(kind)
    plain = truncated_bptt(network, parameters, inputs, targets, state)
    masked = truncated_bptt(network, parameters, inputs, targets, state, dropout_masks(network, rng))
    silent = truncated_bptt(network, parameters, inputs, targets, state, np.zeros((1, T, N, H)))
    np.testing.assert_array_equal(masked.state, plain.state)
    assert not np.allclose(masked.logits, plain.logits)
    np.testing.assert_array_equal(silent.logits, np.broadcast_to(parameters["bias_out"], (T, N, V)))


def test_softmax_loss():
    rng = np.random.default_rng(3)
    logits, targets = rng.standard_normal((T, N, V)), rng.integers(V, size=(T, N))
    targets[1, 1] = -1
    loss, dlogits = softmax_loss(logits, targets)
    assert loss == pytest.approx(softmax_loss(logits + 1e4, targets)[0], abs=1e-11)
    assert softmax_loss(np.zeros((T, N, V)), targets)[0] == pytest.approx(np.log(V), abs=1e-15)
    np.testing.assert_allclose(dlogits.sum(axis=-1), 0, atol=1e-15)
    assert not dlogits[1, 1].any()
    assert softmax_loss(logits, np.full((T, N), -1))[0] == 0
    assert np.isfinite(softmax_loss(1e4 * logits, targets)[0])


def test_clip_gradients():
    gradients = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}
    assert clip_gradients(gradients, 6.0) == 5.0
    assert gradients["b"].item() == 4.0  # below the limit nothing changes
    assert clip_gradients(gradients, 1.0) == 5.0
    np.testing.assert_allclose(gradients["a"], [0.6, 0.0])
    np.testing.assert_allclose(gradients["b"], [[0.8]])
