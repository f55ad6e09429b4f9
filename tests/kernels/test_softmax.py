"""The output layer: softmax, its loss in nats, and the way back, a row at a time and a window at a time."""

import numpy as np
import pytest

from charrnn.engine.reference.backpropagation import softmax_loss
from charrnn.kernels import softmax
from charrnn.kernels.cpu import PAD, padded, zeros
from charrnn.kernels.jit import as_kernel
from charrnn.kernels.microkernel import BF16, FLOAT32
from charrnn.kernels.softmax import BLOCK_ROWS, NEVER, output_loss, output_rounded_size
from tests.kernels.output_layers import output_layer

SCALE = np.float32(0.125)
loss_row = as_kernel(softmax.loss_row)


def row_of(values):
    """Logits padded as the kernels hold them, and scratch."""
    row = np.full(padded(len(values)), NEVER)
    row[: len(values)] = values
    return row, np.empty(PAD, np.float32)


def loss_of(values, target, scale=SCALE):
    """The loss of one place, and its dlogits without and with the padding."""
    row, lanes = row_of(values)
    loss = loss_row(row, target, scale, lanes)
    return loss, row[: len(values)], row


@pytest.mark.parametrize("V", [1, 2, 15, 16, 17, 61, 200])
def test_row_against_float64(V):
    rng = np.random.default_rng(V)
    for spread in (0.1, 3.0, 30.0):
        values, target = (spread * rng.standard_normal(V)).astype(np.float32), int(rng.integers(V))
        expected, slopes = softmax_loss(values.astype(np.float64)[None, None], np.array([[target]]))
        loss, dlogits, whole = loss_of(values, target)
        assert loss == pytest.approx(expected, rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(dlogits, SCALE * slopes[0, 0], rtol=2e-6, atol=1e-7)
        assert abs(dlogits.astype(np.float64).sum()) <= 1e-7 * np.sqrt(V)
        assert not whole[V:].any()  # the padding has probability 0, to the last bit


def test_shift_changes_nothing():
    values = np.random.default_rng(0).integers(-512, 512, 23) / np.float32(128)  # exact, shifted or not
    loss, dlogits, _ = loss_of(values, 5)
    for shift in (-1024, 1024):
        shifted_loss, shifted, _ = loss_of(values + np.float32(shift), 5)
        assert shifted_loss == pytest.approx(loss, abs=1e-12)
        np.testing.assert_array_equal(shifted, dlogits)


@pytest.mark.parametrize("V", [1, 7, 16, 100])
def test_uniform_logits_cost_the_logarithm_of_their_number(V):
    for value in (0.0, -3.0, 1e4):
        assert loss_of(np.full(V, value), V - 1)[0] == pytest.approx(np.log(V), abs=1e-6)


def test_huge_logits():
    values = np.where(np.arange(19) == 4, 1e4, -1e4).astype(np.float32)
    loss, dlogits, _ = loss_of(values, 4)
    assert loss == 0
    assert not dlogits.any()
    loss, dlogits, _ = loss_of(values, 3)
    assert loss == 2e4
    assert dlogits[[3, 4]].tolist() == [-SCALE, SCALE]
    assert not np.delete(dlogits, [3, 4]).any()


def test_a_place_without_target_costs_and_teaches_nothing():
    loss, _, whole = loss_of(np.arange(18.0), -1)
    assert loss == 0
    assert not whole.any()


@pytest.mark.parametrize("place", [0, 16, 18])
def test_nan_is_seen(place):
    values = np.zeros(19, np.float32)
    values[place] = np.nan
    assert np.isnan(loss_of(values, 7)[0])


def bfloat16(values):
    """The nearest numbers that bfloat16 has: 8 bits of precision."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 256), exponent - 8).astype(np.float32)


@pytest.mark.parametrize("kind", [FLOAT32, BF16], ids=["float32", "bf16"])
@pytest.mark.parametrize(("T", "N", "H", "V"), [(2, 3, 16, 1), (5, 7, 80, 15), (13, 11, 48, 16), (9, 33, 16, 61)])
def test_window_against_float64(T, N, H, V, kind):
    assert T * N < BLOCK_ROWS or T * N > 2 * BLOCK_ROWS
    rng, width = np.random.default_rng(V), padded(V)
    x, weight, bias = (bfloat16(rng.standard_normal(shape)) for shape in ((T, N, H), (V, H), V))
    targets = rng.integers(-1, V, (T, N)).astype(np.int32)
    output, rounded = output_layer(weight, bias, kind), zeros(output_rounded_size(V, H) if kind == BF16 else 0)
    logits, dout, dweight, dbias = zeros((BLOCK_ROWS + 1, width)), zeros((T, N, H)), zeros((V, H)), zeros(width)
    dout[:], dweight[:], dbias[:V] = 9, 1 / 64, 1 / 32  # dout is set, the others are added to

    def run(scale):
        return output_loss(output, x, targets, np.float32(scale), logits, rounded, dout, dweight, dbias)

    count = (targets >= 0).sum()
    expected, dlogits = softmax_loss(x.astype(np.float64) @ weight.T + bias, targets)
    assert run(0) == pytest.approx(expected * count, rel=1e-6)
    assert (dout == 9).all()  # no way back was asked for
    assert run(1 / count) == pytest.approx(expected * count, rel=1e-6)
    # x and the weights are exact in bfloat16, dlogits are rounded: half a unit of their last place each
    rounding = 2**-8 if kind == BF16 else 0
    for found, equation, other in ((dout, "tnv,vh->tnh", weight), (dweight - 1 / 64, "tnv,tnh->vh", x)):
        expected, bound = (np.einsum(equation, *pair) for pair in ((dlogits, other), (abs(dlogits), abs(other))))
        assert (abs(found - expected) <= 1e-6 + 1e-5 * abs(expected) + rounding * bound).all()
    np.testing.assert_allclose(dbias[:V] - 1 / 32, dlogits.sum(axis=(0, 1)), rtol=1e-5, atol=1e-6)
    assert not dbias[V:].any()
