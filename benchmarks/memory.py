"""Group `memory`: what training takes: beside the published formula, and on a text of a gigabyte."""

import itertools
import os
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.processes import Job, take_turns
from charrnn.bench.results import Row
from charrnn.bench.shape import VOCABULARY, Shape

SHAPES = (Shape("lstm", 1, 256), Shape("lstm", 2, 512), Shape("gru", 2, 256), Shape("rnn", 1, 256))
GOAL_SHARE, GOAL_READY, GOAL_RESIDENT = 0.98, 25.0, 600.0
GIGABYTE, STEPS = 10**9, 100


def measure(options: Options) -> Iterator[Table]:
    """Two tables: buffers beside the formula; a huge text."""
    rows = []
    for shape in options.shapes or SHAPES:
        [[result]] = take_turns(f"buffers of {shape.name}", [Job.of("benchmarks.memory:taken", shape)], 1, options.tell)
        rows.append(Row(shape.name, "MB", [result["taken"] / 1e6], {"formula": [result["formula"] / 1e6]}, GOAL_SHARE))
    yield Table("What training keeps from step to step", rows, [
        "The formula stands in charrnn/engine/compiled/memory.py."])
    if sys.platform == "win32":
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "huge.txt"
        write_words(path, GIGABYTE)
        small = Path(folder) / "small.txt"
        write_words(small, 1_000_000)
        jobs = [Job("benchmarks.memory:read_and_train", {"path": str(name)}) for name in (path, small)]
        huge, little = options.turns("a text of 1 GB", jobs)
    yield Table(f"A text of 1 GB, the default network, {STEPS} steps", [
        Row("until the text is ready", "s", [result["ready"] for result in huge], goal=GOAL_READY),
        Row("resident memory at most", "MB", [result["resident"] for result in huge], goal=GOAL_RESIDENT),
        Row("the same with 1 MB of text", "MB", [result["resident"] for result in little]),
        Row("on disk for a character", "bytes", [result["bytes"] for result in huge], goal=1.0),
    ])


def write_words(path: Path, size: int) -> None:
    """A file of so many bytes: words drawn from a few hundred, in lines."""
    random = np.random.default_rng(1)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    words = ["".join(random.choice(letters, length)) for length in random.integers(1, 11, 300)]
    block = "".join(word + end for word, end in zip(
        random.choice(words, 200_000), itertools.cycle([" "] * 11 + ["\n"]), strict=False)).encode()
    with open(path, "wb") as file:
        for start in range(0, size, len(block)):
            file.write(block[: size - start])


def taken(shape: dict[str, Any]) -> dict[str, int]:
    """Bytes that Python was given for a network, its optimizer and its buffers, and what the formula says."""
    from charrnn.engine.compiled.engine import CompiledEngine
    from charrnn.engine.compiled.memory import BatchShape, training_bytes
    from charrnn.engine.compiled.network import Network
    from charrnn.engine.compiled.optimizers import Adam
    from charrnn.engine.compiled.streams import CompiledStreams
    from charrnn.settings import TrainingSettings

    measured = Shape(**shape)
    settings = measured.settings()
    CompiledEngine(settings, VOCABULARY, TrainingSettings()).precompile()
    tracemalloc.start()
    network = Network(settings, VOCABULARY, np.random.default_rng(1), 2)
    batch = CompiledStreams(network, measured.batch, measured.window, 2)
    gradients, optimizer = network.gradients_of(len(batch.shards)), Adam(network)
    size, _ = tracemalloc.get_traced_memory()
    del gradients, optimizer
    formula = training_bytes(settings, VOCABULARY, network.parameters.flat.size,
                             BatchShape(measured.batch, measured.window, 2), 2)
    return {"taken": size, "formula": formula}


def read_and_train(path: str) -> dict[str, float]:
    """Seconds until a text is ready, then the most memory that was resident in reading it and in some steps."""
    from charrnn.runs.run import Run
    from charrnn.settings import Settings
    from charrnn.text.corpus import read_corpus
    from charrnn.training.events import Step

    os.environ["CHARRNN_CACHE_GB"] = "0"  # each round reads the text, and leaves nothing behind
    start = time.perf_counter()
    corpus = read_corpus([path])
    ready = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder, Run.start(corpus, Settings(), "run", folder) as run:
        steps = (event for event in run.events() if isinstance(event, Step))
        for _ in itertools.islice(steps, STEPS):
            pass
    unit = 1 if sys.platform == "darwin" else 1024
    return {"ready": ready, "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6,
            "bytes": corpus.ids.bytes_each}
