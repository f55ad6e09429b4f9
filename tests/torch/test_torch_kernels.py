"""The kernels against the PyTorch that is installed, at sizes that the stored numbers do not have."""

import numpy as np
import pytest

pytest.importorskip("torch")

from charrnn.engine.compiled.optimizers import Adam
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.settings import NetworkSettings
from tests.engine import compiled
from tests.engine.compiled import CLOSE, compiled_network, drawn, ids, listed, named
from tests.golden import make_golden
from tests.torch import twin

pytestmark = pytest.mark.torch
CELLS = pytest.mark.parametrize("cell", twin.CELLS)


# (hidden, layers, embedding, N, T, V)
@CELLS
@pytest.mark.parametrize("sizes", [
    (128, 1, 0, 50, 25, 65), (128, 2, 0, 9, 50, 65), (128, 3, 24, 5, 12, 100), (65, 2, 0, 33, 17, 3),
    (31, 1, 7, 2, 70, 129), (7, 4, 1, 1, 1, 1)], ids=str)
def test_one_window(cell: str, sizes: tuple[int, ...]) -> None:
    hidden, layers, embedding, N, T, V = sizes
    settings = NetworkSettings(cell=cell, hidden=hidden, layers=layers, embedding=embedding)
    parameters, inputs, targets, state = drawn(settings, V, T, N, seed=hidden)
    targets[-1, -1] = 0  # at least one is predicted
    expected = make_golden.case_results({
        "settings": settings, "parameters": parameters, "inputs": inputs, "targets": targets, "state": state})
    for shards in (1, 2):
        result = compiled.forward_backward(settings, parameters, inputs, targets, state, shards=shards)
        np.testing.assert_allclose(result.logits, expected["logits"], **CLOSE)
        np.testing.assert_allclose(result.loss, expected["loss"], **CLOSE)
        np.testing.assert_allclose(result.state, expected["final_state"], **CLOSE)
        for name, gradient in expected["gradients"].items():
            np.testing.assert_allclose(result.gradients[name], gradient, **CLOSE, err_msg=name)


@CELLS
def test_ten_steps_of_adam(cell: str) -> None:
    settings, V, steps, T, N = NetworkSettings(cell=cell, hidden=128, layers=2, embedding=20), 65, 10, 25, 14
    parameters, inputs, targets, state = drawn(settings, V, steps * T, N, seed=1)
    inputs, targets = inputs.reshape(steps, T, N), targets.reshape(steps, T, N)
    given = {"settings": settings, "parameters": parameters, "inputs": inputs, "targets": targets, "state": state,
             "lr": 0.001, "clip": 0.05}
    expected = make_golden.trajectory_results(given)
    assert expected["norms"].max() > given["clip"]
    network = compiled_network(settings, parameters, threads=2)
    batch, gradients, adam = CompiledStreams(network, N, T, 2), network.gradients_of(2), Adam(network)
    batch.set_state(named(state))
    losses, norms = [], []
    for step in range(steps):
        losses.append(batch.learn(ids(inputs[step]), ids(targets[step])))
        norms.append(adam.update(gradients, given["lr"], given["clip"]))
    np.testing.assert_allclose(losses, expected["losses"], **CLOSE)
    np.testing.assert_allclose(norms, expected["norms"], rtol=1e-4)
    np.testing.assert_allclose(listed(batch.state(), settings), expected["final_state"], rtol=0, atol=1e-3)
    for name, array in network.parameters.to_arrays().items():
        # Where a gradient is next to nothing its sign is rounding, and Adam takes a whole step by it: few may differ.
        error = np.abs(array - expected["final_parameters"][name])
        assert np.quantile(error, 0.99) < 1e-5, name
        assert error.max() < given["lr"], name
