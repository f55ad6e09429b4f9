"""Group `phases`: where a training step's time goes, by a clock around each piece of it.

The pieces that run on all threads at once count with the mean over the threads; what is left of the step's time in
them is waiting: for the slower thread, and for threads to start.
"""

import functools
import itertools
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench import limits
from charrnn.bench.clock import median_seconds
from charrnn.bench.processes import Job
from charrnn.bench.results import Row
from charrnn.bench.shape import Shape
from charrnn.settings.bounded import PRECISIONS

# The last one is what tiny Shakespeare gets for a minute.
SHAPES = (Shape("lstm", 1, 256), Shape("lstm", 2, 512), Shape("mogrifier", 1, 512, 16, 64))
PHASES = ("forward", "output and loss", "backward", "rest of the window", "waiting", "sum of gradients", "Adam",
          "packing")
# No phase: what the step's products would take at the machine's peak.
PRODUCTS = "products at the peak"


def measure(options: Options) -> Iterator[Table]:
    """A table for each shape and precision: milliseconds of each phase."""
    for shape, precision in itertools.product(options.shapes or SHAPES, PRECISIONS):
        job = Job.of("benchmarks.phases:ours", shape, seconds=options.seconds, threads=options.threads,
                     precision=precision)
        [results] = options.turns(f"phases of {shape.name}, {precision}", [job])
        whole = statistics.median(result["step"] for result in results)
        rows = [Row("whole step", "ms", [1e3 * result["step"] for result in results])]
        for phase in (*PHASES, PRODUCTS):
            rows.append(Row(phase, "ms", [1e3 * result[phase] for result in results],
                            note=f"{statistics.median(result[phase] for result in results) / whole:.1%}"))
        yield Table(f"Phases of a step, {shape.name}, {precision}, {options.threads} threads", rows)


class Clock:
    """Adds up the time that named calls take, for each thread apart."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, int], float] = defaultdict(float)

    def watch(self, owner: type | ModuleType, method: str) -> None:
        """Puts the clock around a method of a class, or a function of a module, under the name Class.method."""
        name, original = f"{owner.__name__.rpartition('.')[2]}.{method}", getattr(owner, method)

        @functools.wraps(original)
        def timed(*args: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return original(*args, **options)
            finally:
                self.seconds[name, threading.get_ident()] += time.perf_counter() - start

        setattr(owner, method, timed)

    def total(self, name: str) -> float:
        """The seconds of all threads in `name`."""
        return sum(seconds for (called, _), seconds in self.seconds.items() if called == name)


def split(total: Callable[[str], float], shards: int, threads: int) -> dict[str, float]:
    """Seconds of each of PHASES from the totals of the methods that were watched; they add up to the step's."""
    forward, output, backward, window = (
        total(f"Shard.{method}") / shards for method in ("read", "_output", "_learn_layer", "learn"))
    gather, packing = total("updates.sum_gradients") / threads, total("Weights.refresh_part") / threads
    return {"forward": forward, "output and loss": output, "backward": backward,
            "rest of the window": window - forward - output - backward,
            "waiting": total("CompiledStreams.learn") - window,
            "sum of gradients": gather, "Adam": total("Adam.update") - gather - packing, "packing": packing}


def ours(shape: dict[str, Any], seconds: float, threads: int, precision: str) -> dict[str, float]:
    """Mean seconds a step of the whole step and of each phase, and what its products would take at the peak."""
    from charrnn.bench.ours import TrainingStep
    from charrnn.engine.compiled.optimizers import Adam
    from charrnn.engine.compiled.packed_weights import Weights
    from charrnn.engine.compiled.shard import Shard
    from charrnn.engine.compiled.streams import CompiledStreams
    from charrnn.kernels import updates
    from charrnn.training.auto_settings import fitting_shards

    step = TrainingStep(Shape(**shape), threads, precision)
    # compiles what is not compiled yet, and tells how many steps fit
    steps = max(5, int(seconds / median_seconds(step, seconds / 4)))
    clock = Clock()
    for owner, methods in ((Shard, ("read", "_output", "_learn_layer", "learn")), (CompiledStreams, ("learn",)),
                           (updates, ("sum_gradients",)), (Weights, ("refresh_part",)), (Adam, ("update",))):
        for method in methods:
            clock.watch(owner, method)
    start = time.perf_counter()
    for i in range(steps):
        step(i)
    whole = time.perf_counter() - start
    phases = split(clock.total, fitting_shards(Shape(**shape).batch, threads), threads)
    peak = limits.gflops(threads, seconds / 4, precision)
    return {"step": whole / steps, **{name: phases[name] / steps for name in PHASES},
            PRODUCTS: Shape(**shape).useful_flops() / 1e9 / peak}
