"""`python -m benchmarks.processes`: what further processes bring to training on this machine's CPU, one thread each.

Strong scaling shares one batch among them, weak scaling gives each of them as large a one. Beside the time of a step
stand the size of the gradients and the time of adding them up, for which the processes wait. On a machine that does
other things too only cpu_seconds, the processor's time for a step, and the least time of adding up mean something.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time

import click
import numpy as np

from charrnn.bench.shape import VOCABULARY, Shape
from charrnn.cli.bench import ShapeType
from charrnn.engine.engines import open_engine
from charrnn.settings import TrainingSettings, WindowSettings
from charrnn.text.windows import training_windows

CUT_ROWS, CUT_FROM = (1024, 8192, 65_536), 100_000_000  # rows of a window, and the bytes of the text
SHAPES = (Shape("lstm", 1, 256, 32, 64), Shape("lstm", 2, 512, 32, 64))


@click.command()
@click.option("--shape", "shapes", type=ShapeType(), multiple=True, default=SHAPES, help="What one process trains; "
              "repeatable.")
@click.option("--processes", "counts", type=click.IntRange(1, 1024), multiple=True, default=(1, 2), show_default=True)
@click.option("--steps", type=click.IntRange(1, 100_000), default=10, show_default=True, help="That are timed.")
def main(shapes: tuple[Shape, ...], counts: tuple[int, ...], steps: int) -> None:
    """Measure training in several processes. Each line of the output is JSON."""
    for shape in shapes:
        for count in counts:
            for scaling, batch in (("strong", shape.batch), ("weak", shape.batch * count)):
                click.echo(json.dumps({"scaling": scaling, **together(count, shape, batch, steps)}))
    for rows in CUT_ROWS:
        click.echo(json.dumps(cut(rows, 64, steps)))


def cut(rows: int, window: int, steps: int) -> dict[str, object]:
    """The processor's time for cutting a window from a text in memory, which every process does whole."""
    ids = np.zeros(CUT_FROM, np.uint8)
    cutter = training_windows(ids, WindowSettings(batch=rows, window=window), np.random.default_rng(1))
    times = []
    for _ in range(steps + 1):
        start = time.process_time()
        cutter.next_window()
        times.append(time.process_time() - start)
    return {"cut": f"{rows} x {window}", "cpu_seconds": statistics.median(times[1:])}


def together(count: int, shape: Shape, batch: int, steps: int) -> dict[str, object]:
    """What rank 0 of so many processes measured."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    given = json.dumps([shape.cell, shape.layers, shape.hidden, batch, shape.window])
    started = [subprocess.Popen(
        [sys.executable, "-c", f"from benchmarks.processes import one; one({given!r}, {steps})"], env={
            **os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "RANK": str(rank),
            "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, text=True) for rank in range(count)]
    outputs = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise click.ClickException("a process failed; see above")
    measured: dict[str, object] = json.loads(outputs[0])
    return measured


def one(given: str, steps: int) -> None:
    """Measures in this process, which is one of several; prints JSON."""
    import torch

    shape, random = Shape(*json.loads(given)), np.random.default_rng(1)
    engine = open_engine("torch", shape.settings(), VOCABULARY, training=TrainingSettings(), generator=random,
                         device="cpu")
    streams, size = engine.streams(shape.batch, shape.window), engine.rank.size
    inputs, targets = random.integers(VOCABULARY, size=(2, shape.window, shape.batch), dtype=np.int32)
    times, waits, cpu = [], [], []
    for _ in range(steps + 1):
        start, cpu_start = time.perf_counter(), time.process_time()
        streams.learn(inputs, targets)
        engine.update(1e-3, 1.0)
        times.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    if size > 1:
        from charrnn.engine.torch.processes import Processes

        flat = torch.zeros(engine.parameter_count)
        for _ in range(steps + 1):
            start = time.perf_counter()
            Processes.joined().add_up([flat])
            waits.append(time.perf_counter() - start)
    step = statistics.median(times[1:])
    print(json.dumps({
        "shape": shape.name, "processes": size, "step_seconds": step, "characters_a_second": shape.characters / step,
        "cpu_seconds": statistics.median(cpu[1:]), "gradient_megabytes": 4 * engine.parameter_count / 1e6,
        "add_up_seconds": statistics.median(waits[1:]) if waits else 0.0,
        "least_add_up_seconds": min(waits[1:], default=0.0), "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main()
