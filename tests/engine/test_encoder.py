"""Sources that an encoder reads: gradients by finite differences, both engines alike, and what a shared one would give.

Places are drawn, so that sources and targets begin and end anywhere: at other times in each row, inside windows and
between them.
"""

import itertools
import tracemalloc

import numpy as np
import pytest

from charrnn.cells.registry import CELLS, backward_kernel, forward_kernel
from charrnn.engine.compiled.engine import CompiledEngine
from charrnn.engine.compiled.memory import BatchShape, training_bytes
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.optimizers import optimizer_of
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.engines import open_engine
from charrnn.engine.initial import encoder_name, parameter_shapes
from charrnn.engine.reference.backpropagation import truncated_bptt
from charrnn.engine.vocabulary_growth import grow_vocabulary
from charrnn.kernels.jit import JIT
from charrnn.settings import NetworkSettings, TrainingSettings
from tests.differences import derivative, relative_error
from tests.engine import compiled
from tests.engine.test_engines import assert_near, keys_of
from tests.networks import random_parameters, random_state

V, N, T, MARK = 11, 5, 9, 4
START = V + MARK  # a document begins with the mark, which the encoder reads
KINDS = pytest.mark.parametrize("cell", CELLS)
OWN, SHARED = {"encoder": "own"}, {"encoder": "shared"}
# (hidden, layers, embedding, N, T, V): no two alike, more than one chunk of time, more rows than a chunk has, one row
SIZES = [(20, 1, 0, 33, 12, 61), (23, 3, 5, 7, 40, 16), (33, 2, 0, 259, 2, 3), (9, 2, 6, 1, 30, 10)]


def apart(inputs: np.ndarray, V: int, seed: int = 0) -> np.ndarray:
    """The inputs (T, N), of which stretches are those of sources."""
    rng = np.random.default_rng(seed)
    is_source = np.cumsum(rng.random(inputs.shape) < 0.3, axis=0) % 2 == rng.integers(2, size=inputs.shape[1])
    return (inputs + V * is_source).astype(np.int32)


