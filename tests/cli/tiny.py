"""A text and a network small enough to be trained in a fraction of a second."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from charrnn.runs.run import Run
from charrnn.settings import NetworkSettings, Settings, TrainingSettings, WindowSettings
from charrnn.text.corpus import Corpus, read_corpus

ROOT = Path(__file__).parents[2]
_WORDS = "the cat sat on a mat and then it ran to see what was there in the box".split()
_random = random.Random(1)
TEXT = "\n".join(" ".join(_random.choices(_WORDS, k=8)) + "." for _ in range(60))
# Stated in full, so that no test depends on a default.
SETTINGS = Settings(NetworkSettings(hidden=8, dropout=0.0), WindowSettings(batch=2, window=10, val_fraction=0.1),
                    TrainingSettings(lr=0.01, epochs=1.0, validations=4, shards=2))
# The same for the command line.
OPTIONS = ("--layers", "1", "--hidden", "8", "--batch", "2", "--window", "10", "--dropout", "0", "--lr", "0.01",
           "--epochs", "1", "--validations", "4", "--shards", "2", "--precision", "float32", "--averaging", "0",
           "--recurrent-dropout", "0")


def train_tiny(runs: Path, settings: Settings = SETTINGS, name: str = "tiny") -> Path:
    """The folder of a finished run on TEXT, which claims to come from text.txt in the current folder."""
    with Run.start(Corpus.of(TEXT, ["text.txt"]), settings, name, runs) as run:
        for _ in run.events():
            pass
    return run.folder


def tiny_corpus() -> Corpus:
    """TEXT from text.txt in the current folder, which is written if it is not there."""
    path = Path("text.txt")
    if not path.exists():
        path.write_text(TEXT, encoding="utf-8")
    return read_corpus([str(path)])


def start(*arguments: str, folder: Path, **options: Any) -> "subprocess.Popen[str]":
    """Python, started in `folder` with the package of this checkout, its streams in pipes of ours."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **options.pop("env", {})}
    return subprocess.Popen([sys.executable, *arguments], cwd=folder, env=environment, text=True, **{
        "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})


def finish(process: "subprocess.Popen[str]", seconds: float = 300) -> tuple[int, str, str]:
    """The exit code of a started process, its stdout and its stderr."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err
