"""What is planted is found first, by the right sign; what is not there is not claimed; what says nothing never wins."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.predictions import Predictions
from charrnn.errors import SettingsError
from charrnn.inspection.cell_statistics import CellName, cell_named
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.find import CellSearch
from charrnn.inspection.recording import Recording, record
from charrnn.inspection.results import Inspection
from charrnn.settings import NetworkSettings
from charrnn.text.vocabulary import Vocabulary
from tests.engine.compiled import compiled_engine
from tests.inspection.planted import HIDDEN, UNIT, passage_of, planted, quoted_text
from tests.networks import random_parameters

QUOTES = "inside \"double quotes\""
TEXT = quoted_text()
PASSAGE = passage_of(TEXT)


@pytest.mark.few(2)
@pytest.mark.parametrize(("sign", "layers", "unit"), [(1, 1, UNIT), (-1, 1, UNIT), (1, 2, 0), (-1, 3, 11)])
def test_a_planted_cell_is_found_first(sign, layers, unit):
    done = Inspection(planted(Vocabulary.of(TEXT), sign, layers, unit), PASSAGE)
    first = done.findings[0]
    assert first in done.context
    assert (first.cell, first.feature.name, first.sign) == (CellName(layers - 1, unit), QUOTES, sign)
    assert first.score == pytest.approx(1, abs=1e-4)
    assert first.threshold.iou == pytest.approx(1)
    assert first.threshold.prevalence < 0.9
    assert first.current < 0.2
    assert first.chance < 0.95
    assert done.agrees
    assert done.search.best_of(first.cell).feature.name == QUOTES
    ranking = done.search.ranking(QUOTES, 3)
    assert ranking[0].cell == first.cell
    assert len({one.cell for one in ranking}) == 3


def test_the_other_half_decides():
    # a feature that a cell follows on the first half and not at all on the second
    network = planted(Vocabulary.of(TEXT))
    done = Inspection(network, PASSAGE)
    inside = next(one for one in PASSAGE.features() if one.name == QUOTES)
    half = done.recording.warm_up + done.search.halves[1].start
    values = inside.values.copy()
    values[half:] = np.roll(values[half:], 211)
    [found] = CellSearch(done.recording, [inside.with_values(values)]).findings()
    assert found.cell == CellName(0, UNIT)
    assert found.found == pytest.approx(1, abs=1e-4)
    assert found.score < 0.8
    assert not found.is_confirmed


def test_a_cell_that_turns_round_is_not_confirmed():
    done = Inspection(planted(Vocabulary.of(TEXT)), PASSAGE)
    inside = next(one for one in PASSAGE.features() if one.name == QUOTES)
    half = done.recording.warm_up + done.search.halves[1].start
    values = inside.values.copy()
    values[half:] = ~values[half:]
    [found] = CellSearch(done.recording, [inside.with_values(values)]).findings()
    assert found.found == pytest.approx(1, abs=1e-4)
    assert found.score == pytest.approx(0, abs=1e-4)
    assert not found.is_confirmed


@pytest.fixture(scope="module")
def toy():
    """A recording of random cells, slow ones among them."""
    settings = NetworkSettings(cell="lstm", hidden=24, layers=2)
    parameters = random_parameters(settings, len(Vocabulary.of(TEXT)), np.random.default_rng(8))
    for k in range(2):
        parameters[f"bias_l{k}"][24:48] = np.linspace(0, 6, 24)  # forget gates up to 400 characters
    return record(compiled_engine(settings, parameters), PASSAGE.ids)


def test_random_slow_features_are_not_claimed(toy):
    rng = np.random.default_rng(5)
    T = len(toy)
    made = [Feature(str(n), np.repeat(np.arange(T) % 2 == 0, rng.geometric(1 / 40, T))[:T], "") for n in range(50)]
    found = CellSearch(toy, made).findings()
    assert len(found) == 50
    assert sum(one.is_confirmed for one in found) <= 2
    assert sum(one.score > one.chance for one in found) <= 4  # even without the floor
    assert max(one.found for one in found) > 0.65  # some fit well where they were chosen


def test_a_pinned_memory_is_credited_with_what_its_output_gate_says_and_a_dead_cell_with_nothing():
    settings = NetworkSettings(cell="lstm", hidden=HIDDEN)
    arrays = planted(Vocabulary.of(TEXT)).parameters()
    counts = [7, HIDDEN + 7, 2 * HIDDEN + 7]  # i f g of a unit that counts up for ever: saturated
    gate, dead = 3 * HIDDEN + 7, 3 * HIDDEN + 2  # o of it, and o of one that never opens
    for name in ("weight_ih_l0", "weight_hh_l0"):
        arrays[name][[*counts, gate, dead]] = 0
    arrays["bias_l0"][counts], arrays["bias_l0"][dead], arrays["bias_l0"][gate] = 30, -30, 0
    arrays["weight_hh_l0"][gate, UNIT] = 6  # it repeats what the planted cell says
    arrays["weight_out"][:, 7] *= 20
    done = Inspection(compiled_engine(settings, arrays), PASSAGE)
    flags = {name: np.flatnonzero(mask[0]).tolist() for name, mask in done.statistics.flags.items()}
    assert flags["saturated"] == [7]
    assert flags["dead"] == [2]
    assert {5, 7} & set(flags["integrator"]) == {7}  # the planted one forgets at every quote
    assert 2 not in {cell.unit for _, cell in done.search.columns}
    assert done.search.best_of(CellName(0, 2)) is None
    found = done.search.best_of(CellName(0, 7))
    assert (found.feature.name, found.signal, found.sign) == (QUOTES, "h", 1)
    assert found.score > 0.95
    assert found.is_context
    [cost] = done.costs([CellName(0, 7)])
    assert cost.signal == "h"
    assert abs(cost.overall.bits) > 0.01
    assert CellName(0, UNIT) in {one.cell for one in done.context}


def test_the_most_important_cells_come_first():
    """By margin, memory and measured cost together; what costs nothing comes last."""
    done = Inspection(planted(Vocabulary.of(TEXT), -1, 3, 11), PASSAGE)
    found = done.context
    assert len(found) > 1
    cost = {one.cell: one.overall.bits for one in done.costs([one.cell for one in found])}

    def weight(one):
        margin = one.score - max(one.chance, one.alone)
        memory = done.statistics.memory[one.cell]
        return margin / (1 - max(one.chance, one.alone)) * np.log2(1 + memory) * max(0.0, cost[one.cell])

    weights = [weight(one) for one in found]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > 0
    assert len(set(weights)) > 1


def made_recording(c, h):
    """A recording of one layer with these signals, (T, H) each, on a text of two characters."""
    T = len(c)
    tokens = (np.arange(T) % 2).astype(np.int32)
    said = Predictions(0.0, *(np.zeros(T, np.float32) for _ in range(3)), np.zeros((T, 2), np.int32), np.zeros((T, 2)))
    signals = {name: np.asarray(values, np.float32)[None] for name, values in (("h", h), ("c", c), ("f", h))}
    return Recording("lstm", tokens, np.roll(tokens, -1), 0, signals, said)


def test_the_memory_of_a_pinned_cell_is_ranked_without_the_tanh():
    rng = np.random.default_rng(2)
    counts = (np.arange(3000) % 300).astype(np.float32)
    made = made_recording(np.stack([12 + counts / 100, rng.normal(size=3000)], axis=1), rng.normal(size=(3000, 2)))
    assert len(np.unique(np.tanh(made.signals["c"][0, :, 0]))) < 3  # float32 can't tell them apart
    [found] = CellSearch(made, [Feature("counts", counts, "")]).findings()
    assert (found.cell, found.signal) == (CellName(0, 0), "c")
    assert found.score == pytest.approx(1, abs=1e-6)


def test_a_claim_is_about_the_memory_unless_the_output_is_better_by_more_than_noise():
    """On the half that chooses h is a little better by chance; on the other, c is."""
    rng = np.random.default_rng(1)
    inside = np.repeat(np.arange(40) % 2 == 0, 100)
    c = inside + rng.normal(0, 0.7, 4000)
    noise = np.where(np.arange(4000) < 2000, 0.66, 0.9)
    made = made_recording(c[:, None], (inside + rng.normal(0, 1, 4000) * noise)[:, None])
    search = CellSearch(made, [Feature("inside", inside, "")])
    assert abs(search.found[0, 1]) > abs(search.found[0, 0])
    assert search.findings()[0].signal == search.best_of(CellName(0, 0)).signal == "c"
    clear = made_recording(c[:, None], (inside + rng.normal(0, 0.2, 4000))[:, None])
    assert CellSearch(clear, [Feature("inside", inside, "")]).findings()[0].signal == "h"
    pinned = made_recording(c[:, None] * 1e-3 + 9, (inside + rng.normal(0, 0.75, 4000))[:, None])
    assert CellSearch(pinned, [Feature("inside", inside, "")]).findings()[0].signal == "h"


def test_rounding_decides_no_claim():
    """c and h rank alike, but a float32 product may give the second of two equal columns a little more."""
    inside = np.repeat(np.arange(40) % 2 == 0, 100)
    c = inside + np.random.default_rng(2).normal(0, 0.3, 4000)
    search = CellSearch(made_recording(c[:, None], np.tanh(c)[:, None]), [Feature("inside", inside, "")])
    search.found[0, 1] = np.nextafter(np.float32(search.found[0, 0]), np.float32(1))
    assert search.found[0, 1] > search.found[0, 0]
    assert search.findings()[0].signal == search.best_of(CellName(0, 0)).signal == "c"


def test_a_high_score_alone_is_no_claim():
    """Of a rare feature: AUC .9, but the cell is on at ten other places for each one where it holds."""
    rng = np.random.default_rng(3)
    rare = np.zeros(20_000, bool)
    rare[rng.choice(20_000, 100, replace=False)] = True
    values = np.where(rare, rng.normal(2, 1, 20_000), rng.normal(0, 1, 20_000))
    [found] = CellSearch(made_recording(values[:, None], rng.normal(size=(20_000, 1))),
                         [Feature("rare", rare, "")]).findings()
    assert found.score > max(0.85, found.chance)
    assert 0 < found.threshold.iou < 0.15
    assert not found.is_confirmed
    on, true = (part[found.feature.values.size // 2:] for part in (
        np.asarray(values, np.float32) > found.threshold.value, rare))
    assert found.threshold.iou == pytest.approx((on & true).sum() / (on | true).sum())
    assert found.threshold.lift < 0.1


@pytest.mark.few(5)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_every_cell_can_be_searched(cell, layers):
    settings = NetworkSettings(cell=cell, hidden=6, layers=layers)
    parameters = random_parameters(settings, len(Vocabulary.of(TEXT)), np.random.default_rng(layers))
    done = Inspection(compiled_engine(settings, parameters), PASSAGE)
    assert done.agrees
    assert {one.cell.layer for one in done.findings} <= set(range(layers))
    assert done.search.signals == (("c", "h") if CELLS[cell].has_memory else ("h",))
    assert np.isfinite(done.statistics.tau).all()
    assert all(one.is_confirmed for one in [*done.context, *done.local, *done.expecting])
    assert not {one.cell for one in done.context} & {one.cell for one in done.local}
    assert done.eta[0].shape == (layers, 6)
    assert np.all(done.eta[0] <= done.eta[1] + 1e-9)


def test_what_is_rare_or_absent_is_not_tested(toy):
    T, first = len(toy), toy.warm_up
    once, often, late = np.zeros(T, bool), np.zeros(T, bool), np.zeros(T, bool)
    once[first + 50:first + 90] = once[-90:-50] = True  # one stretch in each half
    often[::50] = True
    late[T // 2 + first:] = often[T // 2 + first:]
    made = [Feature("once", once, ""), Feature("often", often, ""), Feature("late", late, ""),
            Feature("never", np.zeros(T, bool), ""), Feature("always", np.ones(T, bool), ""),
            Feature("flat", np.zeros(T, np.float32), ""), Feature("counts", np.arange(T, dtype=np.float32) % 9, ""),
            Feature("slow", np.arange(T, dtype=np.float32) % 290, "")]
    search = CellSearch(toy, made)
    assert search.untested == {"once": "too rare", "late": "too rare", "never": "absent", "always": "always so",
                               "flat": "absent"}
    assert {one.name for one in search.features} == {"often", "counts", "slow"}
    assert search.ranking("never", 3) == []


def test_features_must_have_names_of_their_own():
    twice = [Feature(QUOTES, np.zeros(len(PASSAGE), bool), "")]
    with pytest.raises(SettingsError, match="two features are called"):
        Inspection(planted(Vocabulary.of(TEXT)), PASSAGE, twice)


def test_names_of_cells():
    assert cell_named("L2:7", 2, 8) == CellName(1, 7)
    assert str(CellName(1, 7)) == "L2:7"
    with pytest.raises(SettingsError, match=r"has one layer, L1, with units 0 to 7$"):
        cell_named("L2:0", 1, 8)
    for wrong in ("L3:0", "L0:0", "L1:8"):
        with pytest.raises(SettingsError, match="layers L1 to L2, with units 0 to 7"):
            cell_named(wrong, 2, 8)
    for wrong in ("1:2", "L1", "L1:2:3", "", "L1:-1"):
        with pytest.raises(SettingsError, match="names no cell"):
            cell_named(wrong, 2, 8)


def test_an_inspection_prints_in_a_line():
    done = Inspection(planted(Vocabulary.of(TEXT)), PASSAGE)
    bits = done.recording.nats / np.log(2)
    assert repr(done) == f"Inspection(1 x {HIDDEN} lstm cells, {len(PASSAGE):,} places of a text, {bits:.3f} bits each)"
    assert len(repr(done.context[0])) < 500