def window(seed: int, T: int = T, N: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets in which a document starts now and then; nothing is predicted in a source."""
    rng = np.random.default_rng(seed)
    inputs, targets = rng.integers(V, size=(2, T, N)).astype(np.int32)
    inputs = apart(inputs, V, seed)
    inputs[T // 2, N // 2] = START
    targets[inputs >= V] = -1
    return inputs, targets


@KINDS
@pytest.mark.parametrize("embedding", [0, 6])
def test_the_gradient_is_the_derivative(cell: str, embedding: int) -> None:
    rng = np.random.default_rng(5)
    network = NetworkSettings(cell=cell, hidden=5, layers=2, embedding=embedding, learn_initial_state=True, **OWN)
    parameters, state = random_parameters(network, V, rng), random_state(network, 3, rng)
    inputs, targets = window(2, 6, 3)
    inputs[4, 1], targets[4, 1] = 3, 5  # the source that begins at 3 has a target
    assert {np.any(inputs < V), np.any(inputs == START), np.any(inputs >= V)} == {True}
    result = truncated_bptt(network, parameters, inputs, targets, state, start=START)
    assert result.gradients.keys() == parameters.keys()
    for name in parameters:
        towards = rng.standard_normal(parameters[name].shape)

        def loss(by: float, name: str = name, towards: np.ndarray = towards) -> float:
            moved = {**parameters, name: parameters[name] + by * towards}
            return truncated_bptt(network, moved, inputs, targets, state, start=START).loss

        assert result.gradients[name].any(), name
        assert relative_error((result.gradients[name] * towards).sum(), derivative(loss)) <= 1e-6, name
    for k, layer in enumerate(state):
        for kind, array in enumerate(layer):
            towards = rng.standard_normal(array.shape)

            def loss_from(by: float, k: int = k, kind: int = kind, towards: np.ndarray = towards) -> float:
                moved = [list(arrays) for arrays in state]
                moved[k][kind] = moved[k][kind] + by * towards
                return truncated_bptt(network, parameters, inputs, targets, list(map(tuple, moved)), start=START).loss

            assert relative_error((result.dstate[k][kind] * towards).sum(), derivative(loss_from)) <= 1e-6


@pytest.mark.few(5)
@KINDS
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_kernels_do_what_the_reference_does(cell: str, size: tuple[int, ...]) -> None:
    hidden, layers, embedding, N, T, V = size
    settings = NetworkSettings(cell=cell, hidden=hidden, layers=layers, embedding=embedding, dropout=0.0, **OWN)
    parameters, inputs, targets, state = compiled.drawn(settings, V, T, N, seed=3)
    inputs = apart(inputs, V)
    start = V + 2
    expected = truncated_bptt(settings, parameters, inputs, targets, state, start=start)
    for shards in {1, min(N, 2)}:
        result = compiled.forward_backward(settings, parameters, inputs, targets, state, shards=shards, start=start)
        compiled.assert_close(result, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.few(2)
@KINDS
@pytest.mark.parametrize("size", [(20, 1, 0, 33, 12, 61), (33, 2, 5, 9, 31, 15)], ids=str)
def test_bfloat16_is_near(cell: str, size: tuple[int, ...]) -> None:
    hidden, layers, embedding, N, T, V = size
    settings = NetworkSettings(cell=cell, hidden=hidden, layers=layers, embedding=embedding, dropout=0.0, **OWN)
    parameters, inputs, targets, state = compiled.drawn(settings, V, T, N, seed=1)
    inputs = apart(inputs, V)
    expected = truncated_bptt(settings, parameters, inputs, targets, state, start=V + 2)
    found = compiled.forward_backward(settings, parameters, inputs, targets, state, shards=2, precision="bf16",
                                      start=V + 2)
    assert found.loss == pytest.approx(expected.loss, rel=0.02)
    for name, gradient in expected.gradients.items():
        distance = np.linalg.norm(found.gradients[name] - gradient)
        assert distance < 0.02 * np.linalg.norm(gradient), name
        if name.startswith("weight_hh"):
            assert distance > 0  # rounded


@pytest.mark.few(3)
@KINDS
@pytest.mark.parametrize(("layers", "embedding", "dropouts"), [
    (1, 0, {"dropout": 0.0}), (2, 6, {"dropout": 0.3, "recurrent_dropout": 0.2})])
def test_twenty_steps_agree(cell: str, layers: int, embedding: int, dropouts: dict[str, float]) -> None:
    network = NetworkSettings(cell, 20, layers, embedding=embedding, learn_initial_state=True, **dropouts, **OWN)
    engines = [open_engine(name, network, V, training=TrainingSettings(averaging=0.9), start=START,
                           generator=np.random.default_rng(1)) for name in ("reference", "compiled")]
    assert_near(engines[0].parameters(), engines[1].parameters(), 0, 0)
    streams = [engine.streams(N, T, 2) for engine in engines]
    for step in range(20):
        losses = [one.learn(*window(step), *keys_of(network, step)) for one in streams]
        assert losses[1] == pytest.approx(losses[0], rel=2e-5)
        norms = [engine.update(0.01, 0.15) for engine in engines]
        assert norms[1] == pytest.approx(norms[0], rel=1e-3)
    assert_near(streams[0].state(), streams[1].state())
    assert_near(engines[0].state(), engines[1].state(), atol=2e-4)
    begun = open_engine("compiled", network, V, generator=np.random.default_rng(1)).parameters()
    for name, array in engines[1].parameters().items():
        assert not np.array_equal(array, begun[name]), name  # all is learned
    with engines[0].averaged(), engines[1].averaged():
        assert streams[1].evaluate(*window(99)) == pytest.approx(streams[0].evaluate(*window(99)), rel=2e-5)
        scores = [one.score(*window(98), 3) for one in streams]
        np.testing.assert_allclose(scores[1].nats, scores[0].nats, rtol=2e-3, atol=1e-4)
        for one in streams:
            one.reset()
        inputs, _ = window(97)
        np.testing.assert_allclose(streams[1].read(inputs), streams[0].read(inputs), atol=1e-4)
        np.testing.assert_allclose(streams[1].logits(inputs), streams[0].logits(inputs), atol=1e-3)


@pytest.mark.few(3)
@KINDS
@pytest.mark.parametrize(("layers", "embedding"), [(1, 0), (2, 6)])
def test_an_encoder_like_the_decoder_is_a_shared_one(cell: str, layers: int, embedding: int) -> None:
    own, shared = (NetworkSettings(cell, 20, layers, embedding=embedding, dropout=0.0, **kind)
                   for kind in (OWN, SHARED))
    parameters, inputs, targets, state = compiled.drawn(shared, V, T, N, seed=4)
    both = {name: parameters.get(name, parameters.get(name.replace("_encoder", "")))
            for name in parameter_shapes(own, V)}
    whole = compiled.forward_backward(shared, parameters, inputs, targets, state, start=MARK)
    is_mark = inputs == MARK  # there a document starts, and the encoder reads
    inputs = apart(inputs % V, V)
    inputs[is_mark] = START
    result = compiled.forward_backward(own, both, inputs, targets, state, start=START)
    np.testing.assert_array_equal(result.state, whole.state)
    np.testing.assert_array_equal(result.logits, whole.logits)
    for name, gradient in whole.gradients.items():
        twin = result.gradients.get(encoder_name(name), 0)
        np.testing.assert_allclose(result.gradients[name] + twin, gradient, rtol=1e-4, atol=1e-6, err_msg=name)


def test_only_sources_train_the_encoder() -> None:
    settings = NetworkSettings("peephole", 12, 2, dropout=0.0, **OWN)
    parameters, inputs, targets, state = compiled.drawn(settings, V, T, N, seed=4)
    for shift, is_mine in ((0, False), (V, True)):
        result = compiled.forward_backward(settings, parameters, inputs + shift, targets, state, start=-1)
        for name, gradient in result.gradients.items():
            if not name.endswith("_out"):
                assert gradient.any() == (("encoder" in name) == is_mine), name


@pytest.mark.parametrize("embedding", [0, 3])
def test_a_vocabulary_grows_for_both(embedding: int) -> None:
    settings = NetworkSettings("gru", 4, 2, embedding=embedding, **OWN)
    old = random_parameters(settings, 3, np.random.default_rng(0))
    grown = grow_vocabulary(old, np.array([0, 2, 3]), 4)
    assert {name: array.shape for name, array in grown.items()} == parameter_shapes(settings, 4)
    if not embedding:
        for name in ("weight_ih_l0", "weight_ih_encoder_l0"):
            np.testing.assert_array_equal(grown[name][:, [0, 2, 3]], old[name])


@pytest.mark.parametrize(("cell", "layers", "embedding", "precision"), [
    ("lstm", 2, 0, "float32"), ("gru", 1, 24, "bf16"), ("gru-original", 3, 0, "bf16")])
def test_the_memory_is_what_is_said(cell: str, layers: int, embedding: int, precision: str) -> None:
    settings = NetworkSettings(cell, 120, layers, embedding=embedding, dropout=0.3, recurrent_dropout=0.3, **OWN)
    training, V, N, T = TrainingSettings(precision=precision), 65, 33, 40
    CompiledEngine(settings, V, training).precompile()
    ids = np.random.default_rng(0).integers(2 * V, size=(T, N)).astype(np.int32)
    keys = np.zeros(layers, np.uint32)
    tracemalloc.start()
    try:
        network = Network(settings, V, threads=2, precision=precision, start=V + 3)
        batch, adam = CompiledStreams(network, N, T, 2), optimizer_of(network, training)
        network.gradients_of(2)
        kept = sum(trace.size for trace in tracemalloc.take_snapshot().traces)
        batch.learn(ids, ids % V, keys, keys)
        adam.update(network.gradients, 1e-3, 1.0)
    finally:
        tracemalloc.stop()
    expected = training_bytes(settings, V, network.parameters.flat.size, BatchShape(N, T, 2, precision, True),
                              len(adam.memory))
    assert kept == pytest.approx(expected, rel=0.02)


@pytest.mark.skipif(not JIT, reason="nothing is compiled")
def test_each_kernel_has_one_signature() -> None:
    for cell, is_stacked in itertools.product(CELLS, (True, False)):
        for kernel in (forward_kernel(cell, is_stacked, True), backward_kernel(cell, is_stacked, True)):
            assert kernel.py_func.__name__.endswith("_encoder")
            assert len(kernel.signatures) <= 1
