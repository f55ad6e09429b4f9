"""Dynamic evaluation against the float64 engine, which is told step by step what to do."""

import dataclasses
import math

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.engine import CompiledEngine
from charrnn.engine.engines import open_engine
from charrnn.errors import SettingsError, TrainingError
from charrnn.scoring.dynamic_evaluation import SEGMENT
from charrnn.settings import ScoreSettings, TrainingSettings
from tests.scoring.made import Made
from tests.scoring.test_score import text_of

RATE = 0.01


def expected(made: Made, ids: np.ndarray, rate: float = RATE) -> tuple[np.ndarray, np.ndarray]:
    """Nats and entropies of ids[1:]."""
    engine = open_engine("reference", made.settings.network, len(made.vocabulary), start=made.network.start,
                         training=TrainingSettings(optimizer="adam"))
    engine.load(made.parameters)
    streams, parts = engine.streams(1, SEGMENT), []
    for start in range(0, len(ids) - 1, SEGMENT):
        part = ids[start : start + SEGMENT + 1, np.newaxis]
        before = streams.state()
        parts.append(streams.score(part[:-1], part[1:], 0))
        streams.set_state(before)
        streams.learn(part[:-1], part[1:])
        engine.update(rate, 1.0)
    return tuple(np.concatenate([getattr(part, name)[:, 0] for part in parts]) for name in ("nats", "entropies"))


@pytest.mark.parametrize("documents", [None, "line"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_each_segment_is_scored_and_then_learned(cell, layers, documents):
    made = Made(cell, layers, documents=documents, learn_initial_state=layers == 2, seed=layers)
    before = made.network.parameters()
    text = text_of(3 * SEGMENT + 7, layers)
    score = made.score(text, adapt=True, adapt_rate=RATE, predictions=2)
    ids = score.ids if documents is None else np.concatenate([[made.network.start], score.ids])
    nats, entropies = expected(made, ids)
    own = score.predictions.select(slice(None if documents else 1, None))
    np.testing.assert_allclose(own.nats, nats, rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(own.entropies, entropies, rtol=2e-3, atol=2e-4)
    assert score.nats == pytest.approx(nats.mean(), rel=2e-3)
    assert score.plain.nats == pytest.approx(made.score(text, rows=1).nats, rel=1e-6)
    assert score.plain.nats != pytest.approx(score.nats, abs=1e-3)
    assert (score.plain.predicted, score.plain.characters) == (score.predicted, score.characters)
    after = made.network.parameters()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_what_comes_later_changes_nothing_before():
    made, text = Made(), text_of(100, 3)
    one = made.score(text, adapt=True, adapt_rate=RATE)
    for place in (1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT + 9):
        other = "abc"["abc".find(text[place]) - 1]
        two = made.score(text[:place] + other + text[place + 1 :], adapt=True, adapt_rate=RATE)
        assert np.array_equal(one.surprisals[1:place], two.surprisals[1:place])
        assert one.surprisals[place] != two.surprisals[place]


def test_a_text_that_repeats_itself_is_learned():
    score = Made().score("abc.é" * 60, adapt=True, adapt_rate=RATE)
    assert score.nats < score.plain.nats - 0.3
    assert score.surprisals[-20:].mean() < 0.8 * score.surprisals[1:21].mean()
    assert score.starts.tolist() == [0]


def test_without_a_rate_it_is_the_plain_loss():
    made, text = Made(), text_of(70, 4)
    score, plain = made.score(text, adapt=True, adapt_rate=0.0), made.score(text, rows=1)
    assert score.plain.total == pytest.approx(plain.total, rel=1e-6)
    np.testing.assert_allclose(score.surprisals, plain.surprisals, rtol=1e-5)


def test_refusals(monkeypatch):
    for options, words in (({"adapt": True, "rows": 16}, "leave out --rows 16"),
                           ({"adapt_rate": 0.1}, "no effect without --adapt"),
                           ({"adapt": True, "adapt_rate": -1}, "at least")):
        with pytest.raises(SettingsError, match=words):
            ScoreSettings(**options)
    assert (ScoreSettings().parts, ScoreSettings(adapt=True).parts, ScoreSettings(rows=3).parts) == (16, 1, 3)

    def diverge(*arguments):
        raise TrainingError("no number")

    monkeypatch.setattr(CompiledEngine, "update", diverge)
    with pytest.raises(TrainingError, match=r"--adapt-rate 0\.5 is too high"):
        Made().score("abc", adapt=True, adapt_rate=0.5)


def test_adapting_is_said():
    from charrnn.render.score import summary

    score = Made().score("abc.é" * 60, adapt=True, adapt_rate=RATE)
    told = dict(summary(score))
    assert told["loss"] == f"{score.nats:.4f} nats ({score.bits:.4f} bits) a character, adapting to the text"
    assert told["plain"].startswith(f"{score.plain.nats:.4f} nats ({score.plain.nats / math.log(2):.4f} bits)")
    assert told["plain"].endswith(f"adapting changes it by {score.nats - score.plain.nats:+.4f} nats")
    assert "plain" not in dict(summary(dataclasses.replace(score, plain=None)))
