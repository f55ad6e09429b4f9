"""Rows, shards, threads, buffers: what may change a result, what may not, and what stays zero."""

import math
import threading

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.network import PIECE
from charrnn.engine.compiled.optimizers import Adam
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.threads import Workers
from charrnn.kernels.softmax import NEVER
from charrnn.settings import NetworkSettings
from tests.engine import compiled
from tests.engine.compiled import compiled_network, drawn, ids, named

KINDS = pytest.mark.parametrize("cell", CELLS)
T, N, V = 6, 7, 19
KEYS = np.array([11, 12], np.uint32)


def settings_of(cell, **others):
    return NetworkSettings(cell=cell, **{"hidden": 20, "layers": 2, "dropout": 0.3} | others)


@KINDS
def test_threads_change_no_bit(cell):
    settings = settings_of(cell, hidden=90)
    given = drawn(settings, V, T, N, seed=1)
    trained = []
    for threads in (1, 2, 3):
        parameters, inputs, targets, state = given
        network = compiled_network(settings, parameters, threads)
        assert len(network.pieces()) > 3 or cell == "rnn"  # more than one piece of work in an update
        batch, gradients, adam = CompiledStreams(network, N, T, 3), network.gradients_of(3), Adam(network)
        batch.set_state(named(state))
        for _ in range(3):
            batch.learn(ids(inputs), ids(targets), KEYS)
            adam.update(gradients, 0.01, 0.5)
        trained.append([network.parameters.flat, gradients, adam.buffers[0], adam.buffers[1], *batch.state().values()])
    for other in trained[1:]:
        for a, b in zip(trained[0], other, strict=True):
            assert a.tobytes() == b.tobytes()


