"""`charrnn train`: what it reads, says, keeps, and goes on with."""

import json
import os
import struct
from pathlib import Path

import pytest

import charrnn as package
from charrnn.errors import SettingsError
from charrnn.render.training import TrainingDisplay
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.training import events
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, TEXT, finish, start


def test_a_run_from_start_to_end(charrnn: Program, text: Path) -> None:
    done = charrnn("train", "text.txt", *OPTIONS)
    assert done.code == 0
    out = done.out.splitlines()
    assert out[0].startswith("trained for ")
    assert out[1].startswith("best validation loss ")
    assert out[2:] == ["kept in checkpoints/text-gru-1x8", "next: charrnn sample text-gru-1x8"]
    err = [line for line in done.err.splitlines() if not line.startswith("compiling")]
    assert [line.split()[0] for line in err] == ["network", "text", "run", "chosen", "--beta1", *["epoch"] * 4]
    assert err[1] == (f"text     text.txt, {len(TEXT):,} characters, {len(set(TEXT))} different; "
                      f"the last {len(TEXT) - int(len(TEXT) * 0.9):,} kept for validation")
    kept = Path("checkpoints/text-gru-1x8")
    assert sorted(path.name for path in kept.iterdir()) == ["best.safetensors", "last.safetensors", "metrics.jsonl"]
    assert len((kept / "metrics.jsonl").read_text().splitlines()) == 4
    assert charrnn("sample", "text-gru-1x8", "--length", "5").code == 0


@pytest.mark.parametrize("options", [
    ("--cell", "rnn"), ("--cell", "gru", "--layers", "2", "--dropout", "0.3"), ("--embedding", "3"),
    ("--windows", "snippets", "--targets", "last"), ("--windows", "snippets"), ("--val-fraction", "0")],
    ids=lambda options: " ".join(options))
def test_every_kind_of_run(charrnn: Program, text: Path, options: tuple[str, ...]) -> None:
    done = charrnn("train", "text.txt", *OPTIONS, "--epochs", "0.2", *options)
    assert (done.code, done.out.splitlines()[0].split()[:2]) == (0, ["trained", "for"]), done.err
    kind = "training" if "--val-fraction" in options else "validation"
    assert f"best {kind} loss" in done.out
    assert charrnn("info").code == 0


def test_files_folders_and_standard_input_in_one(charrnn: Program, text: Path) -> None:
    Path("more").mkdir()
    Path("more/one.txt").write_text(TEXT)
    Path("more/picture.bin").write_bytes(b"\0\1\2")
    done = charrnn("train", "text.txt", "more", "-", *OPTIONS, "--epochs", "0.1", stdin=b"piped in")
    assert done.code == 0
    assert done.err.startswith(f"note: skipped: {str(Path('more/picture.bin'))!r} is binary")
    assert f"text.txt + more + standard input, {2 * len(TEXT) + 2 + len('piped in'):,} characters" in done.err


def test_of_many_files_that_are_no_text_a_few_are_named(charrnn: Program, text: Path) -> None:
    Path("more").mkdir()
    Path("more/one.txt").write_text(TEXT)
    for number in range(8):
        Path(f"more/{number}.png").write_bytes(b"\0")
    done = charrnn("train", "more", *OPTIONS, "--epochs", "0.1")
    assert done.code == 0
    *named, rest = [line for line in done.err.splitlines() if line.startswith("note: skipped: ")]
    assert len(named) == 5
    assert all(line.endswith(".png' is binary, not text: NUL byte at offset 0") for line in named)
    assert rest == "note: skipped: 3 more files that are no text"


def test_a_run_never_overwrites_another(charrnn: Program, run: Path) -> None:
    before = {path: path.read_bytes() for path in run.iterdir()}
    done = charrnn("train", "text.txt", *OPTIONS, "--epochs", "0.1", "--name", "tiny")
    assert done.err.startswith("note: there is a run called tiny; this one is tiny-2\n")
    assert "kept in checkpoints/tiny-2\n" in done.out
    assert before == {path: path.read_bytes() for path in run.iterdir()}


