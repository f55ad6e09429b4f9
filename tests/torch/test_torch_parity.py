"""The stored numbers and the reference engine against the PyTorch that is installed."""

import dataclasses
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from charrnn.engine.reference.backpropagation import truncated_bptt
from charrnn.settings import NetworkSettings
from tests.golden import make_golden
from tests.golden.load import GoldenCase, GoldenTrajectory, golden_cases, golden_trajectories
from tests.networks import random_parameters, random_state
from tests.torch import twin

pytestmark = pytest.mark.torch
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def assert_close(actual: Any, expected: Any) -> None:
    """Equal to rounding: numbers, arrays, states, or dicts of arrays by name."""
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(actual[name], expected[name], **CLOSE, err_msg=name)
    else:
        np.testing.assert_allclose(actual, expected, **CLOSE)


def fields(case: Any) -> dict[str, Any]:
    return {field.name: getattr(case, field.name) for field in dataclasses.fields(case)}


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.name)
def test_golden_cases_are_still_torch(case: GoldenCase) -> None:
    results = make_golden.case_results(fields(case))
    assert results.keys() == {"logits", "loss", "gradients", "final_state"}
    for name, result in results.items():
        assert_close(result, getattr(case, name))


@pytest.mark.parametrize("case", golden_trajectories(), ids=lambda case: case.name)
def test_golden_trajectories_are_still_torch(case: GoldenTrajectory) -> None:
    results = make_golden.trajectory_results(fields(case))
    assert results.keys() == {"losses", "norms", "final_parameters", "final_state"}
    for name, result in results.items():
        assert_close(result, getattr(case, name))


@pytest.mark.parametrize("cell", twin.CELLS)
@pytest.mark.parametrize("seed", range(10))
def test_reference_at_random_sizes(cell: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    N, T, H, V = (int(size) for size in rng.integers(1, 12, size=4))
    layers, embedding = int(rng.integers(1, 5)), int(rng.integers(0, 6))
    network = NetworkSettings(cell=cell, hidden=H, layers=layers, embedding=embedding)
    parameters, state = random_parameters(network, V, rng), random_state(network, N, rng)
    inputs, targets = rng.integers(V, size=(T, N)), rng.integers(-1, V, size=(T, N))
    targets[-1, -1] = 0  # at least one is predicted
    expected = make_golden.case_results({"settings": network, "parameters": parameters, "inputs": inputs,
                                         "targets": targets, "state": state})
    result = truncated_bptt(network, parameters, inputs, targets, state)
    assert_close(result.logits, expected["logits"])
    assert_close(result.loss, expected["loss"])
    assert_close(result.gradients, expected["gradients"])
    assert_close(result.state, expected["final_state"])
