"""Group `sampling`: characters fed back in: our compiled loop, PyTorch's eager one, and the ways to be faster yet."""

from collections.abc import Iterator
from typing import Any

from benchmarks.options import Options, tell
from benchmarks.table import Row, Table
from charrnn.bench.processes import Job, take_turns
from charrnn.bench.results import Bench, rates
from charrnn.bench.shape import Shape

# Shapes, and how many times as fast as PyTorch we mean to be.
GOALS: dict[Shape, float | None] = {
    Shape("lstm", 1, 128): 25.0,
    Shape("lstm", 1, 512): None,
    Shape("lstm", 2, 512): 10.0,
}
# Many streams at once, and how many times one stream's rate they are to make together.
STREAMS, GOAL_STREAMS = 64, {Shape("lstm", 1, 512): 8.0}


def measure(options: Options) -> Iterator[Table]:
    """Two tables: one stream beside PyTorch's; threads, bfloat16 and many streams beside one stream."""
    bench = Bench(options.rounds, options.seconds, options.threads, True, tell)
    shapes, rows, ways = options.shapes or GOALS, [], []
    for shape in shapes:
        rate = bench.sampling(shape)
        rows.append(Row(shape.network, "char/s", rate.rounds, rate.torch_rounds, "eager", goal=GOALS.get(shape),
                        note=f"PyTorch's {rate.torch_setting}"))
        ways += _ways(shape, options)
    yield Table(f"Sampling one stream, {options.threads} threads", rows)
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
    alone, *others = take_turns(f"ways to sample {shape.network}", [job(1, 1, "float32"), *ways.values()],
                                options.rounds, tell)
    for way, results in zip(ways, others, strict=True):
        yield Row(f"{shape.network}, {way}", "char/s", rates(results), rates(alone), "one stream",
                  GOAL_STREAMS.get(shape) if way == many else None)
