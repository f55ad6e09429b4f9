"""Layer cli: `charrnn bench`: how fast this machine is, and how fast charrnn is on it."""

import itertools
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from charrnn.bench.rivals import RIVALS, refuse
from charrnn.bench.shape import USUAL, Shape
from charrnn.cli.options import GroupedCommand, Whole, option, settings_from, settings_options
from charrnn.errors import SettingsError
from charrnn.settings import BenchSettings
from charrnn.settings.bounded import PRECISIONS

if TYPE_CHECKING:
    from charrnn.bench.results import Plan, Row
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
@option("--threads", type=Whole(1, 1024), metavar="INTEGER", show_default="one per core", help="threads to train on")
@option("--against", "rivals", type=click.Choice(list(RIVALS)), multiple=True,
        help="also measure PyTorch, or for sampling ONNX Runtime, where it is installed; repeatable")
@option("--json", "in_json", is_flag=True, help="print one JSON object with every round, in place of the table")
def bench(shapes: tuple[Shape, ...], threads: int | None, rivals: tuple[str, ...], in_json: bool,
          **options: Any) -> None:
    """Measure how fast this machine trains and samples.

    First its limits: how fast it multiplies and adds in float32 and bfloat16, and reads its caches and its memory.
    Then a table: each shape's rate, and its share of that peak. That takes about two minutes, more with a rival; other
    programs should be idle meanwhile.
    """
    rivals = tuple(dict.fromkeys(rivals))
    settings = settings_from(BenchSettings, options)
    refuse(rivals, shapes)
    if "onnx" in rivals and settings.precision == "bf16":
        raise SettingsError("ONNX Runtime has no recurrent layers in bf16; leave out --against onnx or --precision")
    from charrnn.bench import machine
    from charrnn.bench.results import Plan
    from charrnn.engine.threads import physical_cores
    from charrnn.render.progress import ProgressBar

    # A shape that was named twice is measured once.
    shapes = tuple(dict.fromkeys(shapes or USUAL))
    load = machine.load()
    if note := machine.load_note(load):
        print(note, file=sys.stderr)
    _announce_compiling(shapes)
    precisions = PRECISIONS if settings.precision == "both" else (settings.precision,)
    measurements = len(precisions) * (len(shapes) + len({shape.network for shape in shapes}))
    with ProgressBar(settings.rounds * (1 + measurements)) as bar:
        plan = Plan(settings.rounds, settings.seconds, threads or physical_cores(), rivals, _teller(bar))
        report = _measure(plan, list(itertools.product(shapes, precisions)), machine.describe(),
                          None if in_json else bar)
    if in_json:
        print(json.dumps({"load": load, **report}, indent=1))


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


def _measure(plan: "Plan", todo: Sequence[tuple[Shape, str]], about: dict[str, str],
             bar: "ProgressBar | None") -> dict[str, Any]:
    """Everything measured; with `bar` each line is printed above it as soon as it is known."""
    from charrnn.bench import machine, table
    from charrnn.bench.results import Measured

    def show(*lines: str) -> None:
        if bar is not None:
            bar.clear()
            print(*lines, sep="\n", flush=True)

    width = max(map(len, about)) + 2
    show(*(f"{name:{width}}{text}" for name, text in about.items()), "")
    limits = plan.limits()
    shown = table.columns([shape for shape, _ in todo], plan.rivals)
    show(*table.limit_lines(limits), "", *table.head(shown))
    streams: dict[tuple[str, str], Row] = {}  # sampling knows no batch: shapes of one network share it
    rows = []
    for shape, precision in todo:
        training, peaks = plan.training(shape, precision)
        if (shape.network, precision) not in streams:
            streams[shape.network, precision] = plan.sampling(shape, precision)
        rows.append(Measured(shape, precision, training, peaks, streams[shape.network, precision]))
        show(table.row(shown, rows[-1]))
    show("", *table.notes(plan.threads, plan.rivals))
    if note := machine.peak_note([peak for row in rows for peak in row.peaks]):
        print(note, file=sys.stderr)
    return {"machine": about, "threads": plan.threads, "rounds": plan.rounds, "seconds": plan.seconds, **limits,
            "shapes": [row.to_dict() for row in rows], "note": note or None}


def _announce_compiling(shapes: tuple[Shape, ...]) -> None:
    """Says what the first processes are going to wait for."""
    from charrnn.render.wording import note_compiling

    note_compiling([shape.settings() for shape in shapes], "backward", "generate", kernels=["multiply_and_add", "read"])