def test_a_short_text_trains_with_the_advice(charrnn: Program) -> None:
    Path("short.txt").write_text(TEXT[:300])
    refusal = charrnn("train", "short.txt", "--window", "100", "--batch", "16").err
    advice = refusal.partition("; ")[2].removesuffix(" will do\n")
    assert advice == "--batch 4 --window 16"
    done = charrnn("train", "short.txt", "--hidden", "8", *advice.split())
    assert done.code == 0
    assert done.out.startswith("trained for 1,500 steps, 300.00 epochs\n")


@pytest.mark.parametrize("length", [20, 40, 300, 5_000])
def test_a_short_text_needs_no_advice(charrnn: Program, length: int) -> None:
    Path("short.txt").write_text(TEXT[:length])
    assert charrnn("train", "short.txt", "--hidden", "4", "--epochs", "1").code == 0


def test_a_validation_part_smaller_than_a_window_is_told(charrnn: Program, text: Path) -> None:
    done = charrnn("train", "text.txt", *OPTIONS, "--window", "70", "--val-fraction", "0.03")
    assert "note: 58 characters to validate on, fewer than a window of 70: " in done.err
    assert "best validation loss" in done.out
    assert "note:" not in charrnn("train", "text.txt", *OPTIONS).err


@pytest.mark.parametrize("length", [4, 10, 31, 100, 1_000, 2_999])
@pytest.mark.parametrize("kind", ["stream", "snippets"])
def test_the_advice_always_fits(charrnn: Program, length: int, kind: str) -> None:
    Path("short.txt").write_text(TEXT[:length])
    options = ["--hidden", "4", "--windows", kind, "--val-fraction", "0", "--window", "4000", "--epochs", "1"]
    words = charrnn("train", "short.txt", *options).err.partition("; ")[2].split()
    assert charrnn("train", "short.txt", *options, *words[:4]).code == 0


def test_resume_makes_a_run_longer(charrnn: Program, run: Path) -> None:
    step = load_checkpoint(run / "last.safetensors").progress["step"]
    done = charrnn("train", "--resume", "tiny", "--epochs", "2")
    assert done.code == 0, done.err
    assert f", from step {step}\n" in done.err
    assert done.out.startswith(f"trained for {2 * step:,} steps, 2.00 epochs\n")
    steps = [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert steps == sorted(set(steps))
    assert steps[-1] == 2 * step
    assert charrnn("train", "--resume", "--epochs", "2.2").code == 0  # the newest


@pytest.mark.parametrize("budget", [(), ("--epochs", "0.5")])
def test_a_finished_run_is_left_as_it_is(charrnn: Program, run: Path, budget: tuple[str, ...]) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.iterdir()}
    done = charrnn("train", "--resume", "tiny", *budget)
    assert done.code == 0
    assert "this run was already finished; give a larger --epochs or --minutes to train it longer\n" in done.err
    assert before == {path: path.stat().st_mtime_ns for path in run.iterdir()}


def test_a_run_that_patience_ended_goes_on_with_a_new_total(charrnn: Program, text: Path) -> None:
    call = ("train", "text.txt", "--hidden", "8", "--batch", "2", "--window", "10", "--lr", "0", "--epochs", "2",
            "--name", "stale")
    ended = charrnn(*call, "--patience", "2")
    assert "2 validations without a new best" in ended.out
    assert "already finished" in charrnn("train", "--resume", "stale").err
    done = charrnn("train", "--resume", "stale", "--epochs", "2.5")
    assert done.code == 0
    assert "already finished" not in done.err
    assert done.out.splitlines()[0].endswith(", 2.50 epochs")


