"""Quantized weights: near the originals, exact where they can be; their cost is measured on the text that is given."""

import numpy as np
import pytest

from charrnn.live.quantize import float_parameters, measured_loss, quantized, quantized_network
from tests.live.networks import TEXT, random_model


@pytest.mark.parametrize("bits", [3, 4, 6, 8])
def test_numbers_fit_into_their_bits_and_are_near(bits: int) -> None:
    matrix = np.random.default_rng(0).standard_normal((7, 300)).astype(np.float32)
    found = quantized(matrix, bits)
    assert found.values.dtype == np.int8
    assert np.abs(found.values.astype(int)).max() <= 2 ** (bits - 1) - 1
    # a step of the plain way, from 0 to the largest weight of each row
    step = np.abs(matrix).max(axis=1) / (2 ** (bits - 1) - 1)
    assert (np.sqrt(((found.floats - matrix) ** 2).mean(axis=1)) <= step / np.sqrt(12) * 1.02).all()


def test_a_row_of_zeros_stays_one() -> None:
    matrix = np.array([[0, 0], [1, -127]], np.float32)
    assert np.array_equal(quantized(matrix, 8).floats, matrix)


def test_few_bits_spend_their_levels_on_the_many() -> None:
    matrix = np.random.default_rng(0).standard_normal((50, 400)).astype(np.float32)
    plain = np.abs(matrix).max(axis=1, keepdims=True) / 7
    error = ((quantized(matrix, 4).floats - matrix) ** 2).mean()
    assert error < 0.8 * ((np.rint(matrix / plain) * plain - matrix) ** 2).mean()


def test_only_matrices_are_quantized() -> None:
    parameters = random_model(layers=2, embedding=5).parameters
    network = quantized_network(parameters, 8)
    back = float_parameters(network)
    for name, array in parameters.items():
        assert back[name].shape == array.shape
        assert np.array_equal(back[name], array) == (array.ndim == 1)


def test_the_cost_is_the_difference_of_two_losses() -> None:
    model = random_model()
    ids = model.vocabulary.encode(TEXT)
    found = measured_loss(model.parameters, quantized_network(model.parameters, 3), model.settings, -1, ids)
    assert found.exact == pytest.approx(model.loss(TEXT), rel=1e-5)
    assert abs(found.quantized - found.exact) > 1e-4
