"""A recording against a float64 loop over the cells of network/cells.py, and against evaluation."""

import math

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.reference.backpropagation import layer_arrays
from charrnn.errors import CorpusError, SettingsError
from charrnn.inspection import recording as module
from charrnn.inspection.recording import evaluated, record, signals_of
from charrnn.settings import NetworkSettings
from charrnn.text.documents import Documents
from charrnn.training.evaluation import Evaluation
from tests.engine.compiled import compiled_engine
from tests.networks import random_parameters

V, H = 11, 7
CELL = pytest.mark.parametrize("cell", CELLS)
LAYERS = pytest.mark.parametrize("layers", [1, 2, 3])


def drawn(cell, layers, size, seed=3, start=-1, vocabulary=V, **others):
    """A network of random weights, its parameters in float64, and ids."""
    rng = np.random.default_rng(seed)
    settings = NetworkSettings(cell=cell, hidden=H, layers=layers, **others)
    parameters = {name: array.astype(np.float32).astype(np.float64)
                  for name, array in random_parameters(settings, vocabulary, rng).items()}
    return compiled_engine(settings, parameters, start=start), parameters, rng.integers(vocabulary, size=size)


def by_hand(settings, parameters, ids, start=-1):
    """Every signal (L, T, H), and the log-probabilities (T, V), one character after the other."""
    cell, T = CELLS[settings.cell], len(ids) - 1
    signals = {name: np.zeros((settings.layers, T, settings.hidden)) for name in signals_of(settings.cell)}
    logits = np.zeros((T, len(parameters["bias_out"])))

    def initial(k):
        return tuple(parameters.get(f"{letter}0_l{k}", np.zeros(settings.hidden))[None]
                     for letter in "hc"[:1 + cell.has_memory])

    states = [initial(k) for k in range(settings.layers)]
    for t in range(T):
        if ids[t] == start:
            states = [initial(k) for k in range(settings.layers)]
        x = parameters["embedding"][ids[t]][None] if settings.embedding else np.eye(logits.shape[1])[ids[t]][None]
        for k in range(settings.layers):
            states[k], tape = cell.step(x, states[k], layer_arrays(parameters, k))
            x = states[k][0]
            for name in signals:
                signals[name][k, t] = (dict(zip("hc", states[k], strict=False)).get(name)
                                       if name in "hc" else getattr(tape, name))
        logits[t] = (x @ parameters["weight_out"].T + parameters["bias_out"])[0]
    return signals, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


