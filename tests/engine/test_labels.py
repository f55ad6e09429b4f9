"""Labels at each place of a window: gradients by finite differences, both engines alike, and one label as a bias."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.reference.backpropagation import truncated_bptt
from charrnn.runs.labelled import with_vector
from charrnn.settings import NetworkSettings, Settings, TrainingSettings
from charrnn.text.windows import WindowLabels
from tests.differences import derivative, relative_error
from tests.engine.test_engines import N, T, assert_near, pair, window
from tests.networks import random_parameters, random_state

C, K, V = 3, 4, 11
KINDS = pytest.mark.parametrize("cell", CELLS)


def some_labels(seed: int, T: int = T, N: int = N) -> WindowLabels:
    """K labels of C numbers, which change inside a window, and from row to row."""
    rng = np.random.default_rng(seed)
    return WindowLabels(rng.integers(K, size=(T, N)).astype(np.int32), rng.standard_normal((K, C)).astype(np.float32))


@KINDS
@pytest.mark.parametrize("embedding", [0, 6])
def test_the_gradient_of_the_labels_is_the_derivative(cell: str, embedding: int) -> None:
    rng = np.random.default_rng(5)
    network = NetworkSettings(cell=cell, hidden=5, layers=2, embedding=embedding, label_width=C)
    parameters, state = random_parameters(network, V, rng), random_state(network, 2, rng)
    inputs, targets = rng.integers(V, size=(2, 3, 2))
    labels = some_labels(1, 3, 2)
    result = truncated_bptt(network, parameters, inputs, targets, state, labels=labels)
    for name in ("weight_label_l0", "weight_ih_l0", *(["embedding"] if embedding else [])):
        towards = rng.standard_normal(parameters[name].shape)

        def loss(by: float, name: str = name, towards: np.ndarray = towards) -> float:
            moved = {**parameters, name: parameters[name] + by * towards}
            return truncated_bptt(network, moved, inputs, targets, state, labels=labels).loss

        assert relative_error((result.gradients[name] * towards).sum(), derivative(loss)) <= 1e-6


@KINDS
@pytest.mark.parametrize(("layers", "embedding"), [(1, 0), (2, 6)])
def test_both_engines_learn_labels_alike(cell: str, layers: int, embedding: int) -> None:
    network = NetworkSettings(cell, 20, layers, embedding=embedding, dropout=0.0, label_width=C)
    reference, compiled = pair(network, TrainingSettings(averaging=0.9))
    streams = [engine.streams(N, T, 2) for engine in (reference, compiled)]
    for step in range(10):
        losses = [one.learn(*window(step), labels=some_labels(step)) for one in streams]
        assert losses[1] == pytest.approx(losses[0], rel=2e-5)
        norms = [engine.update(0.01, 0.15) for engine in (reference, compiled)]
        assert norms[1] == pytest.approx(norms[0], rel=1e-3)
    assert_near(reference.state(), compiled.state(), atol=2e-4)
    assert np.abs(compiled.parameters()["weight_label_l0"]).max() > 0.01
    labelled, other = (streams[1].evaluate(*window(99), labels=some_labels(seed)) for seed in (3, 4))
    assert labelled != pytest.approx(other, rel=1e-4)  # it matters which label
    streams[1].set_state(streams[0].state())
    assert streams[1].evaluate(*window(98), some_labels(7)) == pytest.approx(
        streams[0].evaluate(*window(98), some_labels(7)), rel=2e-5)


@KINDS
def test_one_label_for_all_places_is_a_bias(cell: str) -> None:
    network = NetworkSettings(cell, 20, 2, embedding=6, dropout=0.0, label_width=C)
    _, engine = pair(network)
    rng = np.random.default_rng(2)
    engine.load({**engine.parameters(), "weight_label_l0": rng.standard_normal(
        engine.parameters()["weight_label_l0"].shape).astype(np.float32)})
    vector = rng.standard_normal(C).astype(np.float32)
    folded = with_vector(_checkpoint(network, engine.parameters()), vector)
    _, plain = pair(folded.settings.network)
    plain.load(folded.arrays)
    labels = WindowLabels(np.zeros((T, N), np.int32), vector[np.newaxis])
    assert plain.streams(N, T).evaluate(*window(1)) == pytest.approx(
        engine.streams(N, T).evaluate(*window(1), labels), rel=1e-5)


def _checkpoint(network: NetworkSettings, arrays: dict[str, np.ndarray]):
    from charrnn.runs.checkpoint import Checkpoint
    from charrnn.runs.corpus_info import CorpusInfo

    return Checkpoint(Settings(network), "abcdefghijk", CorpusInfo(), {}, arrays)
