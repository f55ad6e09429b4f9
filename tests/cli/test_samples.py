"""Samples on the way: when, what is kept of them, and that training does not notice."""

import re
from pathlib import Path

import pytest

from charrnn.runs.checkpoint import load_checkpoint
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, finish, start

HEADING = re.compile(r"^--- step ([\d,]+), epoch ([\d.]+), training loss ([\d.]+) ---$", re.MULTILINE)


def headings(name: str) -> list[int]:
    text = Path("checkpoints", name, "samples.txt").read_text(encoding="utf-8")
    return [int(step.replace(",", "")) for step, _, _ in HEADING.findall(text)]


def files(name: str) -> list[bytes]:
    return [Path("checkpoints", name, file).read_bytes() for file in ("best.safetensors", "last.safetensors")]


def test_every_so_many_steps(charrnn: Program, text: Path) -> None:
    done = charrnn("train", "text.txt", *OPTIONS, "--samples-every", "20", "--name", "shown")
    steps = load_checkpoint("checkpoints/shown/last.safetensors").progress["step"]
    assert headings("shown") == list(range(20, steps + 1, 20))
    assert re.findall(r"^sample at step (\d+), ", done.err, re.MULTILINE) == [str(step) for step in headings("shown")]
    kept = HEADING.split(Path("checkpoints/shown/samples.txt").read_text(encoding="utf-8"))[4::4]
    for sample in kept:
        assert sample.startswith("\n")
        assert len(sample) == len("\n") + 200 + len("\n\n")
        for line in sample.strip().splitlines():
            assert f"    {line}\n" in done.err


def test_training_does_not_notice(charrnn: Program, text: Path) -> None:
    plain = charrnn("train", "text.txt", *OPTIONS, "--dropout", "0.2", "--name", "plain")
    shown = charrnn("train", "text.txt", *OPTIONS, "--dropout", "0.2", "--name", "shown", "--samples-every", "7",
                    "--show-samples")
    assert files("plain") == files("shown")
    assert plain.out.replace("plain", "shown") == shown.out
    assert not Path("checkpoints/plain/samples.txt").exists()


def test_at_validations_and_never_two_at_one_step(charrnn: Program, text: Path) -> None:
    charrnn("train", "text.txt", *OPTIONS, "--name", "at", "--show-samples")
    validations = headings("at")
    assert len(validations) == 4
    charrnn("train", "text.txt", *OPTIONS, "--name", "both", "--show-samples", "--samples-every", str(validations[0]))
    both = headings("both")
    assert both == sorted({*validations, *range(validations[0], validations[-1] + 1, validations[0])})


def test_the_loss_is_the_mean_since_the_last_sample(charrnn: Program, text: Path) -> None:
    charrnn("train", "text.txt", *OPTIONS, "--name", "at", "--show-samples", "--val-fraction", "0")
    points = load_checkpoint("checkpoints/at/last.safetensors").progress["history"]["points"]
    losses = [float(loss) for _, _, loss in HEADING.findall(Path("checkpoints/at/samples.txt").read_text())]
    steps = [0, *headings("at")]
    for loss, first, last in zip(losses, steps, steps[1:], strict=False):
        parts = [(point["step"] - before["step"], point["train"])
                 for before, point in zip([{"step": 0}, *points], points, strict=False)
                 if first < point["step"] <= last]
        mean = sum(count * loss for count, loss in parts) / sum(count for count, _ in parts)
        assert loss == pytest.approx(mean, abs=0.03)  # steps at an epoch's end are a little smaller


def test_a_resumed_run_goes_on_with_the_file(charrnn: Program, run: Path) -> None:
    step = load_checkpoint(run / "last.safetensors").progress["step"]
    (run / "samples.txt").write_text("--- step 1, epoch 0.01, training loss 3.000 ---\nold\n\n--- step 2, ep")
    done = charrnn("train", "--resume", "tiny", "--epochs", "1.5", "--samples-every", "10")
    assert done.code == 0, done.err
    end = load_checkpoint(run / "last.safetensors").progress["step"]
    assert headings("tiny") == [1, *range(-(-(step + 1) // 10) * 10, end + 1, 10)]
    kept = (run / "samples.txt").read_text(encoding="utf-8")
    assert kept.startswith("--- step 1, epoch 0.01, training loss 3.000 ---\nold\n\n--- step ")


@pytest.mark.parametrize(("steps", "words"), [
    ("0", "0 is out of bounds: at least 1"), ("-5", "-5 is out of bounds: at least 1"),
    ("2.5", "'2.5' is not a whole number")])
def test_refusals(charrnn: Program, text: Path, steps: str, words: str) -> None:
    done = charrnn("train", "text.txt", "--samples-every", steps)
    assert done.code == 2
    assert done.err.startswith(f"charrnn: invalid value for '--samples-every': {words}")


def test_a_run_is_no_text(charrnn: Program, text: Path) -> None:
    charrnn("train", "text.txt", *OPTIONS, "--samples-every", "20", "--name", "shown")
    Path("checkpoints/more.txt").write_text("some more")
    done = charrnn("train", "checkpoints", "--hidden", "4", "--epochs", "1", "--val-fraction", "0")
    assert "text     checkpoints, 9 characters, " in done.err


def test_only_stderr_and_the_file_get_samples(text: Path) -> None:
    code, out, err = finish(start("-m", "charrnn", "train", "text.txt", *OPTIONS, "--samples-every", "30",
                                  folder=text.parent))
    assert (code, len(out.splitlines())) == (0, 4)
    assert "sample at step 30, epoch 0." in err


def test_of_documents_of_one_line_there_are_some(charrnn: Program, text: Path) -> None:
    done = charrnn("train", "text.txt", *OPTIONS, "--documents", "line", "--samples-every", "40", "--name", "shown")
    assert done.code == 0, done.err
    kept = HEADING.split(Path("checkpoints/shown/samples.txt").read_text(encoding="utf-8"))[4::4]
    assert kept
    for sample in kept:
        assert len(sample.removeprefix("\n").removesuffix("\n\n").split("\n")) == 5
