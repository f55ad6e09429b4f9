"""A choice follows softmax(logits / temp), within the top_k most likely, and depends on nothing but its arguments."""

import numpy as np
import pytest

from charrnn.kernels import sample_logits
from charrnn.kernels.cpu import PAD, padded
from charrnn.kernels.jit import as_kernel
from charrnn.kernels.sample_logits import Limits
from charrnn.kernels.softmax import NEVER
from tests.kernels.sizes import many

choose, most_likely = as_kernel(sample_logits.choose), as_kernel(sample_logits.most_likely)

V = 7
LOGITS = np.array([0.3, -1.2, 2.0, 0.9, -0.4, 1.1, 0.0], np.float32)
N = many(20_000)
CHI_SQUARE = 27.86  # what six degrees of freedom exceed once in ten thousand times


def softmax(logits: np.ndarray, temp: float = 1.0) -> np.ndarray:
    weights = np.exp((logits.astype(np.float64) - logits.max()) / temp)
    return weights / weights.sum()


def chosen(draws: np.ndarray, temp: float = 1.0, top_k: int = 0, logits: np.ndarray = LOGITS, top_p: float = 1.0,
           min_p: float = 0.0) -> np.ndarray:
    """What each of the draws chooses, among logits padded as the kernels pad them."""
    limits = Limits(top_k, top_p, min_p)
    return np.array([choose(*prepared(logits), len(logits), temp, limits, draw, False)[0] for draw in draws])


