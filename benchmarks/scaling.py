"""Group `scaling`: what a second thread brings, and how a step's cost grows with window, batch and layers."""

import dataclasses
import statistics
from collections.abc import Iterator, Sequence

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.processes import Job
from charrnn.bench.results import Row
from charrnn.bench.shape import Shape

SHAPES = (Shape("lstm", 1, 256), Shape("lstm", 2, 256), Shape("lstm", 1, 512))
# A second thread is to bring so much; a third and more have no goal.
GOAL_TWO_THREADS = 1.85

# What grows, over which values, from which shape; and the two values that the straight line goes through. No characters
# cost nothing; no layers do not, since a first layer looks its input up and costs less than the others.
GROWTHS = {"window": (25, 50, 100, 200), "batch": (16, 32, 64, 128), "layers": (1, 2, 3, 4)}
LINES = {"window": (0, 100), "batch": (0, 64), "layers": (1, 3)}
GROWING = Shape("lstm", 1, 256)

# Batches that divide by nothing, and the two neighbours that say what they ought to cost.
ODD_BATCHES = {1: (2, 4), 7: (6, 8), 61: (60, 64)}
GOAL_ODD = 0.85


def measure(options: Options) -> Iterator[Table]:
    """Three tables: threads, growth, and odd batches."""
    if options.threads > 1:
        yield _threads(options)
    yield Table(f"Growth of a step from {GROWING.name}, {options.threads} threads",
                [row for what in GROWTHS for row in _growth(what, options)],
                ["1.00x everywhere is linear growth. The line of window and of batch goes through nothing and the "
                 "third value; that of layers through 1 and 3, for a first layer, whose input is looked up, costs "
                 "less than a further one. The update costs the same whatever a step's size; so small ones lose."])
    yield Table(f"Batches that divide by nothing, from {GROWING.name}, {options.threads} threads",
                [_odd_batch(batch, options) for batch in ODD_BATCHES],
                ["The rival is what a straight line through the neighbours' times gives. Below 1 there is none, so 1 "
                 "is held to 2 and 4: much of what a step of few sequences costs is reading weights, which they "
                 "share."])


def _threads(options: Options) -> Table:
    rows = []
    for shape in options.shapes or SHAPES:
        one, all_ = _step_seconds(f"threads 1 and {options.threads}, {shape.name}", [shape, shape], options,
                                  [1, options.threads])
        rows.append(Row(shape.name, "char/s", [shape.characters / seconds for seconds in all_],
                        {"1 thread": [shape.characters / seconds for seconds in one]},
                        GOAL_TWO_THREADS if options.threads == 2 else None))
    return Table(f"Training on {options.threads} threads", rows)


def _growth(what: str, options: Options) -> Iterator[Row]:
    values = GROWTHS[what]
    shapes = [dataclasses.replace(GROWING, **{what: value}) for value in values]
    found = dict(zip(values, _step_seconds(f"growth with {what}", shapes, options, [options.threads] * len(shapes)),
                     strict=True))
    found[0] = [0.0] * options.rounds
    at = LINES[what]
    for value in values:
        yield Row(f"{what} {value}", "ms", [1e3 * seconds for seconds in found[value]],
                  {"line": [1e3 * seconds for seconds in line(at, [found[point] for point in at], value)]})


def _odd_batch(batch: int, options: Options) -> Row:
    low, high = ODD_BATCHES[batch]
    shapes = [dataclasses.replace(GROWING, batch=size) for size in (batch, low, high)]
    odd, *neighbours = _step_seconds(f"batch {batch} beside {low} and {high}", shapes, options,
                                     [options.threads] * len(shapes))
    each = [statistics.median(times) / shape.batch for times, shape in zip((odd, *neighbours), shapes, strict=True)]
    return Row(f"batch {batch}", "char/s", [shapes[0].characters / seconds for seconds in odd],
               {f"{low} and {high}": [shapes[0].characters / seconds
                                  for seconds in line((low, high), neighbours, batch)]}, GOAL_ODD,
               "ms a sequence: " + ", ".join(f"{1e3 * seconds:.3g} with {shape.batch}"
                                             for seconds, shape in zip(each, shapes, strict=True)))


def line(at: Sequence[int], found: Sequence[Sequence[float]], where: int) -> list[float]:
    """Round by round what a straight line through the values found at the two points `at` is at `where`."""
    (first, second), (low, high) = at, found
    return [a + (b - a) * (where - first) / (second - first) for a, b in zip(low, high, strict=True)]


def _step_seconds(what: str, shapes: Sequence[Shape], options: Options, threads: Sequence[int]) -> list[list[float]]:
    """Each shape's seconds a step, round by round, the shapes in turn."""
    jobs = [Job.of("charrnn.bench.ours:train", shape, seconds=options.seconds, threads=count)
            for shape, count in zip(shapes, threads, strict=True)]
    return [[result["seconds"] for result in results] for results in options.turns(what, jobs)]
