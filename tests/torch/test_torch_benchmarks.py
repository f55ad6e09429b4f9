"""The programs that measure training on PyTorch run, on a network of no size."""

import json

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from benchmarks import gpu, processes
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


def test_several_processes():
    done = CliRunner().invoke(processes.main, ["--shape", "lstm-1x8-4x5", "--processes", "2", "--steps", "2"],
                              catch_exceptions=False)
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert [(line["scaling"], line["processes"], line["shape"]) for line in lines] == [
        ("strong", 2, "lstm 1x8, 4 x 5"), ("weak", 2, "lstm 1x8, 8 x 5")]
    assert all(line["add_up_seconds"] > 0 for line in lines)
