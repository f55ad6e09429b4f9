"""What is said of a cell by itself, against loops over its values."""

import math

import numpy as np
import pytest

from charrnn.engine.predictions import Predictions
from charrnn.inspection.cell_statistics import bigrams, cell_statistics, peaks, pushes
from charrnn.inspection.recording import Recording
from charrnn.inspection.statistics import explained

T, H, WARM = 400, 5, 10


def recording(cell="lstm", **signals):
    rng = np.random.default_rng(3)
    tokens = rng.integers(4, size=T).astype(np.int32)
    drawn = {"h": rng.uniform(-1, 1, (2, T, H)), "c": rng.normal(0, 2, (2, T, H)), "f": rng.uniform(0, 1, (2, T, H)),
             "z": rng.uniform(0, 1, (2, T, H))}
    names = {"lstm": "hcf", "gru": "hz", "rnn": "h"}[cell]
    said = Predictions(0.0, *(np.zeros(T, np.float32) for _ in range(3)), np.zeros((T, 2), np.int32), np.zeros((T, 2)))
    made = {name: np.asarray(signals.get(name, drawn[name]), np.float32) for name in names}
    return Recording(cell, tokens, np.roll(tokens, -1), WARM, made, said)


@pytest.mark.parametrize(("cell", "gate"), [("lstm", "f"), ("gru", "z")])
def test_memory_by_the_gate_that_keeps(cell, gate):
    made = recording(cell)
    made.signals[gate][0, 50, 1] = 0.0  # whose logarithm must not be infinite
    found = cell_statistics(made)
    for k in range(2):
        for u in range(H):
            values = [max(float(value), 1e-7) for value in made.signals[gate][k, WARM:, u]]
            assert found.tau[k, u] == pytest.approx(-1 / np.mean([math.log(value) for value in values]), rel=1e-5)
            assert found.tau_hold[k, u] == pytest.approx(-1 / math.log(np.median(values)), rel=1e-4)
            assert found.resets[k, u] == pytest.approx(1000 * sum(value < 0.1 for value in values) / len(values))


def test_a_cell_that_holds_until_it_is_reset_remembers_that_long():
    """What its gate says on average is far less than how long it holds."""
    f = np.full((2, T, H), 0.9)
    f[:, :, 0] = 0.999  # holds, and is reset every 50 places
    f[:, WARM::50, 0] = 1e-4
    found = cell_statistics(recording(f=f))
    assert np.argwhere(found.holds).tolist() == [[0, 0], [1, 0]]
    resets = np.count_nonzero(f[0, WARM:, 0] < 0.1)
    assert found.memory[0, 0] == pytest.approx((T - WARM) / resets)
    assert found.tau[0, 0] < 10
    assert found.memory[0, 1] == pytest.approx(found.tau[0, 1]) == pytest.approx(-1 / math.log(0.9), rel=1e-4)


def test_memory_of_a_plain_cell_is_where_it_is_no_longer_like_itself():
    steps = np.arange(T)
    values = np.stack([np.where(steps // n % 2, 1.0, -1.0) for n in (3, 20, 40, 5, 8)], axis=1)
    found = cell_statistics(recording("rnn", h=np.stack([values, -values])))
    for u in range(H):
        row = values[WARM:, u] - values[WARM:, u].mean()
        lag = next(n for n in range(T) if (row[n:] * row[:len(row) - n]).sum() < (row * row).sum() / math.e)
        assert found.tau[:, u].tolist() == [lag, lag]
    assert np.isnan(found.resets).all()


def test_flags_by_count():
    c, h, f = (np.full((2, T, H), value) for value in (0.0, 0.0, 0.5))
    rng = np.random.default_rng(1)
    c += rng.normal(0, 0.5, c.shape)
    h += rng.normal(0, 0.5, h.shape)
    f[0, :, 0] = 0.95
    f[0, WARM:WARM + 3, 0] = 0.5  # 3 of 390 are less than 1 in 100
    f[0, :, 1] = 0.95
    f[0, WARM:WARM + 4, 1] = 0.5
    f[1, :, 0] = 0.05
    f[1, WARM:WARM + 39, 1], f[1, WARM + 39:, 1] = 0.5, 0.05  # just 90 of 100
    c[0, :, 2] = 8 + rng.random(T)
    c[0, :, 3] = 2.0
    h[1, :, 4] = 0.3
    found = cell_statistics(recording(c=c, h=h, f=f))
    names = {name: [(int(k), int(u)) for k, u in zip(*np.nonzero(mask), strict=True)]
             for name, mask in found.flags.items()}
    assert names == {"integrator": [(0, 0)], "feed-forward": [(1, 0)], "saturated": [(0, 2)], "dead": [(1, 4)],
                     "constant": [(0, 3)]}
    assert np.argwhere(found.is_mute("h")).tolist() == [[1, 4]]  # a pinned or constant c is not the end of it
    assert np.argwhere(found.is_mute("c")).tolist() == [[0, 3], [1, 4]]
    shown = recording(c=c, h=h, f=f).shown("c")
    assert (shown[0, WARM:, 2].min(), shown[0, WARM:, 2].max()) == (-1, 1)  # not a flat block
    np.testing.assert_allclose(shown[0, :, 0], np.tanh(c[0, :, 0]), rtol=1e-5)
    assert found.largest[0, 3] == 2
    assert found.mean[0, 3] == pytest.approx(math.tanh(2), rel=1e-6)
    assert found.spread[0, 3] == 0


def test_the_share_that_groups_explain():
    rng = np.random.default_rng(5)
    groups, values = rng.integers(4, size=90), rng.normal(size=(3, 90))
    values[1] = groups * 2.5
    values[2] = 7.0
    found = explained(values.astype(np.float32), groups)
    total = ((values[0] - values[0].mean()) ** 2).sum()
    between = sum((groups == v).sum() * (values[0][groups == v].mean() - values[0].mean()) ** 2 for v in range(4))
    assert found.tolist() == pytest.approx([between / total, 1, 0], abs=1e-6)


def test_bigrams_tell_the_last_two_apart():
    made = recording()
    numbers = bigrams(made)
    seen = {}
    for t in range(1, T):
        assert seen.setdefault(int(numbers[t]), (made.tokens[t - 1], made.tokens[t])) == (
            made.tokens[t - 1], made.tokens[t])
    assert len(set(seen.values())) == len(seen)


def test_a_toggle_rises_and_falls_with_the_same_character():
    tokens = np.array([0, 1, 2, 1] * 15)
    values = np.cumsum(tokens == 2) % 2 * 1.0
    by_token = {push.token: push for push in pushes(values, tokens)}
    assert by_token.keys() == {0, 1, 2}
    assert by_token[2].up == pytest.approx(8 / 15)
    assert by_token[2].down == pytest.approx(-7 / 15)
    assert by_token[1].up == by_token[1].down == 0
    assert by_token[0].times == 14  # the first has no place before it
    assert pushes(values[:19], tokens[:19]) == []  # 9 of the commonest
    assert [push.token for push in pushes(values[:20], tokens[:20])] == [1]


def test_peaks_do_not_overlap():
    values = np.array([0, 5, 4, 0, 0, 3, 0, 9, 8.5, 0])
    assert peaks(values, 3, 3) == [7, 1, 4]
    assert peaks(values, 2, 2) == [7, 1]
    assert peaks(values[:2], 5, 1) == [1, 0]
