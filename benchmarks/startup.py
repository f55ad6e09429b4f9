"""Group `startup`: how long one waits: for kernels on a new machine, for the first step of later runs, for help.

Every process here is a fresh one, and each round keeps its machine code in a fresh folder.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.processes import ROOT, Job, failure, run, run_job, short
from charrnn.bench.results import Row
from charrnn.engine.compiled.network import Network
from charrnn.engine.engines import open_engine
from charrnn.errors import MeasurementError
from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.sampler import Sampler, generators_of
from charrnn.settings import NetworkSettings, settings_of
from charrnn.text.corpus import Corpus
from charrnn.text.shape import TextShape
from charrnn.training.auto_settings import Machine, fitting

GOAL_TRAIN, GOAL_SAMPLE, GOAL_FIRST_STEP, GOAL_FIRST_CHARACTER, GOAL_HELP = 8.0, 4.0, 2.0, 1.0, 0.5
HELPS_A_ROUND = 3
TEXT = "A tiny text is enough to start with, if only it fills a window.\n" * 100

SEVERAL: list[dict[str, object]] = [
    {"cell": cell, "layers": 2, "embedding": 4, "dropout": 0.1} for cell in ("lstm", "gru", "rnn")]
FIRST_STEP = """
import sys
import charrnn
def tell(event):
    if type(event).__name__ == "Step":
        print("step", flush=True)
charrnn.train(sys.argv[1], folder=sys.argv[2], epochs=1e-6, on_event=tell)
"""


def measure(options: Options) -> Iterator[Table]:
    """One table of seconds: of compiling alone, else from the start of a process to what is named."""
    usual, several, sample, first, character, command, helps, clicks = ([] for _ in range(8))
    for number in range(1, options.rounds + 1):
        options.tell("startup", number, options.rounds)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            text = folder / "text.txt"
            text.write_text(TEXT, encoding="utf-8")
            warm = _cache(folder / "several")
            for found, function, arguments, cache in (
                    (usual, "to_train", {"settings": [usual_settings()]}, _cache(folder / "usual")),
                    (several, "to_train", {"settings": SEVERAL}, warm),
                    (sample, "to_sample", {"cell": usual_settings()["cell"]}, _cache(folder / "sample"))):
                found.append(run_job(Job(f"benchmarks.startup:{function}", arguments, cache))["seconds"])
            train = ["-c", FIRST_STEP, str(text), str(folder / "runs")]
            # the first call compiles what automatic settings choose beyond these networks: a precision, an optimizer
            seconds_to_first_line(train, warm)
            first.append(seconds_to_first_line(train, warm))
            command.append(run(["-m", "charrnn", "train", str(text), "--epochs", "0.000001",
                                "--folder", str(folder / "runs"), "--name", "one"], warm)[1])
            # the first call compiles what sampling needs beyond training
            draw = ["-m", "charrnn", "sample", str(folder / "runs" / "one"), "--length", "1", "--prime", "tiny\n"]
            run(draw, warm)
            character.append(seconds_to_first_line(draw, warm))
        for _ in range(HELPS_A_ROUND):
            helps.append(run(["-m", "charrnn", "--help"])[1])
            clicks.append(run(["-c", "import click"])[1])
    yield Table("Startup: compiling alone, all else from the start of a fresh process", [
        Row("compile all that `train` needs with the settings that it chooses", "s", usual, goal=GOAL_TRAIN),
        Row("compile rnn, lstm and gru, with embedding and dropout", "s", several, goal=GOAL_TRAIN),
        Row("compile all that `sample` needs for such a network", "s", sample, goal=GOAL_SAMPLE),
        Row("kernels compiled before: charrnn.train() to the end of its first step", "s", first, goal=GOAL_FIRST_STEP),
        Row("kernels compiled before: `charrnn train` of one step, to its end", "s", command, goal=GOAL_FIRST_STEP),
        Row("kernels compiled before: `charrnn sample` to its first line", "s", character, goal=GOAL_FIRST_CHARACTER),
        Row("`charrnn --help`", "s", helps, {"import click": clicks}, GOAL_HELP),
    ])


def usual_settings() -> dict[str, Any]:
    """What `charrnn train` chooses for a text on this machine."""
    shape = TextShape.of(Corpus.of(TEXT))
    chosen, _ = fitting({}, shape, Machine.here(shape))
    return chosen


def to_train(settings: list[dict[str, Any]]) -> dict[str, float]:
    """The seconds that compiling all takes that training with such settings needs."""
    every = [settings_of(one) for one in settings]
    start = time.perf_counter()
    for one in every:
        open_engine("compiled", one.network, 2, training=one.training).precompile()
    return {"seconds": time.perf_counter() - start}


def to_sample(cell: str) -> dict[str, float]:
    """The seconds until a network that was not compiled has drawn a character."""
    start = time.perf_counter()
    network = Network(NetworkSettings(cell=cell, hidden=1), 2, np.random.default_rng(0))
    sampler = Sampler(network.settings, network.weights)
    sampler.begin(np.zeros((1, 1), np.int32))
    next(sampler.stream(1, generators_of(0, 1), SamplingRule()))
    return {"seconds": time.perf_counter() - start}


def _cache(folder: Path) -> dict[str, str]:
    """Variables that make `folder` the place for compiled kernels, on every system."""
    folder.mkdir(exist_ok=True)
    # NUMBA_CACHE_DIR goes before all of them, were it set.
    return {"XDG_CACHE_HOME": str(folder), "LOCALAPPDATA": str(folder), "NUMBA_CACHE_DIR": str(folder)}


def seconds_to_first_line(arguments: Sequence[str], variables: Mapping[str, str]) -> float:
    """The seconds from Python's start with these arguments to the first line that it prints."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               encoding="utf-8", env={**os.environ, **variables})
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
        _, errors = process.communicate()
    if process.returncode or not line:
        raise MeasurementError(failure(short(arguments), process.returncode, errors))
    return seconds
