"""The programs that measure training on PyTorch run, on a network of no size."""

import json
import sys

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

import torch

from benchmarks import engines, gpu, learning, levers, long_text, name_classifier, processes, prototypes
from benchmarks.options import Options
from charrnn.cells.registry import CELLS
from charrnn.engine.torch.steps import STEPS, gru, lstm
from charrnn.settings import NetworkSettings
from charrnn.settings.training import CELL_NAMES
from tests.cli.tiny import TEXT

pytestmark = pytest.mark.torch


def test_a_device(monkeypatch, tmp_path):
    monkeypatch.setitem(gpu.PEAK_SIZE, "cpu", 16)
    (tmp_path / "text.txt").write_text(TEXT)
    done = CliRunner().invoke(gpu.main, ["--device", "cpu", "--shape", "lstm-1x8-2x5", "--seconds", "0.01", "--text",
                                         str(tmp_path / "text.txt"), "--minutes", "0.01"], catch_exceptions=False)
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert [line.get("precision") for line in lines] == ["float32", "bf16", None]
    assert all(line["share_of_peak"] > 0 and line["device"] == "cpu" for line in lines[:2])
    assert 0 < lines[2]["validation_nats"] < 5


@pytest.mark.parametrize("more", [[], ["--loop", "--documents", "--dropout", "0.5", "--precision", "bf16"]], ids=len)
def test_engines(more):
    done = CliRunner().invoke(engines.main, ["--shape", "lstm-1x8-2x5", "--seconds", "0.01", *more],
                              catch_exceptions=False)
    line = json.loads(done.output)
    assert min(line[name] for name in ["compiled", "torch", *(["loop"] if more else [])]) > 0


def test_several_processes(monkeypatch):
    monkeypatch.setattr(processes, "CUT_ROWS", (8,))
    monkeypatch.setattr(processes, "CUT_FROM", 5_000)
    done = CliRunner().invoke(processes.main, ["--shape", "lstm-1x8-4x5", "--processes", "2", "--steps", "2"],
                              catch_exceptions=False)
    *lines, cut = [json.loads(line) for line in done.output.splitlines()]
    assert cut["cut"] == "8 x 64"
    assert [(line["scaling"], line["processes"], line["shape"]) for line in lines] == [
        ("strong", 2, "lstm 1x8, 4 x 5"), ("weak", 2, "lstm 1x8, 8 x 5")]
    assert all(line["add_up_seconds"] > 0 for line in lines)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_a_long_text():
    done = CliRunner().invoke(long_text.main, ["--megabytes", "6", "--seconds", "1"], catch_exceptions=False)
    line = json.loads(done.output)
    assert line["disk_megabytes"] in (6, 7)
    assert line["cpu_seconds"] > 0
    assert len(line["ranks"]) == 2
    assert all(rank["own"] > 50 for rank in line["ranks"])


def test_names_of_two_kinds_are_told_apart():
    pairs = [("a", "Äbba"), ("a", "ba"), ("b", "xyz"), ("b", "zy"), ("b", "Zxx")]
    model = name_classifier.trained_classifier(pairs, 1, steps=400)
    assert [model.label(name) for name in ("bab", "yx", "Zz")] == ["a", "b", "b"]
    assert model.label("日本") in model.labels  # no letter that it knows
    assert name_classifier.one_hot("Äb").shape == (2, len(name_classifier.LETTERS))


@pytest.fixture
def prototype_cells():
    prototypes.register_prototypes()
    yield
    for name in prototypes.PROTOTYPES:
        del CELLS[name], STEPS[name]
        CELL_NAMES.remove(name)


def _layer(gates, H, generator):
    """A layer's recurrent parameters, and the input's share and state of 3 rows."""
    def random(*shape):
        return torch.randn(shape, generator=generator)

    return {"weight_hh": random(gates * H, H), "bias": random(gates * H), "bias_n": random(H)}, random(3, gates * H), (
        random(3, H),)


def test_prototypes_are_a_gru_where_their_idea_is_neutral():
    H, generator = 7, torch.Generator().manual_seed(1)
    layer, row, (h,) = _layer(3, H, generator)
    ((expected,), _) = gru(row, (h,), layer)
    ones, nothing = torch.ones(3, H), torch.zeros(3, H)
    more = {**layer, "weight_hh": torch.cat([layer["weight_hh"], torch.eye(H)])}
    ((found,), _) = prototypes.multiplicative(torch.cat([row, ones], 1), (h,), more)
    torch.testing.assert_close(found, expected)
    more = {**layer, "bias": torch.cat([layer["bias"], torch.zeros(2 * H)])}
    for cell, gates in ((prototypes.mogrified, 2), (prototypes.mogrified_unkept, 2), (prototypes.scaled_and_kept, 1)):
        ((found,), _) = cell(torch.cat([row, *[nothing] * gates], 1), (h,), more)
        torch.testing.assert_close(found, expected)
    weights = torch.cat([-torch.ones(3 * H), torch.zeros(3 * H), layer["bias_n"]])  # no W x * U h, all of U h
    more = {**layer, "integration": weights}
    ((found,), _) = prototypes.integrating(row, (h,), more)
    torch.testing.assert_close(found, expected)
    ((found,), _) = prototypes.scaled_and_integrating(torch.cat([row, nothing], 1), (h,), more)
    torch.testing.assert_close(found, expected)
    ((up, found), _) = prototypes.skipping(torch.cat([row, 5 * ones], 1), (ones, h), layer)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(up, expected + 5)


