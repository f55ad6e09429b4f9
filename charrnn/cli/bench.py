"""Layer cli: `charrnn bench`: how fast this machine is, and how fast charrnn is on it."""

import importlib.util
import itertools
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from charrnn.bench.shape import RIVAL_CELLS, USUAL, Shape
from charrnn.cli.options import GroupedCommand, Whole, option, settings_from, settings_options
from charrnn.errors import MeasurementError, SettingsError
from charrnn.settings import BenchSettings

if TYPE_CHECKING:
    from charrnn.bench.results import Bench
    from charrnn.render.progress import ProgressBar


class ShapeType(click.ParamType):
    """A shape as people write it."""

    name = "shape"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shape:
        try:
            return value if isinstance(value, Shape) else Shape.parse(value)
        except SettingsError as error:
            self.fail(str(error), param, ctx)


@click.command(cls=GroupedCommand)
@option("--shape", "shapes", type=ShapeType(), multiple=True, metavar="SHAPE",
        help="measure this instead of the usual shapes: cell, layers x hidden, batch x window, as in "
             "lstm-2x256-64x100; repeatable")
@settings_options(BenchSettings)
@option("--threads", type=Whole(1, 1024), metavar="INTEGER", show_default="one a core", help="threads to train on")
@option("--against", type=click.Choice(["torch"]), help="measure PyTorch too, in turn, where it is installed")
@option("--json", "in_json", is_flag=True, help="print one JSON object with every round, in place of the table")
def bench(shapes: tuple[Shape, ...], threads: int | None, against: str | None, in_json: bool, **options: Any) -> None:
    """Measure how fast this machine trains and samples.

    First its limits: how fast it multiplies and adds in float32, and reads its caches and its memory. Then a table:
    each shape's rate, and its share of that peak. That takes about two minutes, more with PyTorch; other programs
    should be idle meanwhile.
    """
    if against and importlib.util.find_spec("torch") is None:
        raise MeasurementError("PyTorch is not installed; pip install torch installs it, or leave --against out")
    if against and (alone := [shape for shape in shapes if shape.cell not in RIVAL_CELLS]):
        raise MeasurementError(f"PyTorch has no {alone[0].cell}; leave out that shape, or --against")
    settings = settings_from(BenchSettings, options)
    from charrnn.bench import machine
    from charrnn.bench.results import Bench
    from charrnn.engine.threads import physical_cores
    from charrnn.render.progress import ProgressBar

    # A shape that was named twice is measured once.
    shapes = tuple(dict.fromkeys(shapes or USUAL))
    load = machine.load()
    if note := machine.load_note(load):
        print(note, file=sys.stderr)
    _announce_compiling(shapes)
    with ProgressBar(settings.rounds * (1 + len(shapes) + len({shape.network for shape in shapes}))) as bar:
        plan = Bench(settings.rounds, settings.seconds, threads or physical_cores(), bool(against), _teller(bar),
                     settings.precision)
        report = _measure(plan, shapes, machine.describe(), load, None if in_json else bar)
    if in_json:
        print(json.dumps(report, indent=1))


def _teller(bar: "ProgressBar") -> Callable[[str, int, int], None]:
    """Called at the start of each round: moves the bar, or where there is none prints a line for each thing measured.
    """
    done = itertools.count()

    def tell(what: str, number: int, rounds: int) -> None:
        if bar.is_shown:
            bar.show(next(done), words=f"{what}, round {number} of {rounds}", now=True)
        elif number == 1:
            print(f"measuring {what}", file=sys.stderr, flush=True)

    return tell


def _measure(plan: "Bench", shapes: tuple[Shape, ...], about: dict[str, str], load: float,
             bar: "ProgressBar | None") -> dict[str, Any]:
    """Everything measured; with `bar` each line is printed above it as soon as it is known."""
    from charrnn.bench import machine, table
    from charrnn.bench.results import Measured, Rate

    def show(*lines: str) -> None:
        if bar is not None:
            bar.clear()
            print(*lines, sep="\n", flush=True)

    width = max(map(len, about)) + 2
    show(*(f"{name:{width}}{text}" for name, text in about.items()), "")
    limits = plan.limits()
    shown = table.columns(shapes, plan.torch)
    show(*table.limit_lines(limits), "", *table.head(shown))
    streams: dict[str, Rate] = {}  # sampling knows no batch: shapes of one network share it
    rows: list[Measured] = []
    for shape in shapes:
        rate, peaks = plan.training(shape)
        if shape.network not in streams:
            streams[shape.network] = plan.sampling(shape)
        rows.append(Measured(shape, rate, peaks, streams[shape.network], 2 if plan.precision == "bf16" else 4))
        show(table.row(shown, rows[-1]))
    show("", *table.notes(plan.threads, plan.torch, plan.precision))
    if note := machine.peak_note([peak for row in rows for peak in row.peaks]):
        print(note, file=sys.stderr)
    return {"machine": about, "load": load, "threads": plan.threads, "rounds": plan.rounds, "seconds": plan.seconds,
            "precision": plan.precision, **limits, "shapes": [row.to_dict() for row in rows], "note": note or None}


def _announce_compiling(shapes: tuple[Shape, ...]) -> None:
    """Says what the first processes are going to wait for."""
    from charrnn.render.wording import note_compiling

    note_compiling([shape.cell for shape in shapes], "backward", "generate", kernels=["multiply_and_add", "read"])
