"""Group `quality`: what a preset makes of Shakespeare in so many minutes, through the real commands."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.options import Options, tell
from benchmarks.table import Row, Table
from charrnn.bench.processes import run

# Minutes -> nats that the defaults are to reach. nanoGPT's recipe for a CPU is said to take 74 s to 1.886, of which
# 0.123 minutes are a tenth; 1.4697 is what its 10.65 M parameters reach in 3 minutes on an A100 (its README).
GOALS = {0.123: 1.886, 1.0: 1.54, 3.0: 1.49, 8.0: 1.4697}
GOAL_BEST = 1.44
# the text that the goals are for: tinyshakespeare, 1,115,394 characters
TINYSHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
SAMPLE = 300


def measure(options: Options) -> Iterator[Table]:
    """One table: the lowest validation loss of each training; under it what the last network writes then."""
    assert options.text is not None
    known = hashlib.sha256(options.text.read_bytes()).hexdigest() == TINYSHAKESPEARE
    rows, sample = [], ""
    for number, minutes in enumerate(options.minutes, start=1):
        tell(f"quality, {_words(minutes, options.preset)}", number, len(options.minutes))
        losses, steps, sample = _trained(options.text.resolve(), minutes, options.preset)
        goal = GOAL_BEST if options.preset == "best" else GOALS.get(minutes)
        rows.append(Row(_words(minutes, options.preset), "nats", [min(losses)], goal=goal if known else None,
                        note=f"a character; best of {len(losses)} validations in {steps:,} steps"))
    yield Table(f"Quality on {options.text.stem}, the last tenth kept for validation", rows, [
        *([] if known else ["This text is not tinyshakespeare, which the goals are for.", ""]), "What it writes:", "",
        sample])


def _words(minutes: float, preset: str) -> str:
    return f"preset {preset}" + (f", {minutes:g} min" if minutes else "")


def _trained(text: Path, minutes: float, preset: str) -> tuple[list[float], int, str]:
    """The losses of a run's validations, the number of its steps, and a sample."""
    with tempfile.TemporaryDirectory() as folder:
        run(["-m", "charrnn", "train", str(text), "--preset", preset, "--val-fraction", "0.1", "--folder", folder,
             "--name", "quality", *(["--minutes", str(minutes)] if minutes else [])])
        lines = (Path(folder) / "quality" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        sample, _ = run(["-m", "charrnn", "sample", str(Path(folder) / "quality"), "--length", str(SAMPLE),
                         "--seed", "1"])
    return *validation_losses(lines), sample


def validation_losses(lines: list[str]) -> tuple[list[float], int]:
    """The losses in a run's metrics.jsonl, and the number of its last step."""
    points = [json.loads(line) for line in lines]
    return [point["val_loss"] for point in points if point["val_loss"] is not None], points[-1]["step"]
