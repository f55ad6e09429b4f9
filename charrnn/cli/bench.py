"""Layer cli: `charrnn bench`: what this machine can do, and what charrnn makes of it."""

import importlib.util
import json
import sys
from typing import TYPE_CHECKING, Any

import click

from charrnn.bench.shape import RIVAL_CELLS, USUAL, Shape
from charrnn.cli.options import SettingOption, Whole, settings_from, settings_options
from charrnn.errors import MeasurementError, SettingsError
from charrnn.settings import BenchSettings

if TYPE_CHECKING:
    from charrnn.bench.results import Bench


class ShapeType(click.ParamType):
    """A shape as people write it."""

    name = "shape"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shape:
        try:
            return value if isinstance(value, Shape) else Shape.parse(value)
        except SettingsError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option("--shape", "shapes", type=ShapeType(), multiple=True, metavar="SHAPE",
              help="measure this in place of the usual shapes: cell, layers x hidden, batch x window, as in "
                   "lstm-2x256-64x100; may be given again")
@settings_options(BenchSettings)
@click.option("--threads", cls=SettingOption, type=Whole(1, 1024), metavar="INTEGER", show_default="one a core",
              help="threads to train on")
@click.option("--against", type=click.Choice(["torch"]), help="measure PyTorch too, in turn, where it is installed")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object, every round in it, in place of the table")
def bench(shapes: tuple[Shape, ...], threads: int | None, against: str | None, as_json: bool, **options: Any) -> None:
    """Measure how fast this machine trains and samples.

    First what it can do at most: multiply and add in float32, and read its caches and its memory. Then a table: each
    shape's rate, and how much of that peak it takes. That takes about two minutes, more with PyTorch; other programs
    should rest meanwhile.
    """
    if against and importlib.util.find_spec("torch") is None:
        raise MeasurementError("PyTorch is not installed; pip install torch installs it, or leave --against out")
    if against and (alone := [shape for shape in shapes if shape.cell not in RIVAL_CELLS]):
        raise MeasurementError(f"PyTorch has no {alone[0].cell}; leave out that shape, or --against")
    settings = settings_from(BenchSettings, options)
    from charrnn.bench import machine
    from charrnn.bench.results import Bench
    from charrnn.engine.threads import physical_cores

    # A shape that was named twice is measured once.
    shapes = tuple(dict.fromkeys(shapes or USUAL))
    load = machine.load()
    if note := machine.load_note(load):
        print(note, file=sys.stderr)
    _announce_compiling(shapes)
    progress = Progress(settings.rounds * (1 + len(shapes) + len({shape.network for shape in shapes})))
    plan = Bench(settings.rounds, settings.seconds, threads or physical_cores(), bool(against), progress.tell,
                 settings.precision)
    try:
        report = _measure(plan, shapes, machine.describe(), load, None if as_json else progress)
    finally:
        progress.close()
    if as_json:
        print(json.dumps(report, indent=1))


def _measure(plan: "Bench", shapes: tuple[Shape, ...], about: dict[str, str], load: float,
             progress: "Progress | None") -> dict[str, Any]:
    """Everything measured; with `progress` each line is printed as soon as it is known."""
    from charrnn.bench import machine, table
    from charrnn.bench.results import Measured, Rate

    def show(*lines: str) -> None:
        if progress is not None:
            progress.clear()
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
    from charrnn.cells import registry
    from charrnn.kernels import jit
    from charrnn.render.wording import compiling_words

    cells = {shape.cell for shape in shapes}
    if not (all(registry.is_compiled(cell, "backward", "generate") for cell in cells)
            and all(map(jit.is_compiled, ("multiply_and_add", "read")))):
        print(compiling_words(), file=sys.stderr)


class Progress:
    """A bar on a terminal; elsewhere a line for each thing measured. On stderr."""

    def __init__(self, total: int) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=total, bar_format="{percentage:3.0f}%|{bar}| {desc}", disable=None, dynamic_ncols=True,
                         leave=False, file=sys.stderr)
        self._told = 0

    def tell(self, what: str, number: int, rounds: int) -> None:
        """Round `number` of `rounds` begins."""
        if self._bar.disable:
            if number == 1:
                print(f"measuring {what}", file=sys.stderr, flush=True)
            return
        self._bar.set_description_str(f"{what}, round {number} of {rounds}", refresh=False)
        self._bar.update(self._told - self._bar.n)
        self._bar.refresh()
        self._told += 1

    def clear(self) -> None:
        """Makes room for a line on stdout."""
        if not self._bar.disable:
            self._bar.clear()

    def close(self) -> None:
        """Takes the bar away."""
        self._bar.close()
