"""The programs that measure training on PyTorch run, on a network of no size."""

import json
import sys

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from benchmarks import engines, gpu, long_text, name_classifier, processes
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
