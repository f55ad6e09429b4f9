"""What the output layer says of each character, against sums over plain float64 NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.engine.predictions import Predictions
from charrnn.kernels.cpu import padded, zeros
from charrnn.kernels.predictions import output_scores
from charrnn.kernels.softmax import BLOCK_ROWS, output_loss
from tests.kernels.output_layers import output_layer

CLOSE = {"rtol": 2e-6, "atol": 2e-6}


def plain(logits, target, K):
    """Nats, rank, entropy, the K likeliest and their probabilities of one place."""
    shifted = logits - logits.max()
    logs = shifted - np.log(np.exp(shifted).sum())
    p = np.exp(logs)
    order = sorted(range(len(p)), key=lambda v: (-logits[v], v))[:K]
    return -logs[target], 1 + sum(value > logits[target] for value in logits), -(p * logs).sum(), order, p[order]


def scores_of(x, weight, bias, targets, K):
    """The kernel's scores, and the loss that output_loss gives."""
    (V, H), width, exact = weight.shape, padded(len(bias)), zeros(0)
    output = output_layer(weight, bias)
    logits, scores = zeros((BLOCK_ROWS + 1, width)), Predictions.empty(*targets.shape, K)
    for array in scores[1:]:
        array.fill(99)  # whatever was there is overwritten
    loss = output_scores(output, x, targets, logits, exact, V, *scores[1:])
    expected = output_loss(output, x, targets, np.float32(0), logits, exact, zeros(x.shape), zeros((V, H)),
                           zeros(width))
    return scores._replace(loss=loss), expected


@pytest.mark.parametrize(("T", "N", "H", "V", "K"), [
    (2, 3, 16, 1, 1), (5, 7, 80, 15, 0), (13, 11, 48, 16, 5), (9, 33, 16, 61, 7), (1, 5, 32, 200, 200)])
def test_window_against_float64(T, N, H, V, K):
    rng = np.random.default_rng(V)
    x, weight, bias = (rng.standard_normal(shape).astype(np.float32) for shape in ((T, N, H), (V, H), V))
    targets = rng.integers(-1, V, (T, N)).astype(np.int32)
    scores, loss = scores_of(x, weight, bias, targets, K)
    assert scores.loss == pytest.approx(loss, rel=1e-13)  # two kernels, whose last bit may differ
    logits = x.astype(np.float64) @ weight.T + bias
    for place in np.ndindex(T, N):
        told = [array[place] for array in scores[1:]]
        if targets[place] < 0:
            assert np.isnan(told[0])
            assert told[1] == 0
            assert np.isnan(told[2])
            assert (told[3] == -1).all()
            assert np.isnan(told[4]).all()
            continue
        nats, rank, entropy, ids, chances = plain(logits[place], targets[place], K)
        np.testing.assert_allclose(told[0], nats, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(told[2], entropy, rtol=1e-5, atol=1e-5)
        assert told[1] == rank
        assert told[3].tolist() == ids
        np.testing.assert_allclose(told[4], chances, rtol=1e-5, atol=1e-6)
    assert np.nansum(scores.nats, dtype=np.float64) == pytest.approx(loss, rel=1e-6)


@given(st.data())
def test_any_logits_and_ties_among_them(data):
    """One input a place picks its row of the weights: the logits are exact, and equals are equal."""
    V, T = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 5))
    values = st.sampled_from([0.0, -0.0, 1.0, 1 + 2**-23, -3.5]) | st.floats(-100, 100, width=32)
    logits = np.array(data.draw(st.lists(st.lists(values, min_size=V, max_size=V), min_size=T, max_size=T)), np.float32)
    targets = np.array(data.draw(st.lists(st.integers(0, V - 1), min_size=T, max_size=T)), np.int32)[:, None]
    K, H = data.draw(st.integers(0, V)), padded(T)
    weight = zeros((V, H))
    weight[:, :T] = logits.T
    scores, _ = scores_of(np.eye(T, H, dtype=np.float32)[:, None], weight, np.zeros(V, np.float32), targets, K)
    for t in range(T):
        nats, rank, entropy, ids, chances = plain(logits[t].astype(np.float64), targets[t, 0], K)
        assert scores.ranks[t, 0] == rank
        assert scores.top[t, 0].tolist() == ids
        np.testing.assert_allclose(scores.nats[t, 0], nats, **CLOSE)
        np.testing.assert_allclose(scores.entropies[t, 0], entropy, **CLOSE)
        np.testing.assert_allclose(scores.probabilities[t, 0], chances, **CLOSE)


def test_equals_share_the_best_rank_and_the_lower_id_stands_first():
    weight = np.zeros((5, 16), np.float32)
    weight[:, 0] = [1, 3, 2, 3, 2]
    x = np.zeros((5, 1, 16), np.float32)
    x[..., 0] = 1
    scores, _ = scores_of(x, weight, np.zeros(5, np.float32), np.arange(5, dtype=np.int32)[:, None], 4)
    assert scores.ranks[:, 0].tolist() == [5, 1, 3, 1, 3]
    assert scores.top[:, 0].tolist() == [[1, 3, 2, 4]] * 5


def test_huge_logits():
    weight = np.full((19, 16), -1e4, np.float32)
    weight[4] = 1e4
    x = np.zeros((1, 2, 16), np.float32)
    x[..., 0] = 1
    scores, _ = scores_of(x, weight, np.zeros(19, np.float32), np.array([[4, 3]], np.int32), 2)
    assert scores.nats.tolist() == [[0, 2e4]]
    assert scores.ranks.tolist() == [[1, 2]]
    assert scores.entropies.tolist() == [[0, 0]]
    assert scores.probabilities[0].tolist() == [[1, 0], [1, 0]]


def test_all_alike_is_as_unsure_as_can_be():
    scores, _ = scores_of(np.zeros((1, 1, 16), np.float32), np.zeros((23, 16), np.float32), np.ones(23, np.float32),
                          np.array([[22]], np.int32), 5)
    assert scores.entropies[0, 0] == scores.nats[0, 0] == pytest.approx(np.log(23), rel=1e-6)
    assert scores.ranks[0, 0] == 1
    np.testing.assert_allclose(scores.probabilities[0, 0], 1 / 23, rtol=1e-6)
