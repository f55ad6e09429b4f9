"""Group `sampling`: one stream of characters, each fed back in: our compiled loop and PyTorch's eager one."""

from collections.abc import Iterator

from benchmarks.options import Options, tell
from benchmarks.table import Row, Table
from charrnn.bench.results import Bench
from charrnn.bench.shape import Shape

# Shapes, and how many times as fast as PyTorch we mean to be.
GOALS: dict[Shape, float | None] = {
    Shape("lstm", 1, 128): 25.0,
    Shape("lstm", 1, 512): None,
    Shape("lstm", 2, 512): 10.0,
}


def measure(options: Options) -> Iterator[Table]:
    """One table: characters a second in one stream."""
    bench = Bench(options.rounds, options.seconds, options.threads, True, tell)
    rows = []
    for shape in options.shapes or GOALS:
        rate = bench.sampling(shape)
        rows.append(Row(shape.network, "char/s", rate.rounds, rate.torch_rounds, "eager", goal=GOALS.get(shape),
                        note=f"PyTorch's {rate.torch_setting}"))
    yield Table("Sampling one stream, ours on one thread", rows)
