"""tanh, sigmoid and exp as the kernels compute them against float64, over all that float32 can hold."""

import numpy as np
import pytest

from charrnn.kernels.activations import exp_nonpositive, sigmoid, tanh
from charrnn.kernels.cpu import SSE, TARGET
from charrnn.kernels.jit import as_kernel, inner
from tests.kernels.sizes import many

COUNT = many(200_001)
LARGEST = np.finfo(np.float32).max


def over(function):
    """`function` of each number of an array, in a loop that can be vectorised as it is inside the kernels."""
    @inner
    def loop(x, out):
        for j in range(x.shape[0]):
            out[j] = function(x[j])

    all_of = as_kernel(loop)

    def apply(x):
        x = np.atleast_1d(np.asarray(x, np.float32))
        out = np.empty_like(x)
        all_of(x, out)
        return out.astype(np.float64)

    return apply


TANH, SIGMOID, EXP = over(tanh), over(sigmoid), over(exp_nonpositive)


def exactly(x):
    return x.astype(np.float32).astype(np.float64)


def everywhere(limit, count=COUNT):
    """Numbers of both signs from `limit` down to the smallest, evenly and by magnitude."""
    small = np.geomspace(1e-30, limit, count)
    return exactly(np.concatenate([np.linspace(-limit, limit, count), small, -small]))


def test_tanh():
    x = everywhere(20.0)
    assert np.abs(TANH(x) - np.tanh(x)).max() <= 4e-7
    inside = np.abs(x) < 7.9
    x = x[inside & (x != 0)]
    assert np.abs(TANH(x) / np.tanh(x) - 1).max() <= 4e-7  # small numbers too keep their digits


def test_sigmoid():
    x = everywhere(40.0)
    assert np.abs(SIGMOID(x) - 1 / (1 + np.exp(-x))).max() <= 2e-7


def test_exp():
    x = -np.abs(everywhere(87.0))
    # Without fused multiplication the compiler joins the two parts of ln(2), and far from 0 a digit is lost.
    assert np.abs(EXP(x) / np.exp(x) - 1).max() <= (5e-6 if TARGET == SSE else 5e-7)
    assert EXP([0.0, -0.0]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("x", [20.0, 1e4, LARGEST, np.inf])
def test_extremes(x):
    assert TANH([x, -x]) == pytest.approx([1, -1], abs=4e-7)
    assert SIGMOID([2 * x if x < 1e5 else x, -x]) == pytest.approx([1, 0], abs=2e-7)
    assert EXP(-max(x, 88.0)).tolist() == [0.0]  # nothing is left, to the last bit


def test_nothing_leaves_its_range():
    x = everywhere(30.0)
    assert np.abs(TANH(x)).max() <= 1
    assert SIGMOID(x).min() >= 0
    assert SIGMOID(x).max() <= 1
    assert EXP(-np.abs(x)).max() == 1


@pytest.mark.parametrize("function", [TANH, SIGMOID, EXP])
@pytest.mark.parametrize("count", [1, 16, 37])  # scalar code, vector code, both
def test_nan_stays_nan(function, count):
    assert np.isnan(function(np.full(count, np.nan))).all()


@pytest.mark.parametrize("function", [TANH, SIGMOID])
def test_odd_or_mirrored(function):
    x = everywhere(12.0, 2_001)
    middle = function([0.0])
    np.testing.assert_allclose(function(x) - middle, middle - function(-x), rtol=0, atol=6e-8)
