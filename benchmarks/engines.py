"""`python -m benchmarks.engines`: the cells on our kernels and on PyTorch, on one thread of the CPU.

What counts is the processor's time, so that other programs on the machine disturb little. Each line is JSON.
"""

import json
import statistics
import time
from dataclasses import replace

import click
import numpy as np

from charrnn.bench.shape import VOCABULARY, Shape
from charrnn.cli.bench import ShapeType
from charrnn.engine.engines import open_engine
from charrnn.settings import TrainingSettings

SHAPES = (*(Shape("lstm", 1, hidden) for hidden in (128, 256, 512)),
          *(Shape(cell, 1, 256) for cell in ("gru", "rnn", "mogrifier", "peephole", "gru-original")))


@click.command()
@click.option("--shape", "shapes", type=ShapeType(), multiple=True, help="In place of the usual ones; repeatable.")
@click.option("--seconds", type=click.FloatRange(0.01, 600), default=2.0, show_default=True,
              help="Processor time for which each step is repeated.")
@click.option("--precision", type=click.Choice(("float32", "bf16")), default="float32", show_default=True)
@click.option("--dropout", type=click.FloatRange(0, 0.9), default=0.0, show_default=True)
@click.option("--documents", is_flag=True, help="One character in 65 begins a document.")
@click.option("--loop", is_flag=True, help="Also PyTorch's own cells as the loop that the others are.")
def main(shapes: tuple[Shape, ...], seconds: float, precision: str, dropout: float, documents: bool,
         loop: bool) -> None:
    """Measure training steps: characters for each second of processor time."""
    training, start = TrainingSettings(precision=precision), 3 if documents else -1
    for shape in shapes or SHAPES:
        found = {name: rate(name, shape, training, dropout, start, seconds) for name in ("compiled", "torch")}
        if loop:
            from charrnn.engine.torch import layers

            own = layers.MODULES.pop(shape.cell, None)
            found["loop"] = rate("torch", shape, training, dropout, start, seconds)
            layers.MODULES.update({shape.cell: own} if own else {})
        click.echo(json.dumps({"shape": shape.name, "precision": precision, "dropout": dropout,
                               "documents": documents, **{name: round(value) for name, value in found.items()}}))


def rate(name: str, shape: Shape, training: TrainingSettings, dropout: float, start: int, seconds: float) -> float:
    """Characters for each second of processor time, in the median of the steps."""
    random, network = np.random.default_rng(1), replace(shape.settings(), dropout=dropout)
    engine = open_engine(name, network, VOCABULARY, training=training, generator=random, start=start, device="cpu")
    engine.precompile()
    streams = engine.streams(shape.batch, shape.window)
    inputs, targets = random.integers(VOCABULARY, size=(2, shape.window, shape.batch), dtype=np.int32)
    keys = np.zeros(shape.layers, np.uint32) if dropout else None
    times: list[float] = []
    while len(times) < 4 or sum(times[1:]) < seconds:
        began = time.process_time()
        streams.learn(inputs, targets, keys)
        engine.update(1e-3, 1.0)
        times.append(time.process_time() - began)
    return shape.characters / statistics.median(times[1:])


if __name__ == "__main__":
    main()
