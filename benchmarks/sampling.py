"""Group `sampling`: characters fed back in: our compiled loop, the rivals' loops, and the ways to be faster yet."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.processes import Job
from charrnn.bench.results import Row, rates
from charrnn.bench.rivals import RIVALS
from charrnn.bench.shape import Shape
from charrnn.settings.bounded import PRECISIONS

# Shapes, and how many times as fast as ONNX Runtime, the fastest rival, we mean to be in float32.
GOALS: dict[Shape, float | None] = {
    Shape("lstm", 1, 128): None,
    Shape("lstm", 1, 512): None,
    Shape("lstm", 2, 512): 2.0,
}
# Many streams at once, and how many times one stream's rate they are to make together.
STREAMS, GOAL_STREAMS = 64, {Shape("lstm", 1, 512): 8.0}


def measure(options: Options) -> Iterator[Table]:
    """Two tables: one stream beside each rival's; threads, bfloat16 and many streams beside one stream."""
    rows: list[Row] = []
    ways: list[Row] = []
    for shape in options.shapes or GOALS:
        for precision in PRECISIONS:
            row = options.sampling(shape, precision)
            beside = [dataclasses.replace(row.against(RIVALS[rival].name), goal=GOALS.get(shape) if (
                rival, precision) == ("onnx", "float32") else None) for rival in options.rivals]
            rows += [one for one in beside if one.rivals]
        ways += _ways(shape, options)
    yield Table(f"Sampling one stream, {options.threads} threads", rows,
                ["ONNX Runtime and PyTorch are called once a character, by a loop in Python; each with the fastest of "
                 "its settings, and PyTorch in the faster of its forms."])
    yield Table("Ways to sample, beside one stream on one thread", ways,
                ["Threads that share a stream read a part of the weights each; many streams share what is read."])


def _ways(shape: Shape, options: Options) -> Iterator[Row]:
    def job(threads: int, streams: int, precision: str) -> Job:
        arguments: dict[str, Any] = {"threads": threads, "streams": streams, "precision": precision}
        return Job.of("charrnn.bench.ours:sample", shape, seconds=options.seconds, **arguments)

    many = f"{STREAMS} streams, {options.threads} threads"
    ways = {f"{options.threads} threads": job(options.threads, 1, "float32"), "bf16": job(1, 1, "bf16"),
            f"{options.threads} threads, bf16": job(options.threads, 1, "bf16"),
            many: job(options.threads, STREAMS, "float32"), f"{many}, bf16": job(options.threads, STREAMS, "bf16")}
    alone, *others = options.turns(f"ways to sample {shape.network}", [job(1, 1, "float32"), *ways.values()])
    for way, results in zip(ways, others, strict=True):
        yield Row(f"{shape.network}, {way}", "char/s", rates(results), {"one stream": rates(alone)},
                  GOAL_STREAMS.get(shape) if way == many else None)
