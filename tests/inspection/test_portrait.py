"""What a cell is wired to, how many cells carry a feature, and where a cell is on without it: against loops."""

import math

import numpy as np
import pytest

from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.find import CellSearch
from charrnn.inspection.portrait import APART, activity
from charrnn.inspection.probes import Probes
from charrnn.inspection.stack import Stack
from charrnn.inspection.wiring import wiring
from tests.inspection.drawn import KINDS, drawn
from tests.inspection.test_find import made_recording


def test_what_a_cell_promotes():
    """Its h moved from low to high at any place: how much more or less each character's logit rises than the mean."""
    _, _, stack, trace = drawn("lstm", 2, hidden=4, length=300, warm_up=20)
    probabilities = stack.probabilities(trace.states[-1][0][20:]).mean(axis=0)
    found = wiring(stack, trace, CellName(1, 2), probabilities)
    low, high = np.quantile(trace.states[1][0][20:, 2], (0.01, 0.99))
    before, after = trace.states[1][0][57].copy(), trace.states[1][0][57].copy()
    before[2], after[2] = low, high
    rise = (stack.weight_out @ (after - before)) / math.log(2)
    rise -= (probabilities * rise).sum()
    order = np.argsort(-rise)
    assert [unit for unit, _ in found.promotes] == [unit for unit in order[:5] if rise[unit] > 0]
    assert [unit for unit, _ in found.suppresses] == [unit for unit in order[::-1][:5] if rise[unit] < 0]
    for unit, bits in found.promotes + found.suppresses:
        assert bits == pytest.approx(rise[unit])
    below = wiring(stack, trace, CellName(0, 2), probabilities)
    assert below.promotes == below.suppresses == []


@pytest.mark.parametrize("cell", KINDS)
def test_the_cells_before_and_after(cell):
    """The five largest of all weights times the deviation of their source; none of the cell itself."""
    _, _, stack, trace = drawn(cell, 3, hidden=4, length=80, warm_up=10)
    found = wiring(stack, trace, CellName(1, 3), np.full(7, 1 / 7))
    moves = [layer[0][10:].std(axis=0) for layer in trace.states]
    into, out = [], []
    for number, gate in enumerate(stack.cell.gate_names):
        for u in range(4):
            into.append((CellName(0, u), gate, stack.layers[1]["weight_ih"][number * 4 + 3, u] * moves[0][u]))
            out.append((CellName(2, u), gate, stack.layers[2]["weight_ih"][number * 4 + u, 3] * moves[1][3]))
            if u != 3 and gate != "m":  # which sees no h
                into.append((CellName(1, u), gate, stack.layers[1]["weight_hh"][number * 4 + 3, u] * moves[1][u]))
                out.append((CellName(1, u), gate, stack.layers[1]["weight_hh"][number * 4 + u, 3] * moves[1][3]))
    for wires, every in ((found.written_by, into), (found.read_by, out)):
        expected = sorted(every, key=lambda one: -abs(one[2]))[:5]
        assert [(one.cell, one.gate) for one in wires] == [one[:2] for one in expected]
        assert [one.strength for one in wires] == pytest.approx([one[2] for one in expected])


@pytest.fixture(scope="module")
def search():
    """Unit 0 knows `first`; units 1 and 2 know half of `both` each; the others know nothing."""
    rng = np.random.default_rng(6)
    first, left, right = (rng.random(4000) < 0.5 for _ in range(3))
    signals = np.stack([first, left, right], axis=1) + rng.normal(0, 0.15, (4000, 3))
    c = np.concatenate([signals, rng.normal(size=(4000, 5))], axis=1)
    made = made_recording(c, rng.normal(size=c.shape))
    return CellSearch(made, [Feature("first", first, ""), Feature("both", left | right, ""),
                             Feature("sum", (left * 1.0 + right).astype(np.float32), "")])


def test_how_many_cells_carry_a_feature(search):
    probes = Probes(search)
    one, both, total = (probes.of(name) for name in ("first", "both", "sum"))
    assert one.carried_by == 1
    assert one.scores[0] > 0.99
    assert both.scores[0] < 0.9 < 0.97 < both.scores[1]
    assert both.carried_by == total.carried_by == 2
    assert total.base == 0
    assert total.scores[0] < 0.8 < total.scores[1]
    assert probes.of("nothing") is None
    assert one.to_dict()["scores"]["1"] == pytest.approx(one.scores[0], abs=1e-4)
    half = search.halves
    first, second = ((matrix.ranks - matrix.ranks.mean(axis=1, keepdims=True)).T.astype(float)
                     for matrix in search.matrices)
    truth = search.features[1].values
    solved, *_ = np.linalg.lstsq(first, truth[half[0]] - truth[half[0]].mean(), rcond=None)
    predicted = second @ solved
    wins = (predicted[truth[half[1]]][:, None] > predicted[~truth[half[1]]]).mean()
    assert both.whole == pytest.approx(wins, abs=2e-3)


def test_where_a_cell_is_on_without_its_feature(search):
    found = next(one for one in search.findings() if one.feature.name == "first")
    active = activity(search, found, warm_up=7)
    values = search.recording.signals["c"][0, 2000:, found.cell.unit]
    on, truth = values > found.threshold.value, found.feature.values[2000:]
    assert active.density == pytest.approx(on.mean())
    wrong = [place - 7 - 2000 for place in active.hard]
    assert all(on[place] and not truth[place] for place in wrong)
    if wrong:
        assert values[wrong[0]] == max(values[on & ~truth])
    assert all(abs(a - b) >= APART for n, a in enumerate(wrong) for b in wrong[:n])
    numeric = next(one for one in search.findings() if one.feature.name == "sum")
    assert activity(search, numeric, 0) is None


def test_a_stack_predicts_what_it_scores():
    _, _, stack, trace = drawn("gru", 1)
    assert isinstance(stack, Stack)
    p = stack.probabilities(trace.states[-1][0])
    np.testing.assert_allclose(-np.log(p[np.arange(len(p)), trace.targets]),
                               stack.nats(trace.states[-1][0], trace.targets), rtol=1e-9)
