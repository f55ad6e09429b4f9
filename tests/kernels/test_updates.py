"""What happens to the flat buffers between two windows."""

import numpy as np
import pytest

from charrnn.kernels.updates import adam, sum_gradients
from tests.networks import adam_update

P = 3_001


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_adam_over_twenty_steps(scale):
    rng, start, stop = np.random.default_rng(0), 7, P - 5
    p = rng.standard_normal(P).astype(np.float32)
    m, v, before = np.zeros(P, np.float32), np.zeros(P, np.float32), p.copy()
    reference = {"p": p[start:stop].astype(np.float64)}
    first, second = ({"p": np.zeros(stop - start)} for _ in range(2))
    for step in range(1, 21):
        g = (rng.standard_normal(P) * 10.0 ** rng.integers(-6, 3, P)).astype(np.float32)
        lr = 0.01 / step
        constants = map(np.float32, (scale, np.inf, lr, 0.9, 0.999, 1e-8, 1 - 0.9**step, 1 - 0.999**step, 0))
        adam(p, g, m, v, start, stop, *constants)
        adam_update(reference, {"p": scale * g[start:stop].astype(np.float64)}, first, second, step, lr)
    # float32 knows 0.999 to 1e-8, and 1 - 0.999 only to 5e-5 of itself: half of that is in the step
    np.testing.assert_allclose(p[start:stop], reference["p"], rtol=1e-5, atol=3e-6)
    np.testing.assert_allclose(m[start:stop], first["p"], rtol=1e-4, atol=1e-6 * np.abs(first["p"]).max())
    np.testing.assert_allclose(v[start:stop], second["p"], rtol=1e-4)
    for array, untouched in ((p, before), (m, np.zeros(P)), (v, np.zeros(P))):
        np.testing.assert_array_equal(array[:start], untouched[:start])
        np.testing.assert_array_equal(array[stop:], untouched[stop:])


def test_adam_leaves_what_has_no_gradient():
    p, zero = np.array([0.0, 1.5], np.float32), np.zeros(2, np.float32)
    adam(p, zero, zero.copy(), zero.copy(), 0, 2, *map(np.float32, (1, np.inf, 0.1, 0.9, 0.999, 1e-8, 0.1, 0.001, 0)))
    assert p.tolist() == [0.0, 1.5]


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_gradients_are_added_in_order_whatever_the_pieces(shards):
    gradients = np.random.default_rng(shards).standard_normal((shards, P)).astype(np.float32)
    expected = gradients[0].copy()
    for other in gradients[1:]:
        expected += other
    for cuts in ((0, P), (0, 1024, 2048, P), (0, 1, 999, 3_000, P)):
        out, squares = gradients.copy(), np.full(len(cuts), -1.0)
        sum_gradients(out, np.array(cuts), squares[:-1])
        np.testing.assert_array_equal(out[0], expected)
        np.testing.assert_array_equal(out[1:], gradients[1:])
        of_pieces = [(piece.astype(np.float64) ** 2).sum() for piece in np.split(expected, cuts[1:-1])]
        np.testing.assert_allclose(squares, [*of_pieces, -1.0], rtol=1e-6)


def test_only_the_pieces_are_added():
    gradients, squares = np.ones((2, 10), np.float32), np.zeros(2)
    sum_gradients(gradients, np.array([3, 4, 7]), squares)
    assert gradients[0].tolist() == [1] * 3 + [2] * 4 + [1] * 3
    assert squares.tolist() == [4, 12]


def test_no_piece_at_all():
    gradients = np.ones((2, 10), np.float32)
    sum_gradients(gradients, np.array([10]), np.zeros(0))
    assert (gradients == 1).all()


def test_nan_in_one_gradient_is_seen():
    gradients = np.zeros((3, P), np.float32)
    gradients[2, 2_500] = np.nan
    squares = np.zeros(2)
    sum_gradients(gradients, np.array([0, 2_000, P]), squares)
    assert squares[0] == 0
    assert np.isnan(squares[1])