def prepared(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits that may be used up, the same twice over, and scratch."""
    row = np.full(padded(len(logits)), NEVER)
    row[: len(logits)] = logits
    return row, np.stack([row, row]), np.zeros(PAD, np.float32)


def shares(temp: float = 1.0, top_k: int = 0, logits: np.ndarray = LOGITS, n: int = N) -> np.ndarray:
    """How much of [0, 1) chooses each index."""
    return np.bincount(chosen((np.arange(n) + 0.5) / n, temp, top_k, logits), minlength=V) / n


@pytest.mark.few(2)
@pytest.mark.parametrize("temp", [0.1, 0.5, 1.0, 3.0, 100.0])
def test_each_index_has_its_share_of_the_draws(temp: float) -> None:
    np.testing.assert_allclose(shares(temp), softmax(LOGITS, temp), atol=2 / N)


def test_probabilities_sum_to_one() -> None:
    row, *scratch = prepared(LOGITS)
    choose(row, *scratch, V, 0.7, Limits(), 0.5, False)
    np.testing.assert_allclose(row[:V] / row.sum(), softmax(LOGITS, 0.7), rtol=1e-6)
    assert not row[V:].any()
    assert list(np.unique(chosen(np.linspace(0, 1, 2_000, endpoint=False)))) == list(range(V))


@pytest.mark.parametrize("temp", [0.5, 1.0])
def test_chi_square(temp: float) -> None:
    n = many(20_000, 10)
    counts = np.bincount(chosen(np.random.default_rng(0).random(n), temp), minlength=V)
    expected = n * softmax(LOGITS, temp)
    assert np.sum((counts - expected) ** 2 / expected) < CHI_SQUARE


@pytest.mark.parametrize("draw", [0.0, 0.3, np.nextafter(1.0, 0.0)])
@pytest.mark.parametrize(("temp", "top_k"), [(0.0, 0), (0.0, 3), (1e-3, 0), (1e-300, 0), (1.0, 1), (100.0, 1)])
def test_cold_or_narrow_is_the_most_likely(temp: float, top_k: int, draw: float) -> None:
    assert chosen(np.array([draw]), temp, top_k) == [2]


def test_the_ends_of_the_draw() -> None:
    assert list(chosen(np.array([0.0, np.nextafter(1.0, 0.0)]))) == [0, V - 1]
    assert list(chosen(np.array([0.0, np.nextafter(1.0, 0.0)]), top_k=2)) == [2, 5]


@pytest.mark.parametrize("top_k", range(1, V + 1))
def test_only_the_top_k_are_drawn(top_k: int) -> None:
    kept = np.argsort(-LOGITS)[:top_k]
    expected = np.zeros(V)
    expected[kept] = softmax(LOGITS[kept])
    np.testing.assert_allclose(shares(top_k=top_k), expected, atol=2 / N)


@pytest.mark.parametrize("top_k", [0, V, V + 1, 1_000])
def test_a_wide_top_k_changes_nothing(top_k: int) -> None:
    draws = np.random.default_rng(1).random(500)
    assert np.array_equal(chosen(draws, 0.8, top_k), chosen(draws, 0.8))


def test_of_equals_at_the_border_the_first_are_in() -> None:
    logits = np.array([1, 0, 1, 2, 1, 0, 1], np.float32)
    for top_k, kept in [(1, [3]), (2, [0, 3]), (3, [0, 2, 3]), (4, [0, 2, 3, 4]), (6, [0, 1, 2, 3, 4, 6])]:
        assert list(np.flatnonzero(shares(top_k=top_k, logits=logits, n=2_000))) == kept
    assert list(np.flatnonzero(shares(top_k=2, logits=np.zeros(V, np.float32), n=500))) == [0, 1]


def test_the_padding_is_never_chosen() -> None:
    for temp, top_k in [(1.0, 0), (0.0, 0), (1.0, 3), (1.0, V), (1e-300, 0), (100.0, 0)]:
        assert set(chosen((np.arange(500) + 0.5) / 500, temp, top_k, LOGITS - np.float32(1e9))) <= set(range(V))


@pytest.mark.parametrize("scale", [1e4, 3e38])
def test_huge_logits(scale: float) -> None:
    logits = np.array([-scale, 0, scale, -scale, 0, 0, 0], np.float32)
    assert list(chosen(np.array([0.0, 0.5, 0.999]), logits=logits)) == [2, 2, 2]


def test_most_likely() -> None:
    rng = np.random.default_rng(2)
    for count in range(1, 40):
        values = rng.integers(0, 12, count + 3).astype(np.float32)  # with many equals
        assert most_likely(values, count) == np.argmax(values[:count])


def after(temp: float = 1.0, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0,
          logits: np.ndarray = LOGITS) -> np.ndarray:
    """The probabilities that the rules of sampling leave, in float64 and by sorting."""
    left = softmax(logits, temp)
    order = np.argsort(-left, kind="stable")
    if top_k:
        left[order[top_k:]] = 0
        left /= left.sum()
    if top_p < 1:
        left[order[1:][np.cumsum(left[order])[:-1] >= top_p]] = 0
        left /= left.sum()
    left[left < min_p * left.max()] = 0
    return left / left.sum()


@pytest.mark.few(4)
@pytest.mark.parametrize("rule", [
    {"top_p": 0.5}, {"top_p": 0.9}, {"top_p": 0.999}, {"min_p": 0.1}, {"min_p": 0.4}, {"min_p": 1.0},
    {"temp": 0.5, "top_p": 0.8}, {"temp": 3.0, "top_k": 5, "top_p": 0.7}, {"temp": 2.0, "top_p": 0.95, "min_p": 0.3},
    {"temp": 1.5, "top_k": 6, "top_p": 0.9, "min_p": 0.25}], ids=str)
def test_the_limits_combine_in_their_order(rule: dict) -> None:
    draws = (np.arange(N) + 0.5) / N
    np.testing.assert_allclose(np.bincount(chosen(draws, **rule), minlength=V) / N, after(**rule), atol=2 / N)


@pytest.mark.parametrize("rule", [{"temp": 0.3}, {"temp": 2.0}, {"temp": 1.0, "top_p": 0.8}, {"top_k": 4},
                                  {"temp": 1.4, "top_k": 6, "top_p": 0.93, "min_p": 0.1}], ids=str)
def test_chi_square_of_what_is_left(rule: dict) -> None:
    n, expected = many(20_000, 10), after(**rule)
    counts = np.bincount(chosen(np.random.default_rng(5).random(n), **rule), minlength=V)
    kept = expected > 0
    assert not counts[~kept].any()
    assert np.sum((counts[kept] - n * expected[kept]) ** 2 / (n * expected[kept])) < CHI_SQUARE


def test_top_k_comes_before_top_p() -> None:
    # 0.5, 0.3, 0.2: of the two likeliest, the first makes up 0.625
    logits = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    draws = np.linspace(0, 1, 50, endpoint=False)
    assert set(chosen(draws, top_p=0.6, logits=logits)) == {0, 1}
    assert set(chosen(draws, top_k=2, top_p=0.6, logits=logits)) == {0}


def test_the_temperature_comes_first() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    draws = np.linspace(0, 1, 50, endpoint=False)
    assert set(chosen(draws, 0.1, top_p=0.6, logits=logits)) == {0}
    assert set(chosen(draws, 10.0, min_p=0.9, logits=logits)) == {0, 1, 2}
    assert set(chosen(draws, 1.0, min_p=0.9, logits=logits)) == {0}


@pytest.mark.parametrize("temp", [0.0, 0.4, 2.0])
def test_surprise_is_that_of_the_plain_logits(temp: float) -> None:
    plain = np.array([3.0, -80.0, 0.5, 0.2, 1.0, -1.0, 2.5], np.float32)
    expected = -np.log(softmax(plain))
    for draw in np.linspace(0, 1, 30, endpoint=False):
        row, twice, lanes = prepared(LOGITS)
        twice[:, :V] = plain
        index, nats = choose(row, twice, lanes, V, temp, Limits(5, 0.95), draw, True)
        assert index == chosen(np.array([draw]), temp, 5, top_p=0.95)[0]
        np.testing.assert_allclose(nats, expected[index], rtol=1e-6)
    row, twice, lanes = prepared(plain)
    twice[:, :V] = LOGITS
    assert choose(np.where(np.arange(len(row)) == 1, np.float32(9), NEVER), twice, lanes, V, 1.0, Limits(), 0.5,
                  True)[0] == 1