def test_what_scales_h_leaves_what_is_kept_as_it_is_said_to():
    """With U = 0 nothing is read: what is left of h is z * h, or z * 2 m h where that is scaled."""
    H, generator = 7, torch.Generator().manual_seed(4)
    layer, row, (h,) = _layer(4, H, generator)
    layer = {**layer, "weight_hh": torch.zeros(3 * H, H), "integration": torch.zeros(7 * H)}
    wide = torch.cat([row[:, :3 * H], torch.zeros(3, H), row[:, 3 * H:]], 1)  # x is not scaled
    two = {**layer, "bias": torch.cat([layer["bias"][:3 * H], torch.zeros(2 * H)])}
    for cell, given, parameters, is_kept_scaled in (
            (prototypes.mogrified, wide, two, True), (prototypes.mogrified_unkept, wide, two, False),
            (prototypes.scaled_and_kept, row, layer, True), (prototypes.scaled_and_integrating, row, layer, False)):
        ((found,), _), ((without,), _) = (cell(given, (by * h,), parameters) for by in (1, 0))
        change = (found - without) / h
        z = torch.sigmoid(row[:, H:2 * H])
        assert torch.allclose(change, z, atol=1e-5) != is_kept_scaled


def test_an_lstm_scales_what_its_gates_read():
    H, generator = 7, torch.Generator().manual_seed(5)
    layer, row, (h,) = _layer(4, H, generator)
    c = torch.randn(3, H, generator=generator)
    m = torch.randn(3, H, generator=generator)
    ((found, memory), _) = prototypes.scaled_lstm(torch.cat([row, m], 1), (h, c), layer)
    ((expected, expected_memory), _) = lstm(row, (2 * torch.sigmoid(m) * h, c), layer)
    torch.testing.assert_close((found, memory), (expected, expected_memory))
    assert (memory - lstm(row, (h, c), layer)[0][1]).abs().max() > 0.05


def test_a_mogrifier_multiplies_what_the_character_adds_but_not_the_bias():
    H, generator = 7, torch.Generator().manual_seed(2)
    layer, row, (h,) = _layer(5, H, generator)
    layer["weight_hh"] = layer["weight_hh"][:3 * H]
    row[:, 3 * H:] = layer["bias"][3 * H:]  # Q x = R x = 0
    row[:, 3 * H:4 * H] += 1e3 * h  # Q x h is large: W x counts twice
    ((found,), _) = prototypes.mogrified(row, (h,), layer)
    bias = layer["bias"][:3 * H]
    ((expected,), _) = gru(2 * row[:, :3 * H] - bias, (h,), layer)
    torch.testing.assert_close(found, expected)


def test_a_normalized_cell_does_not_see_the_size_of_its_weights():
    H, generator = 7, torch.Generator().manual_seed(3)
    layer, row, state = _layer(3, H, generator)
    layer["norm"] = torch.randn(4 * H, generator=generator)
    ((found,), _), ((larger,), _) = (prototypes.normalized(row, state, {**layer, "weight_hh": by * layer["weight_hh"]})
                                     for by in (1, 50))
    torch.testing.assert_close(found, larger, atol=1e-4, rtol=1e-4)
    ((other,), _) = prototypes.normalized(row, (state[0].flip(1),), layer)
    assert (found - other).abs().max() > 0.1


def test_the_gates_of_a_minimal_cell_do_not_see_its_state():
    H, generator = 7, torch.Generator().manual_seed(4)
    _, row, (h,) = _layer(2, H, generator)
    ((found,), _), ((shifted,), _) = (prototypes.minimal(row, (state,), {}) for state in (h, h + 2))
    torch.testing.assert_close(shifted - found, 2 * torch.sigmoid(-row[:, :H]))


def test_products_are_counted(prototype_cells):
    assert levers.products(NetworkSettings(cell="gru", hidden=256, layers=1), 65) == 3 * 256**2 + 65 * 256
    assert levers.products(NetworkSettings(cell="multiplicative", hidden=256, layers=1), 65) == 4 * 256**2 + 65 * 256
    assert levers.products(NetworkSettings(cell="minimal", hidden=10, layers=3), 7) == 2 * 2 * 10**2 + 7 * 10
    assert levers.products(NetworkSettings(cell="skipping", hidden=10, layers=2), 7) == (2 * 3 + 4) * 10**2 + 7 * 10


def test_levers(monkeypatch, tmp_path, prototype_cells):
    """Every lever trains, on a network of no size, and no number is lost on the way to the table."""
    (tmp_path / "text.txt").write_text(TEXT * 3)
    monkeypatch.setattr(levers, "RESULTS", tmp_path / "levers.jsonl")
    monkeypatch.setattr(levers, "ALIKE", {**levers.ALIKE, "hidden": 9, "window": 5, "batch": 3})
    tiny = {name: lever._replace(settings={**lever.settings, **({"hidden": 8} if "hidden" in lever.settings else {})})
            for name, lever in levers.LEVERS.items()}
    monkeypatch.setattr(levers, "LEVERS", tiny)
    monkeypatch.setattr(learning, "run_job", lambda job: levers.trained(**job.arguments))
    monkeypatch.setattr(levers, "physical_cores", lambda: 1)
    [table] = levers.measure(Options(texts=[tmp_path / "text.txt"], rounds=1))
    assert [row[0] for row in table.rows] == list(levers.LEVERS)
    rows = {row[0]: dict(zip(table.headers, row, strict=True)) for row in table.rows}
    gru, dropped = rows["GRU"], rows["states dropped, 1 of 10"]
    assert float(dropped["gain"]) == pytest.approx(float(gru["loss"]) - float(dropped["loss"]), abs=2e-4)
    assert dropped["loss"] != gru["loss"] != rows["label smoothing 0.05"]["loss"]
    assert float(rows["multiplicative GRU"]["passes"]) < float(gru["passes"])
