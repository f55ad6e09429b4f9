"""What an inspection found stands in its page, each number where it belongs."""

import math

import numpy as np
import pytest

from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.page.collect import PageCheckpoint, collect
from charrnn.inspection.page.data import PageData
from charrnn.inspection.page.document import document
from charrnn.inspection.results import MEASURED, Inspection
from charrnn.model import Model, load
from charrnn.settings import NetworkSettings, Settings, TrainingSettings, WindowSettings
from tests.cli.tiny import TEXT, train_tiny

CELLS = ("lstm", "gru", "rnn", "mogrifier", "peephole", "gru-original")
CHARACTERS = 700


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    """A model of two layers of five units, of every cell."""
    folder = tmp_path_factory.mktemp("runs")
    return {cell: load(train_tiny(folder, Settings(
        NetworkSettings(cell=cell, layers=2, hidden=5, dropout=0.0),
        WindowSettings(batch=2, window=10, val_fraction=0.1),
        TrainingSettings(lr=0.01, epochs=0.2, validations=1, shards=1)), cell)) for cell in CELLS}


def inspected(model: Model) -> Inspection:
    return model.inspect(model.passage(TEXT, CHARACTERS))


def page_of(done: Inspection, cells: int | None = None) -> PageData:
    checkpoint = PageCheckpoint("a/b.safetensors", "00", "b", 7, 10)
    return collect(done, checkpoint, cells=cells, command="charrnn")


@pytest.mark.few(2)
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_makes_a_page(models: dict[str, Model], cell: str) -> None:
    data = page_of(inspected(models[cell]))
    assert len(data.cells) == 10
    assert sorted(data.chosen) == list(range(10))
    assert set(data.signals) == ({"c", "h"} if cell in ("lstm", "peephole") else {"h"})
    assert data.gates is not None
    assert bool(data.gates["gates"]) == (cell != "rnn")
    assert data.horizon is not None
    assert {one["layer"] for one in data.horizon["layers"]} == {1, 2}
    assert data.context is not None
    assert all(row["delta"]["estimate"] is not None for row in data.cells)
    assert "trained with windows of 10" in data.advice
    assert {"AUC", "open, shut", "gain", "k*", "estimate"} <= set(data.definitions)
    assert document(data, 10, 8).startswith(b"<!doctype html>")


def test_what_was_expected_stands_at_the_character_that_came(models: dict[str, Model]) -> None:
    """A probability that the page shows at t is that of text[t], told after text[t - 1]."""
    done = inspected(models["lstm"])
    data = page_of(done)
    said = done.recording.predictions
    assert math.isnan(data.bits[0])
    assert data.rank[0] == 0
    for t in (1, 57, CHARACTERS - 1):
        assert data.units[int(data.text[t])] == TEXT[t]
        assert done.recording.targets[t - 1] == data.text[t]
        assert data.bits[t] == pytest.approx(said.nats[t - 1] / math.log(2))
        assert data.entropy[t] == pytest.approx(said.entropies[t - 1] / math.log(2))
        place = np.flatnonzero(data.top[t] == data.text[t])
        if len(place):
            assert data.rank[t] == place[0] + 1
            assert -math.log2(data.probabilities[t][place[0]]) == pytest.approx(data.bits[t], rel=1e-4)
    assert len(data.bits) == len(data.text) == len(data.rank) == len(data.top) == CHARACTERS


def test_values_are_those_of_the_chosen_cells_in_their_order(models: dict[str, Model]) -> None:
    done = inspected(models["lstm"])
    data = page_of(done, cells=4)
    assert len(data.chosen) == 4
    for place, cell in enumerate(data.chosen):
        layer, unit = divmod(int(cell), 5)
        assert data.cells[cell]["id"] == f"L{layer + 1}:{unit}"
        assert not done.recording.pinned[layer, unit]
        assert np.array_equal(data.signals["c"][place], np.tanh(done.recording.signals["c"][layer, :, unit]))
        assert np.array_equal(data.signals["h"][place], done.recording.signals["h"][layer, :, unit])


def test_claims_come_first_and_say_what_the_summary_says(models: dict[str, Model]) -> None:
    done = inspected(models["gru"])
    data = page_of(done)
    claims = [*done.context, *done.local]
    assert claims, "the tiny network knows something, or this test knows nothing"
    names = [data.cells[cell]["id"] for cell in data.chosen]
    assert names[:len(done.context)] == [str(one.cell) for one in done.context]
    for one in claims:
        row = data.cells[one.cell.layer * 5 + one.cell.unit]
        assert row["best"]["feature"] == one.feature.name
        assert row["best"]["heldout"] == pytest.approx(one.score, rel=1e-5)
        assert row["group"] == ("context" if one in done.context else "local")


def test_scores_are_signed_and_held_out(models: dict[str, Model]) -> None:
    done = inspected(models["rnn"])
    data = page_of(done)
    assert data.scores is not None
    names = [one["name"] for one in data.features]
    for one in done.findings:
        score = one.sign * (2 * one.score - 1 if one.feature.is_boolean else one.score)
        assert data.scores[names.index(one.feature.name), one.cell.layer * 5 + one.cell.unit] == pytest.approx(
            score, abs=1e-6)
    for feature, row in zip(data.features, data.scores, strict=True):
        assert feature["tested"] == (not np.isnan(row).all())


def test_masks_are_those_of_the_features(models: dict[str, Model]) -> None:
    data = page_of(inspected(models["rnn"]))
    assert data.masks is not None
    names = [one["name"] for one in data.features]
    assert data.masks.shape == (len(names), CHARACTERS)
    assert data.masks[names.index("white space")].tolist() == [letter in " \t" for letter in TEXT[:CHARACTERS]]


def test_exact_ablation_stands_beside_the_estimate(models: dict[str, Model]) -> None:
    done = inspected(models["gru"])
    data = page_of(done)
    exact = [row for row in data.cells if row["delta"]["exact"] is not None]
    assert len(exact) == min(MEASURED, len({one.cell for one in (*done.context, *done.local)}))
    for row in exact:
        [found] = done.costs([CellName(row["layer"] - 1, row["unit"])])
        assert row["delta"]["exact"] == pytest.approx(found.overall.bits, rel=1e-5)
        assert row["delta"]["se"] > 0
        assert len(row["delta"]["by"]) <= 2
        assert row["delta"]["most"] == found.most[0] == row["delta"]["by"][-1][0]


def test_the_same_inspection_gives_the_same_bytes(models: dict[str, Model]) -> None:
    first, again = (document(page_of(inspected(models["lstm"])), 10, 8) for _ in range(2))
    assert first == again
