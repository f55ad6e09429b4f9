"""Names, shapes, initial values, and the way between PyTorch's layout and the kernels'."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.parameters import Parameters
from charrnn.engine.initial import parameter_shapes
from charrnn.errors import CheckpointError
from charrnn.settings import NetworkSettings
from tests.golden.load import golden_cases
from tests.networks import random_parameters

KINDS = pytest.mark.parametrize("cell", CELLS)
V = 19


def made(cell, seed=0, hidden=21, layers=2, embedding=0):
    """Parameters, and random arrays for them that float32 holds exactly."""
    settings = NetworkSettings(cell=cell, hidden=hidden, layers=layers, embedding=embedding)
    arrays = random_parameters(settings, V, np.random.default_rng(seed))
    return Parameters(settings, V), {name: array.astype(np.float32) for name, array in arrays.items()}


def test_gates_agree_with_the_cells():
    for cell, kind in CELLS.items():
        parameters, _ = made(cell)
        assert parameters.table["weight_hh_l0"].shape == (sum(kind.products) * 21, 21)
        assert parameters.table["bias_l0"].shape == (kind.gates * 21,)


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.name)
def test_names_and_shapes_are_those_of_pytorch(case):
    ours = Parameters(case.settings, case.logits.shape[-1]).to_arrays()
    assert {name: array.shape for name, array in ours.items()} == {
        name: array.shape for name, array in case.parameters.items()}


@KINDS
@pytest.mark.parametrize("hidden", [1, 16, 21])
@pytest.mark.parametrize("embedding", [0, 1, 17])
def test_arrays_come_back_as_they_went_in(cell, hidden, embedding):
    parameters, arrays = made(cell, hidden=hidden, embedding=embedding)
    other, kept = np.zeros_like(parameters.flat), parameters.flat.copy()
    parameters.from_arrays(arrays, other)
    np.testing.assert_array_equal(parameters.flat, kept)
    parameters.from_arrays(arrays)
    np.testing.assert_array_equal(parameters.flat, other)
    for back in (parameters.to_arrays(), parameters.to_arrays(other)):
        assert list(back) == list(arrays)
        for name, array in arrays.items():
            assert back[name].dtype == np.float32
            assert back[name].flags.c_contiguous
            np.testing.assert_array_equal(back[name], array)
            back[name][...] = 9  # a copy
    np.testing.assert_array_equal(parameters.flat, other)


@KINDS
def test_every_parameter_has_a_place_of_its_own(cell):
    parameters, arrays = made(cell, embedding=5)
    assert parameters.count == sum(array.size for array in arrays.values())
    seen = np.zeros(parameters.flat.size, int)
    for parameter in parameters.table.values():
        assert parameters.flat[parameter.offset :].ctypes.data % 64 == 0
        parameter.seen_in(seen)[...] += 1
    assert seen.max() == 1
    assert seen.sum() == parameters.count


@KINDS
def test_what_does_not_fit_is_refused_and_changes_nothing(cell):
    parameters, arrays = made(cell)
    parameters.from_arrays(arrays)
    kept, (_, other) = parameters.flat.copy(), made(cell, seed=1)
    for name in arrays:
        missing = {key: array for key, array in other.items() if key != name}
        with pytest.raises(CheckpointError, match=f"{name} is missing"):
            parameters.from_arrays(missing)
        for wrong in (other[name][None], other[name][:-1], other[name].ravel()[:1]):
            with pytest.raises(CheckpointError, match=name):
                parameters.from_arrays(other | {name: wrong})
        np.testing.assert_array_equal(parameters.flat, kept)
    parameters.from_arrays(other | {"something else": np.ones(3)})  # more than needed does no harm
    assert not np.array_equal(parameters.flat, kept)


@KINDS
@pytest.mark.parametrize("embedding", [0, 33])
def test_initial_values(cell, embedding):
    H, layers, vocabulary = 50, 2, 40
    settings = NetworkSettings(cell=cell, hidden=H, layers=layers, embedding=embedding)
    parameters = Parameters(settings, vocabulary)
    parameters.initialize(np.random.default_rng(0))
    arrays, bound = parameters.to_arrays(), 1 / np.sqrt(H)
    assert {name: array.shape for name, array in arrays.items()} == parameter_shapes(settings, vocabulary)
    for name, array in arrays.items():
        if name.startswith("weight_peep"):
            assert not array.any()  # it begins as the LSTM
        elif name.startswith("weight"):
            assert np.abs(array).max() <= np.float32(bound)
            assert np.abs(array).max() > 0.99 * bound
            assert abs(array.mean()) < 4 * bound / np.sqrt(3 * array.size)
            assert array.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)
        elif name == "embedding":
            assert abs(array.mean()) < 4 / np.sqrt(array.size)
            assert array.std() == pytest.approx(1, rel=0.1)
        elif cell in ("lstm", "peephole") and name != "bias_out":
            assert array.tolist() == [0] * H + [1] * H + [0] * 2 * H  # a new network remembers
        else:
            assert not array.any()


def test_initial_values_come_from_the_generator_alone():
    (first, _), (second, _), (third, _) = made("lstm"), made("lstm"), made("lstm")
    for parameters, seed in ((first, 3), (second, 3), (third, 4)):
        parameters.initialize(np.random.default_rng(seed))
    np.testing.assert_array_equal(first.flat, second.flat)
    assert not np.array_equal(first.flat, third.flat)