@KINDS
def test_shards_change_only_the_rounding(cell):
    settings = settings_of(cell)
    given = drawn(settings, V, T, N, seed=2)
    whole = compiled.forward_backward(settings, *given, KEYS, shards=1)
    for shards in (2, 3, N, N + 5):  # never more shards than rows
        result = compiled.forward_backward(settings, *given, KEYS, shards=shards)
        compiled.assert_close(result, whole, rtol=2e-5, atol=2e-7)
        np.testing.assert_allclose(result.logits, whole.logits, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(result.state, whole.state)  # rows do not see how they are shared out


@KINDS
def test_rows_do_not_mix(cell):
    settings = settings_of(cell, dropout=0.0)
    parameters, inputs, targets, state = drawn(settings, V, T, N, seed=3)
    together = compiled.forward_backward(settings, parameters, inputs, targets, state)
    order = [2, 0, 6, 3, 1, 5, 4]
    for rows in (order, *[[row] for row in range(N)]):
        own = [tuple(array[rows] for array in layer) for layer in state]
        part = compiled.forward_backward(settings, parameters, inputs[:, rows], targets[:, rows], own)
        np.testing.assert_allclose(part.logits, together.logits[:, rows], rtol=0, atol=1e-12)
        np.testing.assert_array_equal(part.state, [[array[rows] for array in layer] for layer in together.state])
        if rows is order:
            compiled.assert_close(part, together._replace(
                logits=together.logits[:, rows], state=part.state,
                dstate=[tuple(array[rows] for array in layer) for layer in together.dstate]))


@KINDS
@pytest.mark.parametrize("embedding", [0, 5])
def test_padding_stays_zero(cell, embedding):
    settings = settings_of(cell, embedding=embedding)
    parameters, inputs, targets, state = drawn(settings, V, T, N, seed=4)
    network = compiled_network(settings, parameters)
    is_padding = np.ones(network.parameters.flat.size, bool)
    for parameter in network.parameters.table.values():
        parameter.seen_in(is_padding)[...] = False
    assert (~is_padding).sum() == network.parameters.count == sum(array.size for array in parameters.values())
    batch, gradients, adam = CompiledStreams(network, N, T, 2), network.gradients_of(2), Adam(network)
    batch.set_state(named(state))
    for _ in range(4):
        batch.learn(ids(inputs), ids(targets), KEYS)
        for gradient in gradients:
            assert not gradient[: is_padding.size][is_padding].any()
        adam.update(gradients, 0.1, 1.0)
    for flat in (network.parameters.flat, adam.buffers[0], adam.buffers[1]):
        assert not flat[is_padding].any()
        assert flat[~is_padding].any()
    for shard in batch.shards:
        for array in (*shard.h, *shard.c, *shard.dropped):
            assert not array[..., settings.hidden :].any()
    assert (network.weights.output.bias[V:] == NEVER).all()


@KINDS
def test_evaluation_leaves_training_alone(cell):
    settings = settings_of(cell)
    parameters, inputs, targets, state = drawn(settings, V, T, N, seed=5)
    network = compiled_network(settings, parameters)
    batch, gradients = CompiledStreams(network, N, T, 2), network.gradients_of(2)
    batch.set_state(named(state))
    batch.learn(ids(inputs), ids(targets), KEYS)
    kept = [gradients.copy(), network.parameters.flat.copy(), *batch.state().values()]
    other = CompiledStreams(network, N - 2, T, 2)
    losses = []
    for _ in range(2):
        other.reset()
        losses.append(other.evaluate(ids(inputs[:, 2:]), ids(targets[:, 2:])))
    assert losses[0] == losses[1]
    for a, b in zip(kept, [gradients, network.parameters.flat, *batch.state().values()], strict=True):
        np.testing.assert_array_equal(a, b)


def padded(size):
    return math.ceil(size / 16) * 16


@KINDS
@pytest.mark.parametrize(("layers", "embedding", "dropout"), [(1, 0, 0.0), (2, 0, 0.0), (3, 4, 0.2)])
def test_memory_is_what_the_formula_says(cell, layers, embedding, dropout):
    settings = NetworkSettings(cell=cell, hidden=20, layers=layers, embedding=embedding, dropout=dropout)
    n, H = 5, 32
    G = {"rnn": 1, "lstm": 4, "gru": 3, "mogrifier": 4, "peephole": 4, "gru-original": 3}[cell]
    floats = layers * (T + 1) * n * H * (2 if cell in ("lstm", "peephole") else 1)  # h, c
    floats += layers * T * n * {"rnn": 1, "mogrifier": 6}.get(cell, 4) * H  # gates
    floats += T * n * H + (layers * T * n * H if dropout else 0) + 2 * layers * n * H  # dout, dropped, dh and dc
    floats += 65 * padded(V) + H + 256 * (24 + H)  # logits, ignored, copies for weight gradients
    floats += 256 // n * n * G * H if layers > 1 else 0  # input rows
    floats += V * G * H if embedding else 0  # gradient of the table
    (shard,) = CompiledStreams(compiled_network(settings, drawn(settings, V, 1, 1, 0)[0]), n, T, 1).shards
    assert shard.nbytes == 4 * floats
    (shard,) = CompiledStreams(compiled_network(settings, drawn(settings, V, 1, 1, 0)[0], start=3), n, T, 1).shards
    assert shard.nbytes == 4 * (floats + n * H)  # h where texts begin


@KINDS
def test_state_goes_in_as_it_comes_out(cell):
    settings = settings_of(cell)
    parameters, _, _, state = drawn(settings, V, T, N, seed=6)
    network = compiled_network(settings, parameters)
    batch = CompiledStreams(network, N, T, 3)
    batch.set_state(named(state))
    out = batch.state()
    assert out.keys() == named(state).keys()
    for name, array in named(state).items():
        np.testing.assert_array_equal(out[name], array)
        out[name][:] = 9  # a copy
    np.testing.assert_array_equal(batch.state()["h_l0"], state[0][0])


def test_pieces_cover_the_parameters_once():
    network = compiled_network(settings_of("lstm", hidden=90), drawn(settings_of("lstm", hidden=90), V, 1, 1, 0)[0])
    size = network.parameters.flat.size
    assert network.pieces().tolist() == [*range(0, size, PIECE), size]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_workers_keep_the_order_and_pass_errors_on(threads):
    workers = Workers(threads)
    assert workers.map(lambda i: i * i, 7) == [i * i for i in range(7)]
    assert workers.map(lambda i: i, 0) == []
    for bad in range(3):
        with pytest.raises(ZeroDivisionError):
            workers.map(lambda i, bad=bad: 1 // (i - bad), 3)
    assert workers.map(lambda i: i, 3) == [0, 1, 2]


def test_pieces_that_wait_for_one_another_are_let_go():
    gone = threading.Event()

    def piece(i):
        if i == 0:
            raise KeyboardInterrupt
        assert gone.wait(60)  # for piece 0, which will not come

    with pytest.raises(KeyboardInterrupt):
        Workers(3).map(piece, 3, gone.set)
