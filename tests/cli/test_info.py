"""`charrnn info`: what a checkpoint holds, and the curve of its loss."""

import dataclasses
import math
from pathlib import Path

import pytest

from charrnn.render.checkpoint import _HEIGHT
from charrnn.render.wording import bits, corpus_words, counted, duration_words, loss_words, network_words
from charrnn.runs.checkpoint import load_checkpoint, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import NetworkSettings, TextSettings, TrainingSettings
from tests.cli.conftest import Program
from tests.cli.tiny import SETTINGS, TEXT, train_tiny


def test_everything_about_a_run(charrnn: Program, run: Path) -> None:
    done = charrnn("info", "tiny")
    assert (done.code, done.err) == (0, "")
    rows, _, picture = done.out.partition("\n\n")
    told = dict(row.split(maxsplit=1) for row in rows.splitlines())
    assert told["checkpoint"] == "checkpoints/tiny/last.safetensors"
    assert told["network"].startswith("lstm, 1 layer of 8, one-hot input: ")
    assert told["network"].endswith(" parameters")
    assert told["text"] == f"text.txt, {len(TEXT):,} characters, {len(set(TEXT))} different"
    assert told["windows"] == "stream of 10 characters, 2 side by side, 10% of the text for validation"
    assert told["training"] == ("adam, rate 0.01 (cosine), clipped at 1, planned for 1 epoch, seed 1337, 2 shards")
    assert told["progress"].endswith(" steps, 1.00 epochs")
    assert told["best"].startswith("loss   ")
    assert " nats (" in told["best"]
    head, *drawn = picture.splitlines()
    assert head == "nats a character: ⠒o⠒ validation, ⠂⠐⠂ training"
    assert len(drawn) == _HEIGHT + 2
    assert any("o" in line for line in drawn[:_HEIGHT])
    assert drawn[-1].endswith(" epochs")


@pytest.mark.parametrize(("share", "words"), [
    (0.0, "0%"), (0.1, "10%"), (1 / 3, "33%"), (0.9, "90%"), (0.0009999995, "0.1%")])
def test_the_validation_part(charrnn: Program, tmp_path: Path, share: float, words: str) -> None:
    loaded = load_checkpoint(train_tiny(tmp_path / "checkpoints") / "last.safetensors")
    windows = dataclasses.replace(loaded.settings.windows, val_fraction=share)
    loaded.settings = dataclasses.replace(loaded.settings, windows=windows)
    save_checkpoint(tmp_path / "copy.safetensors", loaded)
    assert f", {words} of the text for validation\n" in charrnn("info", "copy.safetensors").out


def test_the_newest_run_and_any_file(charrnn: Program, run: Path) -> None:
    assert charrnn("info").out == charrnn("info", "tiny").out
    best = charrnn("info", "checkpoints/tiny/best.safetensors")
    assert best.out.startswith("checkpoint  checkpoints/tiny/best.safetensors\n")


def test_a_run_without_validation_and_without_a_step_to_show(charrnn: Program, tmp_path: Path) -> None:
    settings = dataclasses.replace(
        SETTINGS, windows=dataclasses.replace(SETTINGS.windows, val_fraction=0.0),
        training=TrainingSettings(lr=0.01, minutes=1e-6, epochs=3.0, clip=0.0, shards=1))
    train_tiny(tmp_path / "checkpoints", settings)
    done = charrnn("info", "tiny")
    assert done.code == 0
    assert "not clipped, planned for 1e-06 minutes or 3 epochs, seed 1337, 1 shard\n" in done.out
    assert " in training, at step 1\n" in done.out
    assert "\n\n" not in done.out  # one point is no curve


def test_a_point_without_a_step_before_it(charrnn: Program, run: Path) -> None:
    loaded = load_checkpoint(run / "last.safetensors")
    points = loaded.progress["history"]["points"]
    points.append({**points[-1], "train": "nan"})
    save_checkpoint("copy.safetensors", loaded)
    assert charrnn("info", "copy.safetensors").out.endswith(charrnn("info", "tiny").out.partition("\n")[2])


def test_bf16_is_told(charrnn: Program, tmp_path: Path) -> None:
    training = dataclasses.replace(SETTINGS.training, precision="bf16")
    train_tiny(tmp_path / "checkpoints", dataclasses.replace(SETTINGS, training=training))
    assert ", 2 shards, bf16\n" in charrnn("info").out


def test_wording() -> None:
    assert bits(math.log(2)) == 1.0
    assert loss_words(1.5234, CorpusInfo(), TextSettings()) == "1.523 nats (2.198 bits) a character"
    assert network_words(NetworkSettings("gru", hidden=20, layers=2, embedding=5, dropout=0.5)) == (
        "gru, 2 layers of 20, embedding of 5, dropout 0.5")
    words = corpus_words(CorpusInfo(sources=("a", "-"), characters=1), 1, TextSettings())
    assert words == "a + standard input, 1 character, 1 different"
    assert corpus_words(CorpusInfo(), 0, TextSettings()) == "a text, 0 characters, 0 different"
    assert [counted(n, "step") for n in (1.0, 2.5, 10.0, 4823)] == ["1 step", "2.5 steps", "10 steps", "4,823 steps"]
    assert [duration_words(s) for s in (6.6, 750, 11_109)] == ["0:07", "12:30", "3:05:09"]


def test_weights_that_are_not_finite_are_named_and_used_by_nobody(charrnn: Program, run: Path) -> None:
    loaded = load_checkpoint(run / "last.safetensors")
    loaded.arrays["weight_out"][1, 2] = math.nan
    for name in ("best", "last"):
        save_checkpoint(run / f"{name}.safetensors", loaded)
    done = charrnn("info", "tiny")
    assert (done.code, done.err) == (0, "")
    assert "not usable  values that are NaN or too large in weight_out\n" in done.out
    for command in ("sample tiny", "score tiny text.txt", "complete tiny the", "inspect-cells tiny --json -",
                    "train --resume tiny --epochs 2", "train text.txt --init-from tiny", "play tiny"):
        done = charrnn(*command.split())
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
        assert "safetensors: parameter weight_out has values that are NaN or too large; use an earlier" in done.err
