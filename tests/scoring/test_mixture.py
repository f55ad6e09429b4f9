"""Several networks that predict together, against the mean of the float64 reference's probabilities."""

import numpy as np
import pytest

from charrnn.errors import SettingsError
from charrnn.scoring import mixture
from tests.scoring.made import Made
from tests.scoring.test_score import assert_predicted, text_of


@pytest.mark.parametrize("at_once", [1, 60, 10**6])
def test_the_mean_of_the_probabilities(at_once, monkeypatch):
    monkeypatch.setattr(mixture, "_AT_ONCE", at_once)
    one, two, three = Made(), Made("gru", 2, seed=1), Made("rnn", embedding=4, seed=2)
    text = text_of(7 * 5 + 4, 3)
    score = one.score(text, [two, three], predictions=3)
    total = 0.0
    for start, stop in zip(score.starts, [*score.starts[1:], len(text) - 1], strict=True):
        part = score.ids[start : stop + 1]
        probabilities = np.mean([made.probabilities(part) for made in (one, two, three)], axis=0)
        assert_predicted(score, start + 1, probabilities, 3)
        total -= np.log(probabilities[np.arange(len(part) - 1), part[1:]]).sum()
    assert score.total == pytest.approx(total, rel=1e-5)
    assert len(score.starts) == 5


def test_with_itself_a_network_predicts_what_it_does_alone():
    made, text = Made("gru-original", 2, documents="line"), text_of(90, 4)
    alone, twice = made.score(text, cold=0), made.score(text, [made])
    np.testing.assert_allclose(twice.surprisals, alone.surprisals, rtol=1e-4, atol=1e-5)
    assert np.array_equal(twice.ranks, alone.ranks)


def test_cold_blocks():
    one, two, text = Made(), Made(seed=1), text_of(47, 5)
    cold = one.score(text, [two], cold=9).cold
    ids = one.vocabulary.encode(text)
    parts = [ids[start : start + 10] for start in range(0, 45, 9)]
    nats = [-np.log((one.probabilities(part) + two.probabilities(part))[np.arange(9), part[1:]] / 2) for part in parts]
    assert cold.total == pytest.approx(np.sum(nats), rel=1e-5)


def test_one_learns_at_a_time():
    with pytest.raises(SettingsError, match="--adapt and --with contradict"):
        Made().score("abc", [Made()], adapt=True)
