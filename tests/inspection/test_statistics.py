"""Scores from the rank matrix against their definitions, pair by pair; chance; thresholds."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.inspection.features.feature import Feature
from charrnn.inspection.statistics import (
    FeatureWeights,
    RankMatrix,
    best_threshold,
    chance_levels,
    midranks,
    score_of_character,
)

# Few different values, so that many are equal.
VALUES = st.lists(st.integers(-3, 3), min_size=4, max_size=25)


def scores(columns, *features):
    made = [Feature("x", np.asarray(feature), "") for feature in features]
    return RankMatrix.of(np.asarray(columns, np.float32)).scores(FeatureWeights.of(made, slice(0, len(columns[0]))))


@given(VALUES)
def test_midranks(values):
    expected = [sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2
                for value in values]
    np.testing.assert_allclose(midranks(np.array(values)), expected)


@given(VALUES, st.integers(1, 2**24))
def test_auc_is_the_share_of_pairs(values, bits):
    true = np.array([bool(bits >> n & 1) for n in range(len(values))])
    pairs = [(values[a] > values[b]) + (values[a] == values[b]) / 2
             for a, b in itertools.product(np.flatnonzero(true), np.flatnonzero(~true))]
    expected = np.mean(pairs) - 0.5 if pairs and len(set(values)) > 1 else 0.0
    assert scores([values], true)[0, 0] == pytest.approx(expected, abs=1e-6)


@given(VALUES, st.randoms(use_true_random=False))
def test_rho_is_the_correlation_of_ranks(values, random):
    other = np.array([random.randint(0, 4) for _ in values], np.float32)
    a, b = midranks(np.array(values)), midranks(other)
    expected = np.corrcoef(a, b)[0, 1] if a.std() and b.std() else 0.0
    assert scores([values], other)[0, 0] == pytest.approx(expected, abs=1e-5)


def test_many_columns_and_features_at_once():
    rng = np.random.default_rng(1)
    columns, booleans, counts = rng.random((7, 50)), rng.random((3, 50)) < 0.3, rng.random((2, 50)).astype(np.float32)
    together = scores(columns, *booleans, *counts)
    for f, feature in enumerate([*booleans, *counts]):
        for u, column in enumerate(columns):
            assert together[f, u] == pytest.approx(scores([column], feature)[0, 0], abs=1e-6)


def test_a_column_of_equal_values_says_nothing():
    feature = np.arange(40) % 3 == 0
    np.testing.assert_array_equal(scores(np.ones((1, 40)), feature, np.arange(40, dtype=np.float32)), 0)


def test_what_the_character_alone_says():
    tokens = np.array([0, 1, 2, 1] * 20)
    follows = Feature("x", tokens == 1, "")
    assert score_of_character(tokens, follows, slice(0, 40), slice(40, 80)) == pytest.approx(1)
    half = Feature("x", np.arange(80) % 4 == 1, "")  # every second 1
    assert score_of_character(tokens, half, slice(0, 40), slice(40, 80)) == pytest.approx(5 / 6)
    counts = Feature("x", tokens.astype(np.float32), "")
    assert score_of_character(tokens, counts, slice(0, 40), slice(40, 80)) == pytest.approx(1)
    unrelated = Feature("x", np.random.default_rng(0).random(80) < 0.5, "")
    assert score_of_character(tokens, unrelated, slice(0, 40), slice(40, 80)) < 0.8


def slow(rng, T, length):
    """True and false in stretches of about so many places."""
    return np.repeat(np.arange(T) % 2 == 0, rng.geometric(1 / length, T))[:T]


@pytest.mark.parametrize("length", [2, 40])
def test_chance_is_reached_by_one_in_twenty(length):
    rng = np.random.default_rng(length)
    T, trials = 1_500, 120
    columns = np.array([np.convolve(rng.standard_normal(T + 99), np.ones(100), "valid") for _ in range(30)])
    made = [Feature("x", slow(rng, T, length), "") for _ in range(trials)]
    matrix, wanted = RankMatrix.of(columns.astype(np.float32)), FeatureWeights.of(made, slice(0, T))
    levels = chance_levels(matrix, wanted)
    best = np.abs(matrix.scores(wanted)).max(axis=1)
    assert 0 <= (best > levels).mean() <= 0.12  # 0.05 of 120, give or take
    assert levels.mean() > (0.1 if length == 40 else 0.02)  # slow ones agree by chance far more often
    assert levels.tolist() == chance_levels(matrix, wanted).tolist()


@given(VALUES, st.integers(0, 2**24), st.sampled_from([1, -1]))
def test_the_best_threshold(values, bits, sign):
    values = np.array(values, np.float32)
    true = np.array([bool(bits >> n & 1) for n in range(len(values))])

    def iou(on):
        return (on & true).sum() / max(1, (on | true).sum())

    whole = slice(0, len(values))
    found = best_threshold(values, true, sign, whole, whole)
    best = max(iou(sign * values > cut) for cut in [*(sign * values), (sign * values).min() - 1])
    assert found.iou == pytest.approx(best)
    assert iou(sign * values > sign * found.value) == pytest.approx(best)
    assert found.prevalence == pytest.approx(true.mean())


def test_the_threshold_is_scored_where_it_was_not_chosen():
    values = np.array([1, 1, 0, 0, 1, 0, 0, 1], np.float32)
    true = np.array([1, 1, 0, 0, 1, 1, 0, 0], bool)
    found = best_threshold(values, true, 1, slice(0, 4), slice(4, 8))
    assert found[:3] == (0.5, pytest.approx(1 / 3), 0.5)
