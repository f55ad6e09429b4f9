"""Group `quality`: what the defaults make of Shakespeare in a minute, through the real commands."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.options import Options, tell
from benchmarks.table import Row, Table
from charrnn.bench.processes import run

GOAL_NATS = 1.60
# the text that the goal is for: tinyshakespeare, 1,115,394 characters
TINYSHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
SAMPLE = 300


def measure(options: Options) -> Iterator[Table]:
    """One table: the lowest validation loss of one training; under it what the network writes then."""
    assert options.text is not None
    known = hashlib.sha256(options.text.read_bytes()).hexdigest() == TINYSHAKESPEARE
    with tempfile.TemporaryDirectory() as folder:
        tell(f"quality, {options.minutes:g} min of training", 1, 1)
        run(["-m", "charrnn", "train", str(options.text.resolve()), "--minutes", str(options.minutes),
             "--val-fraction", "0.1", "--folder", folder, "--name", "quality"])
        lines = (Path(folder) / "quality" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        sample, _ = run(["-m", "charrnn", "sample", str(Path(folder) / "quality"), "--length", str(SAMPLE),
                         "--seed", "1"])
    losses, steps = validation_losses(lines)
    goal = GOAL_NATS if known and options.minutes == 1.0 else None
    yield Table(f"Quality, the defaults for {options.minutes:g} min, the last tenth kept for validation", [
        Row(options.text.stem, "nats", [min(losses)], goal=goal,
            note=f"a character; best of {len(losses)} validations in {steps:,} steps")],
        [*([] if known else ["This text is not tinyshakespeare, which the goal is for.", ""]), "What it writes:", "",
         sample])


def validation_losses(lines: list[str]) -> tuple[list[float], int]:
    """The losses in a run's metrics.jsonl, and the number of its last step."""
    points = [json.loads(line) for line in lines]
    return [point["val_loss"] for point in points if point["val_loss"] is not None], points[-1]["step"]
