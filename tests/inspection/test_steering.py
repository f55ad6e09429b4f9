"""Whether a cell steers what is written: against one text written step by step; what can't steer does not."""

import dataclasses

import numpy as np
import pytest

from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.results import Inspection
from charrnn.inspection.stack import Stack
from charrnn.inspection.steering import BEFORE, PAIRS, drawn, steering
from charrnn.settings import NetworkSettings
from charrnn.text.vocabulary import Vocabulary
from tests.engine.compiled import compiled_engine
from tests.inspection.planted import HIDDEN, UNIT, passage_of, planted, quoted_text

TEXT = quoted_text(600)
PASSAGE = passage_of(TEXT)
VOCABULARY = Vocabulary.of(TEXT)
LETTER = Feature("the letter a", np.zeros(0, bool), "", of=lambda text: np.array([one == "a" for one in text], bool))


def claim_of(out, cell=UNIT):
    """An inspection of the planted network in which the cell only speaks to the output, with these weights; and the
    claim that it tracks the letter a."""
    arrays = planted(VOCABULARY).parameters()
    arrays["weight_hh_l0"][:, UNIT] = np.where(np.arange(4 * HIDDEN) == 2 * HIDDEN + UNIT,
                                               arrays["weight_hh_l0"][:, UNIT], 0)
    arrays["weight_out"][:, UNIT] = out
    done = Inspection(compiled_engine(NetworkSettings(cell="lstm", hidden=HIDDEN), arrays), PASSAGE)
    return done, dataclasses.replace(done.search.best_of(CellName(0, cell)), feature=LETTER)


def steered(out):
    done, claim = claim_of(out)
    return steering(done.engine, done.stack, done.trace, PASSAGE, claim)


def test_a_cell_that_calls_for_a_letter_steers_it():
    promotes = np.where([unit == "a" for unit in VOCABULARY.units], 4.0, 0.0)
    found = steered(promotes)
    assert found.verdict == "steers"
    assert found.change > 0.3 > 0.1 > found.error > 0
    assert steered(-promotes).change < -0.3
    plain = found.to_dict()
    assert plain["change"] == pytest.approx(plain["with_high"] - plain["with_low"], abs=1e-5)
    assert plain["verdict"] == "steers"


def test_a_cell_that_nothing_listens_to_mirrors():
    """The same draws give the same text, held low or high."""
    found = steered(0.0)
    assert (found.change, found.error, found.verdict) == (0, 0, "mirrors")
    assert found.with_low > 0


def test_of_a_pinned_memory_the_output_is_held():
    """Its c at either end would be the same h, whatever the claim is about."""
    arrays = planted(VOCABULARY).parameters()
    counts = [7, HIDDEN + 7, 2 * HIDDEN + 7]
    for name in ("weight_ih_l0", "weight_hh_l0"):
        arrays[name][[*counts, 3 * HIDDEN + 7]] = 0
    arrays["bias_l0"][counts], arrays["bias_l0"][3 * HIDDEN + 7] = 30, 0
    arrays["weight_hh_l0"][3 * HIDDEN + 7, UNIT] = 6
    arrays["weight_out"][:, 7] = np.where([unit == "a" for unit in VOCABULARY.units], 6.0, 0.0)
    done = Inspection(compiled_engine(NetworkSettings(cell="lstm", hidden=HIDDEN), arrays), PASSAGE)
    claim = dataclasses.replace(done.search.best_of(CellName(0, 7)), feature=LETTER, signal="c")
    found = steering(done.engine, done.stack, done.trace, PASSAGE, claim)
    assert found.signal == "h"
    assert found.verdict == "steers"


def test_against_one_text_written_step_by_step():
    """The text from the fifth place, cell high: held c, h following, the draws of that place."""
    promotes = np.where([unit == "a" for unit in VOCABULARY.units], 1.0, -0.5)
    done, claim = claim_of(promotes)
    found = steering(done.engine, done.stack, done.trace, PASSAGE, claim)
    exact = Stack.of(done.engine, np.float64)
    c = done.recording.signals["c"][0, done.recording.warm_up:, UNIT]
    assert found.high == pytest.approx(np.quantile(c, 0.99), rel=1e-6)
    assert found.low == pytest.approx(np.quantile(c, 0.01), rel=1e-6)
    length, means = found.characters // PAIRS, []
    starts = np.unique(np.linspace(done.recording.warm_up, len(PASSAGE) - 1, PAIRS).round().astype(int))
    draws = np.random.default_rng(7).random((length, PAIRS))
    for place, start in enumerate(starts):
        state = [tuple(array[None, start].astype(np.float64) for array in layer) for layer in done.trace.states]
        text = ""
        for t in range(length):
            logits = state[-1][0][0] @ exact.weight_out.T + exact.bias_out
            p = np.exp(logits - logits.max())
            p /= p.sum()
            token = int(np.searchsorted(np.cumsum(p), draws[t, place]))
            text += VOCABULARY.units[token]
            [(h, cell)], [tape] = exact.step(np.array([token]), state)
            cell[0, UNIT] = found.high
            h[0, UNIT] = tape.o[0, UNIT] * np.tanh(found.high)
            state = [(h, cell)]
        means.append(text.count("a") / length)
    assert found.with_high == pytest.approx(np.mean(means), abs=0.01)  # a draw at an edge may fall the other way


def test_what_stands_before_the_written_text_counts_for_a_feature_but_not_in_its_mean():
    done, claim = claim_of(0.0)
    seen = []
    long = Feature("long", np.zeros(0, bool), "", of=lambda text: (seen.append(text), np.arange(len(text)) < BEFORE)[1])
    steering(done.engine, done.stack, done.trace, PASSAGE, dataclasses.replace(claim, feature=long))
    start = np.unique(np.linspace(done.recording.warm_up, len(PASSAGE) - 1, PAIRS).round().astype(int))[-1]
    assert seen[PAIRS - 1].startswith(TEXT[start - BEFORE:start + 1])


def test_a_draw_picks_its_share():
    p = np.array([[0.2, 0.0, 0.5, 0.3]] * 5)
    assert drawn(p, np.array([0.1, 0.2001, 0.69, 0.71, 0.9999999])).tolist() == [0, 2, 2, 3, 3]


def test_what_can_not_be_tested():
    done, claim = claim_of(0.0)
    labels = dataclasses.replace(claim, feature=Feature("label", np.zeros(0, bool), ""))
    assert steering(done.engine, done.stack, done.trace, PASSAGE, labels) is None
    few = dataclasses.replace(PASSAGE, ids=PASSAGE.ids[:12], pieces=PASSAGE.pieces[:12])
    short = Inspection(done.engine, few)
    assert steering(short.engine, short.stack, short.trace, few, claim) is None


def test_every_report_says_the_same_whoever_asks_first():
    first, second = (claim_of(np.linspace(-1, 1, len(VOCABULARY)))[0] for _ in range(2))
    cells = [one.cell for one in first.context]
    assert cells
    assert [first.steering(cell) for cell in cells] == [second.steering(cell) for cell in reversed(cells)][::-1]
    assert first.steering(CellName(0, 0)) is None or first.claim(CellName(0, 0)).is_confirmed
