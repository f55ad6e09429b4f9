"""The loss on a text that is not trained on, against the float64 reference over the same rows."""

import math

import numpy as np
import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.engine.compiled.engine import CompiledEngine
from charrnn.engine.reference.backpropagation import truncated_bptt
from charrnn.settings import NetworkSettings
from charrnn.settings.scoring import ROWS
from charrnn.text.windows import evaluation_windows
from charrnn.training.evaluation import Evaluation
from tests.engine.compiled import compiled_engine
from tests.networks import random_parameters

V = 13


def reference_loss(settings, parameters, ids, window):
    """Mean nats over every character but the first, the state carried from window to window."""
    total, predicted, state = 0.0, 0, []
    for cut in evaluation_windows(ids, ROWS, window):
        if cut.fresh:
            zero = np.zeros((cut.inputs.shape[1], settings.hidden))
            state = [(zero,) * (1 + (KINDS[settings.cell].has_memory))] * settings.layers
        result = truncated_bptt(settings, parameters, cut.inputs, cut.targets, state)
        total, predicted, state = total + result.loss * cut.predicted, predicted + cut.predicted, result.state
    assert predicted == len(ids) - 1
    return total / predicted


@pytest.mark.few(5)
@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize(("size", "window", "shards"), [
    (2, 5, 1), (38, 5, 2), (701, 10, 3), (701, 1_000, 1), (900, 7, 2)])
def test_against_float64(cell, size, window, shards):
    rng = np.random.default_rng(size)
    settings = NetworkSettings(cell=cell, hidden=9, layers=2, embedding=4)
    parameters, ids = random_parameters(settings, V, rng), rng.integers(V, size=size)
    evaluation = Evaluation(compiled_engine(settings, parameters), ids, window, shards)
    expected = reference_loss(settings, parameters, ids, window)
    assert evaluation.loss() == pytest.approx(expected, rel=1e-6)
    assert evaluation.loss() == evaluation.loss()  # nothing is left over from the time before


def test_an_untrained_network_knows_next_to_nothing():
    network = CompiledEngine(NetworkSettings(hidden=16), V, generator=np.random.default_rng(0))
    ids = np.random.default_rng(1).integers(V, size=3_000)
    assert Evaluation(network, ids, 50, 1).loss() == pytest.approx(math.log(V), rel=0.05)


@pytest.mark.parametrize("size", [0, 1])
def test_nothing_to_predict_is_no_number(size):
    network = CompiledEngine(NetworkSettings(hidden=16), V, generator=np.random.default_rng(0))
    assert math.isnan(Evaluation(network, np.zeros(size, int), 50, 1).loss())


@pytest.mark.parametrize(("size", "most", "at_once"), [(3_000, 16 * 500, 500), (3_000, 700, 140), (3_000, 1, 64),
                                                       (300, 700, 500), (20_000, 1_000_000, 500)])
def test_long_windows_are_read_in_pieces(size, most, at_once):
    settings = NetworkSettings(hidden=9)
    parameters = random_parameters(settings, V, np.random.default_rng(1))
    ids = np.random.default_rng(size).integers(V, size=size)
    whole, pieces = (Evaluation(compiled_engine(settings, parameters), ids, 500, 1, most=bound)
                     for bound in (None, most))
    assert (whole.at_once, pieces.at_once) == (500, at_once)
    assert pieces.loss() == pytest.approx(whole.loss(), rel=1e-6)
