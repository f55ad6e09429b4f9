"""the reference engine held to the numbers that PyTorch gave, without PyTorch."""

import json

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.initial import parameter_shapes
from charrnn.engine.reference.backpropagation import truncated_bptt
from charrnn.engine.reference.optimizers import clip_gradients
from tests.golden import load
from tests.golden.load import golden_cases, golden_trajectories
from tests.networks import adam_update

CLOSE = {"rtol": 1e-9, "atol": 1e-12}
CASES, TRAJECTORIES = golden_cases(), golden_trajectories()


def by_name(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


@by_name(CASES)
def test_case(case):
    result = truncated_bptt(case.settings, case.parameters, case.inputs, case.targets, case.state)
    np.testing.assert_allclose(result.logits, case.logits, **CLOSE)
    np.testing.assert_allclose(result.loss, case.loss, **CLOSE)
    np.testing.assert_allclose(result.state, case.final_state, **CLOSE)
    assert result.gradients.keys() == case.gradients.keys() == case.parameters.keys()
    for name, expected in case.gradients.items():
        np.testing.assert_allclose(result.gradients[name], expected, **CLOSE, err_msg=name)


@by_name(TRAJECTORIES)
def test_trajectory(case):
    parameters = {name: array.copy() for name, array in case.parameters.items()}
    first, second = ({name: np.zeros_like(array) for name, array in parameters.items()} for _ in range(2))
    losses, norms, state = [], [], case.state
    for step, (inputs, targets) in enumerate(zip(case.inputs, case.targets, strict=True), start=1):
        result = truncated_bptt(case.settings, parameters, inputs, targets, state)
        losses.append(result.loss)
        norms.append(clip_gradients(result.gradients, case.clip))
        adam_update(parameters, result.gradients, first, second, step, case.lr)
        state = result.state
    np.testing.assert_allclose(losses, case.losses, **CLOSE)
    np.testing.assert_allclose(norms, case.norms, **CLOSE)
    np.testing.assert_allclose(state, case.final_state, **CLOSE)
    for name, expected in case.final_parameters.items():
        np.testing.assert_allclose(parameters[name], expected, **CLOSE, err_msg=name)


def test_golden_covers_what_it_should():
    kinds = set(CELLS)
    one_hot = {(case.settings.cell, case.settings.layers) for case in CASES if not case.settings.embedding}
    assert one_hot == {(kind, layers) for kind in kinds for layers in (1, 2, 3)}
    assert {case.settings.cell for case in CASES if case.settings.embedding} == kinds
    assert {case.settings.cell for case in TRAJECTORIES} == kinds
    for case in TRAJECTORIES:
        assert len(case.losses) == 10
        assert case.norms.min() < case.clip < case.norms.max()  # some steps clip, some do not
    for case in CASES:
        shapes = {name: array.shape for name, array in case.parameters.items()}
        assert shapes == parameter_shapes(case.settings, case.logits.shape[-1])
        assert (case.targets == -1).any()
        for array in (*case.parameters.values(), *(array for layer in case.state for array in layer)):
            assert array.any()
            np.testing.assert_array_equal(array.astype(np.float32), array)  # float32 starts from the same


def test_each_call_gives_fresh_arrays():
    golden_cases()[0].parameters["bias_out"][:] = 9
    assert not (golden_cases()[0].parameters["bias_out"] == 9).any()


@pytest.mark.parametrize("change", [{"magic": "something else"}, {"version": 2}])
def test_another_file_is_refused(change, tmp_path, monkeypatch):
    document = json.loads(load.PATH.read_text(encoding="utf-8")) | change
    path = tmp_path / "golden.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.setattr(load, "PATH", path)
    with pytest.raises(ValueError, match="make_golden"):
        load._document.__wrapped__()
