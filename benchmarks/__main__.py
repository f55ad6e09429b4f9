"""`python -m benchmarks`: measures, and prints a table a group; docs/benchmarks.md says what and how."""

import datetime
import importlib
import json
from pathlib import Path
from typing import Any

import click

from benchmarks.options import Options
from charrnn.bench import machine
from charrnn.bench.rivals import RIVALS
from charrnn.cli.bench import ShapeType
from charrnn.errors import MeasurementError

GROUPS = ("training", "precision", "sampling", "controls", "completing", "scaling", "widths", "memory", "startup",
          "phases", "quality", "search", "cells", "levers", "labels", "pairs", "toys", "page", "pictures")
NEED_TEXT = {"precision", "quality", "search", "cells", "levers"}
NEED_TORCH = {"training", "sampling", "levers"}
# What takes hours, needs a browser or other packages, or measures nothing.
ONLY_WHEN_NAMED = {"search", "cells", "levers", "labels", "pairs", "toys", "page", "pictures"}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, type=click.Choice(GROUPS), metavar="[NAMES]...")
@click.option("--rounds", type=click.IntRange(1, 1000), default=3, show_default=True,
              help="Turns that each side takes; seeds of levers.")
@click.option("--seconds", type=click.FloatRange(0.01, 600), default=3.0, show_default=True,
              help="How long one process repeats what it times.")
@click.option("--threads", type=click.IntRange(1, 1024), default=2, show_default=True, help="Threads, on both sides.")
@click.option("--shape", "shapes", type=ShapeType(), multiple=True, metavar="SHAPE",
              help="Measure this shape in place of the usual ones: lstm-2x256-64x100. May be given again.")
@click.option("--text", "texts", type=click.Path(exists=True, dir_okay=False, path_type=Path, resolve_path=True),
              multiple=True,
              help="The text of quality, precision, cells, levers and search; for search may be given again.")
@click.option("--minutes", type=click.FloatRange(0, 1000), multiple=True, default=(1.0,), show_default="1",
              help="How long quality and search train; may be given again. 0 leaves it to the preset.")
@click.option("--preset", default="default", show_default=True, help="Whose settings quality trains with.")
@click.option("--trials", type=click.IntRange(1, 10_000), default=16, show_default=True,
              help="Random settings that search tries for each text and each number of minutes.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path),
              help="Also append every row, with its rounds, to this file, as a line of JSON.")
def main(names: tuple[str, ...], json_file: Path | None, **chosen: Any) -> None:
    """Measure charrnn, beside PyTorch and ONNX Runtime where speed is concerned.

    NAMES: training, precision, sampling, controls, completing, scaling, widths, memory, startup, phases, quality,
    search, cells, levers, labels, pairs, toys, page; pictures draws what was kept in results/. If none is named all but
    the last eight, and of those that need a text only with --text.
    """
    options = Options(**chosen, rivals=[name for name, rival in RIVALS.items() if rival.is_installed])
    groups = names or tuple(name for name in GROUPS if name not in ONLY_WHEN_NAMED
                            and (options.texts or name not in NEED_TEXT))
    _refuse(groups, options)
    load = machine.load()
    if note := machine.load_note(load):
        click.echo(note, err=True)
    about = {**machine.describe(), "date": datetime.date.today().isoformat(),
             "load": f"{load:.1f} before the first measurement"}
    click.echo("".join(f"{name:11}{text}\n" for name, text in about.items()))
    try:
        for name in dict.fromkeys(groups):
            for table in importlib.import_module(f"benchmarks.{name}").measure(options):
                click.echo(table.render())
                if json_file:
                    with open(json_file, "a", encoding="utf-8") as file:
                        file.writelines(json.dumps({"group": name, **row, "machine": about}) + "\n"
                                        for row in table.to_dicts())
    except MeasurementError as error:
        raise click.ClickException(str(error)) from error


def _refuse(groups: tuple[str, ...], options: Options) -> None:
    """Says in one line what is missing, before anything is measured."""
    if NEED_TORCH.intersection(groups) and "torch" not in options.rivals:
        raise click.ClickException("PyTorch is not installed, and speed is measured beside it; make bench installs it")
    needing = NEED_TEXT.intersection(groups)
    if needing and not options.texts:
        raise click.ClickException(f"{min(needing)} needs a text: --text tinyshakespeare.txt")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