@CELL
@LAYERS
def test_against_float64(cell, layers, monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", 10)  # windows that do not divide the text
    network, parameters, ids = drawn(cell, layers, 48, embedding=4 if layers == 2 else 0,
                                     learn_initial_state=layers == 3)
    done = record(network, ids, signals_of(cell))
    signals, logs = by_hand(network.settings, parameters, ids)
    assert done.signals.keys() == signals.keys()
    for name, expected in signals.items():
        assert done.signals[name].shape == expected.shape
        np.testing.assert_allclose(done.signals[name], expected, rtol=1e-4, atol=2e-5, err_msg=name)
    said, places = done.predictions, np.arange(47)
    np.testing.assert_allclose(said.nats, -logs[places, ids[1:]], rtol=1e-4)
    np.testing.assert_allclose(said.entropies, -(np.exp(logs) * logs).sum(axis=1), rtol=1e-4)
    np.testing.assert_array_equal(said.ranks, 1 + (logs > logs[places, ids[1:]][:, None]).sum(axis=1))
    best = np.argsort(-logs, axis=1)[:, :5]
    np.testing.assert_array_equal(said.top, best)
    np.testing.assert_allclose(said.probabilities, np.exp(np.take_along_axis(logs, best, axis=1)), rtol=1e-4)


@CELL
@LAYERS
@pytest.mark.parametrize("size", [2, 257, 700])
def test_the_loss_is_that_of_evaluation(cell, layers, size):
    network, _, ids = drawn(cell, layers, size, seed=size)
    done = record(network, ids)
    # one row of evaluation is one stream of ours, whatever the window
    assert done.nats == pytest.approx(Evaluation(network, ids, size, 2).loss(), abs=1e-5)
    assert done.nats == pytest.approx(evaluated(network, ids), abs=1e-5)


@CELL
def test_documents_begin_anew(cell):
    network, parameters, ids = drawn(cell, 2, 90, start=4, learn_initial_state=True)
    ids[[0, -1]] = 4
    assert np.count_nonzero(ids == 4) > 4
    done = record(network, ids, signals_of(cell))
    signals, _ = by_hand(network.settings, parameters, ids, start=4)
    for name, expected in signals.items():
        np.testing.assert_allclose(done.signals[name], expected, rtol=1e-4, atol=2e-5, err_msg=name)
    assert done.warm_up == 0
    assert done.nats == pytest.approx(Evaluation(network, Documents.of(ids, 4), 16, 2).loss(), abs=1e-5)


def test_place_t_is_the_state_after_t_and_speaks_of_what_follows():
    # A cell whose state is its character: h = tanh(+-2), and an output that says: the same again.
    settings = NetworkSettings(cell="rnn", hidden=2, layers=1)
    parameters = {"weight_ih_l0": np.array([[2.0, -2, 0], [0, 0, 2]]), "weight_hh_l0": np.zeros((2, 2)),
                  "bias_l0": np.zeros(2), "weight_out": np.array([[9.0, 0], [-9, 0], [0, 9]]), "bias_out": np.zeros(3)}
    ids = np.array([0, 1, 1, 2, 2, 0])
    done = record(compiled_engine(settings, parameters), ids)
    np.testing.assert_array_equal(np.sign(done.signals["h"][0, :, 0]), [1, -1, -1, 0, 0])
    np.testing.assert_array_equal(done.predictions.top[:, 0], ids[:-1])
    np.testing.assert_array_equal(done.predictions.ranks == 1, ids[:-1] == ids[1:])
    np.testing.assert_array_equal(done.targets[:-1], done.tokens[1:])


def test_fewer_characters_than_guesses():
    network, _, ids = drawn("gru", 1, 30, vocabulary=3)
    said = record(network, ids).predictions
    assert said.top.shape == (29, 3)
    np.testing.assert_allclose(said.probabilities.sum(axis=1), 1, rtol=1e-6)
    assert np.all(np.diff(said.probabilities, axis=1) <= 0)


@pytest.mark.parametrize(("size", "warm_up"), [(2, 0), (101, 10), (4_001, 100)])
def test_warm_up(size, warm_up):
    network, _, ids = drawn("lstm", 1, size)
    done = record(network, ids, ("c",))
    settled = done.settled()
    assert (done.warm_up, len(done), len(settled)) == (warm_up, size - 1, size - 1 - warm_up)
    np.testing.assert_array_equal(settled.tokens, ids[warm_up:-1])
    np.testing.assert_array_equal(settled.targets, ids[warm_up + 1:])
    np.testing.assert_array_equal(settled.signals["c"], done.signals["c"][:, warm_up:])
    np.testing.assert_array_equal(settled.predictions.nats, done.predictions.nats[warm_up:])


def test_a_memory_is_shown_squashed_and_what_is_not_there_is_named():
    network, _, ids = drawn("lstm", 1, 20)
    done = record(network, ids)
    np.testing.assert_array_equal(done.shown("c"), np.tanh(done.signals["c"]))
    np.testing.assert_array_equal(done.shown("f"), done.signals["f"])
    with pytest.raises(SettingsError, match="no z; it has h, c, i, f, g, o"):
        done.shown("z")
    with pytest.raises(SettingsError, match="gru cells has no signal c; it has h, r, z, n"):
        record(drawn("gru", 1, 20)[0], ids, ("c",))
    with pytest.raises(CorpusError, match="at least 2"):
        record(network, ids[:1])


def test_progress_and_an_empty_evaluation():
    network, _, ids = drawn("rnn", 1, 600)
    read = []
    record(network, ids, on_read=read.append)
    assert sum(read) == 599
    assert len(read) > 2
    assert math.isnan(evaluated(network, ids[:1]))
