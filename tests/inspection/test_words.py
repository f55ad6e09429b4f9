"""What is said of gates, horizons, ablations and matches: the numbers, and the advice that follows from them."""

import dataclasses
import math

import numpy as np
import pytest

from charrnn.engine.predictions import Predictions
from charrnn.errors import SettingsError
from charrnn.inspection.ablation import Ablation, Cost
from charrnn.inspection.advice import advice
from charrnn.inspection.cell_statistics import FLAGS, CellName
from charrnn.inspection.compare import match_cells, same_text
from charrnn.inspection.context import ContextUse
from charrnn.inspection.gates import Gates, GateSaturation
from charrnn.inspection.horizon import Horizon, Reach
from charrnn.inspection.passage import Passage
from charrnn.inspection.recording import Recording
from charrnn.render.colour.palette import DIVERGING
from charrnn.render.inspection.ablation import ablation_report
from charrnn.render.inspection.gates import gate_report, layer_words
from charrnn.render.inspection.horizon import gain_words, horizon_report
from charrnn.render.inspection.style import ReportStyle
from charrnn.text.vocabulary import Vocabulary

STYLE = ReportStyle(80, next(iter(DIVERGING.values())), None, True)


def reach(within: int, gain: float | None = 0.9, settled: bool = True, lags: int = 150) -> Horizon:
    norms = 0.9 ** np.arange(lags + 1.0)
    return Horizon(200, [Reach(1, "h", norms, 44, gain)], norms, {50: 1, 90: within // 2, 99: within}, settled)


def context(enough: int | None) -> ContextUse:
    lengths = np.array([1, 2, 4, 8, 16, 32])
    excess = np.where(lengths >= (enough or 99), 0.0, 0.2)
    return ContextUse(500, lengths, excess, np.zeros(6), 2.0)


@pytest.mark.parametrize(("horizon", "enough", "window", "said"), [
    (reach(18), 16, 100, "--window 40 would do"),
    (reach(18), 16, 40, "long enough"),
    (reach(18), 16, 18, "longer --window may"),
    (reach(18), 32, 90, "long enough"),
    (reach(18), None, 500, "longer --window may"),
    (reach(150, settled=False), 8, 200, "longer --window may"),
    (reach(12, settled=False, lags=12), 8, 64, "shorter than the window"),
    (reach(18, gain=1.02), 16, 100, "keep --clip on"),
    (reach(8, gain=None), 8, 100, "--window 20 would do"),
])
def test_the_advice(horizon, enough, window, said):
    words = advice(horizon, context(enough), window)
    assert said in words
    assert f"windows of {window}" in words
    assert (f"context beyond {enough}" if enough else "even 32 characters are not enough") in words


def test_how_long_a_gain_lasts():
    assert gain_words(0.5) == "0.500, half in 1.0 characters"
    assert gain_words(0.9659) == "0.966, half in 20 characters"
    assert gain_words(1.0353) == "1.035, twice as much in 20 characters"
    assert gain_words(1.0) == "1.000, for ever"
    assert "gone" in gain_words(None)


def test_the_report_of_a_horizon():
    text = "\n".join(horizon_report(reach(18), context(16), 100, STYLE))
    for words in ("L1 h", "44", "0.900", "99% within 18", "0.200 at 8", "0.000 at 16"):
        assert words in text
    assert "more than 150" in "\n".join(horizon_report(reach(150, settled=False), context(16), 100, STYLE))
    assert max(map(len, text.splitlines())) <= 80


def test_the_report_of_gates():
    flags = {name: np.zeros((2, 3), bool) for name in FLAGS}
    flags["integrator"][1, :2] = True
    saturation = [GateSaturation(layer, gate, np.full(3, 0.1 * layer), np.full(3, 0.2 * layer))
                  for layer in (1, 2) for gate in "rz"]
    found = Gates("gru", 900, saturation, flags)
    lines = list(gate_report(found, STYLE))
    assert lines[1].split()[:3] == ["L1", "20%/10%", "20%/10%"]
    assert lines[2].split()[:4] == ["L2", "40%/20%", "40%/20%", "2"]
    assert max(map(len, lines)) <= 80
    assert layer_words(found, 2) == "2 integrator"
    assert layer_words(found, 1) == "no flags"
    plain = list(gate_report(dataclasses.replace(found, cell="rnn", saturation=[]), STYLE))
    assert plain[0] == "a plain RNN has no gates"


def test_the_report_of_ablations():
    cheap = np.array([[0.01, 0.5], [0.2, 0.29]])
    where = {"before x": Cost(2.16, 0.3, 16), "where y": Cost(3.0, 2.0, 5), "never": None,
             "once": Cost(9.0, math.nan, 1)}
    done = [Ablation(CellName(0, 1), "c", 0.25, Cost(0.028, 0.004, 900), where),
            Ablation(CellName(1, 0), "h", 0.0, Cost(0.5, math.nan, 900), {})]
    lines = list(ablation_report(done, cheap, STYLE))
    assert lines[1].split() == ["L2:0", "0.00", "+0.5000", "-", "+0.2000"]
    assert lines[2].split() == ["L1:1", "0.25", "+0.0280", ".0040", "+0.5000", "+2.16", "+-0.30", "before", "x"]
    assert "70% of what all 4 cells cost" in " ".join(lines[3:])


def recording(h: np.ndarray, warm_up: int = 100) -> Recording:
    T = h.shape[1]
    nothing = Predictions(0.0, *(np.zeros(T) for _ in range(5)))
    return Recording("gru", np.zeros(T, np.int32), np.zeros(T, np.int32), warm_up, {"h": h.astype(np.float32)}, nothing)


def test_matches_are_found_whatever_their_order_scale_and_sign():
    rng = np.random.default_rng(0)
    h = rng.standard_normal((2, 1500, 3)).clip(-1, 1)
    h[1, :, 2] = 0.25  # it never moves
    other = np.stack([h[1][:, [1, 0]], h[0][:, [2, 0]]]) * [0.5, -0.3] + 0.1
    other[:, :100] = 7.0  # warm-up
    other += 0.02 * rng.standard_normal(other.shape)
    found = match_cells(recording(h), recording(other))
    expected = {(0, 0): ((1, 1), -1), (0, 2): ((1, 0), 1), (1, 0): ((0, 1), -1), (1, 1): ((0, 0), 1)}
    for cell, (match, sign) in expected.items():
        assert found.of(CellName(*cell))[0] == match
        assert found.of(CellName(*cell))[1] == pytest.approx(sign, abs=0.03)
    assert abs(found.of(CellName(0, 1))[1]) < found.chance < 0.2  # it has no match
    assert found.of(CellName(1, 2))[1] == 0
    assert found.confirmed == pytest.approx(4 / 6)


def test_the_same_text_for_another_network():
    first, second = Vocabulary("abc"), Vocabulary("zcba")
    passage = Passage.of(np.array([0, 2, 1, 1], np.int32), first, None, "a text")
    other = same_text(passage, second, None, "run")
    assert "".join(other.pieces) == "".join(passage.pieces)
    assert [second.units[n] for n in other.ids] == [first.units[n] for n in passage.ids]
    with pytest.raises(SettingsError, match="never saw 'c'"):
        same_text(passage, Vocabulary("ab"), None, "run")
    with pytest.raises(SettingsError, match="documents another way"):
        same_text(passage, second, "a", "run")
