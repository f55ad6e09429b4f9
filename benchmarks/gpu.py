"""`python -m benchmarks.gpu`: training on PyTorch's devices: characters a second, and the share of the device's peak.

The peak is measured too: large matrix products of the same kind of numbers. With --text a network is also trained on it
for some minutes, and the loss that it reaches is told. Each line names the device.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from charrnn.bench.shape import VOCABULARY, Shape
from charrnn.cli.bench import ShapeType
from charrnn.engine.engines import open_engine
from charrnn.settings import TrainingSettings

NETWORKS = ((1, 1024), (2, 1024), (3, 2048))
BATCHES = (128, 256, 512, 1024)
SHAPES = tuple(Shape("lstm", layers, hidden, batch) for layers, hidden in NETWORKS for batch in BATCHES)
PEAK_SIZE = {"cpu": 1024}  # of the matrices; 8192 elsewhere


@click.command()
@click.option("--device", type=click.Choice(("auto", "cpu", "cuda", "mps")), default="auto", show_default=True)
@click.option("--shape", "shapes", type=ShapeType(), multiple=True, help="In place of the usual ones; repeatable.")
@click.option("--seconds", type=click.FloatRange(0.01, 600), default=5.0, show_default=True,
              help="How long each step is repeated.")
@click.option("--text", type=click.Path(exists=True, path_type=Path), help="A text to train on.")
@click.option("--minutes", type=click.FloatRange(0.01, 1000), default=10.0, show_default=True,
              help="How long it is trained on.")
def main(device: str, shapes: tuple[Shape, ...], seconds: float, text: Path | None, minutes: float) -> None:
    """Measure training on a device of PyTorch. Each line of the output is JSON."""
    for precision in ("float32", "bf16"):
        peak = measured_peak(device, precision)
        for shape in shapes or SHAPES:
            click.echo(json.dumps(measured_step(device, shape, precision, seconds, peak)))
    if text is not None:
        for shape in shapes or SHAPES[1::len(BATCHES)]:
            click.echo(json.dumps(measured_loss(device, shape, text, minutes)))


def measured_peak(device: str, precision: str) -> float:
    """Operations a second of large matrix products."""
    import torch

    from charrnn.engine.torch.device import open_device

    opened = open_device(device)
    size = PEAK_SIZE.get(opened.type, 8192)
    a = torch.randn(size, size, device=opened, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)
    times = []
    for _ in range(12):
        start = time.perf_counter()
        float((a @ a)[0, 0])  # waits for the device
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times[2:])


def measured_step(device: str, shape: Shape, precision: str, seconds: float, peak: float) -> dict[str, object]:
    """The median of a training step: learning a window and the update."""
    random = np.random.default_rng(1)
    engine = open_engine("torch", shape.settings(), VOCABULARY, training=TrainingSettings(precision=precision),
                         generator=random, device=device)
    streams = engine.streams(shape.batch, shape.window)
    inputs, targets = random.integers(VOCABULARY, size=(2, shape.window, shape.batch), dtype=np.int32)
    times: list[float] = []
    while len(times) < 3 or sum(times[1:]) < seconds:
        start = time.perf_counter()
        streams.learn(inputs, targets)
        engine.update(1e-3, 1.0)
        times.append(time.perf_counter() - start)
    step = statistics.median(times[1:])
    return {"device": engine.device_name or "cpu", "shape": shape.name, "precision": precision, "step_seconds": step,
            "characters_a_second": shape.characters / step, "peak": peak,
            "share_of_peak": 6 * shape.useful_weights() * shape.characters / step / peak,
            "memory": engine.memory(shape.batch, shape.window, 1)}


def measured_loss(device: str, shape: Shape, text: Path, minutes: float) -> dict[str, object]:
    """What training for so long reaches on a text."""
    import charrnn
    from charrnn.training.events import Finished

    losses: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        charrnn.train(text, folder=folder, engine="torch", device=device, cell=shape.cell, layers=shape.layers,
                      hidden=shape.hidden, batch=shape.batch, window=shape.window, minutes=minutes, precision="bf16",
                      on_event=lambda event: losses.append(event.best_loss) if isinstance(event, Finished) else None)
    return {"device": device, "shape": shape.name, "text": text.name, "minutes": minutes, "validation_nats": losses[0]}


if __name__ == "__main__":
    main()