def test_no_folder_of_others_is_touched(charrnn: Program, text: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    done = charrnn("train", "text.txt", "--name", str(tmp_path / "mine"), "--batch", "2")
    assert (done.code, (tmp_path / "mine").is_dir()) == (2, True)
    with pytest.raises(SettingsError, match="can't name a folder"):
        package.train(text="abc" * 900, name="../mine", folder=tmp_path / "runs", hidden=8, batch=2, window=10)
    assert (tmp_path / "mine").is_dir()


def test_weight_decay_alone_is_that_of_the_automatic_optimizer(charrnn: Program, text: Path) -> None:
    call = ("train", "text.txt", "--hidden", "8", "--batch", "2", "--window", "10", "--epochs", "0.1",
            "--weight-decay", "0.05")
    done = charrnn(*call)
    assert done.code == 0
    assert "--optimizer adamw" in done.err
    refused = charrnn(*call, "--preset", "char-rnn")
    assert refused.code == 2
    assert "--weight-decay has no effect with --optimizer rmsprop" in refused.err


def test_resume_with_the_text_elsewhere(charrnn: Program, run: Path, text: Path) -> None:
    text.rename("moved.txt")
    refused = charrnn("train", "--resume", "tiny", "--epochs", "1.5")
    assert refused.code == 1
    assert "if the text was moved: charrnn train CORPUS --resume checkpoints/tiny\n" in refused.err
    assert charrnn("train", "moved.txt", "--resume", "tiny", "--epochs", "1.5").code == 0


def test_resume_of_standard_input(charrnn: Program) -> None:
    assert charrnn("train", "-", *OPTIONS, "--name", "piped", stdin=TEXT.encode()).code == 0
    refused = charrnn("train", "--resume")
    assert refused.code == 2
    assert refused.err.endswith("pipe the same text in again: charrnn train - --resume checkpoints/piped\n")
    assert charrnn("train", "-", "--resume", "--epochs", "1.1", stdin=TEXT.encode()).code == 0


def test_samples_on_the_way_change_nothing(charrnn: Program, text: Path) -> None:
    plain = charrnn("train", "text.txt", *OPTIONS, "--name", "plain")
    shown = charrnn("train", "text.txt", *OPTIONS, "--name", "shown", "--show-samples")
    assert len(shown.err) > len(plain.err) + 400
    for file in ("best.safetensors", "last.safetensors"):
        assert Path("checkpoints/plain", file).read_bytes() == Path("checkpoints/shown", file).read_bytes()


def test_what_is_written_to_a_pipe_has_no_bar(text: Path) -> None:
    code, out, err = finish(start("-m", "charrnn", "train", "text.txt", *OPTIONS, folder=text.parent))
    assert code == 0
    assert "\r" not in err + out
    assert "\x1b" not in err + out


def test_the_figures_leave_room_for_a_bar() -> None:
    shown = TrainingDisplay()
    shown.show(events.Started(0, 1, 1, 1))
    shown.show(events.Step(1, 12.5, 0.5, 1.25, 0.1, 1.0, 1_000))
    figures = shown._figures(events.Step(2, 12.5, 0.5, 1.25, 0.1, 1.0, 1_000))
    assert figures.startswith("epoch 12.50 loss 1.250 (1.803 bits) ")
    assert len(" 50%|| " + figures) <= 80
    shown.close()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo terminal")
def test_a_terminal_gets_a_bar_without_colour(text: Path) -> None:
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = start("-m", "charrnn", "train", "text.txt", *OPTIONS, folder=text.parent, stderr=slave,
                    env={"NO_COLOR": "1"})
    out, _ = process.communicate(timeout=300)
    os.close(slave)
    seen = os.read(master, 65_536).decode()
    os.close(master)
    assert process.returncode == 0
    assert "%|" in seen
    assert max(map(len, seen.replace("\r", "\n").split("\n"))) <= 100
    assert "\x1b[3" not in seen  # no colours
    assert "\r" not in out
