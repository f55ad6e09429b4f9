"""`python -m benchmarks`: measures, and prints a table a group; README.md says what and how."""

import datetime
import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import click

from benchmarks.options import Options
from charrnn.bench import machine
from charrnn.cli.bench import ShapeType
from charrnn.errors import MeasurementError

GROUPS = ("training", "precision", "sampling", "controls", "completing", "scaling", "widths", "memory", "startup",
          "phases", "quality", "sweep", "cells", "page")
NEED_TEXT = {"quality", "sweep", "cells"}
TAKE_HOURS = {"sweep", "cells"}
NEED_BROWSER = {"page"}
NEED_TORCH = {"training", "sampling"}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, type=click.Choice(GROUPS), metavar="[NAMES]...")
@click.option("--rounds", type=click.IntRange(1, 1000), default=3, show_default=True,
              help="Turns that each side takes.")
@click.option("--seconds", type=click.FloatRange(0.01, 600), default=3.0, show_default=True,
              help="How long one process repeats what it times.")
@click.option("--threads", type=click.IntRange(1, 1024), default=2, show_default=True, help="Threads, on both sides.")
@click.option("--shape", "shapes", type=ShapeType(), multiple=True, metavar="SHAPE",
              help="Measure this shape in place of the usual ones: lstm-2x256-64x100. May be given again.")
@click.option("--text", type=click.Path(dir_okay=False, path_type=Path),
              help="tinyshakespeare.txt, for quality and precision.")
@click.option("--minutes", type=click.FloatRange(0, 1000), multiple=True, default=(1.0,), show_default="1",
              help="How long quality trains; may be given again. 0 leaves it to the preset.")
@click.option("--preset", default="default", show_default=True, help="Whose settings quality trains with.")
@click.option("--grid", default="", metavar="NAME", help="Of the sweeps only this one.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path),
              help="Also write everything measured, round by round, into this file.")
def main(names: tuple[str, ...], json_file: Path | None, **chosen: Any) -> None:
    """Measure charrnn, beside PyTorch where speed is concerned.

    NAMES: training, precision, sampling, controls, completing, scaling, widths, memory, startup, phases, quality,
    sweep, cells, page; if none is named all but sweep and cells, which take hours, and page, which needs a browser
    (quality, and the losses of precision, only with --text).
    """
    options = Options(**chosen)
    usual = tuple(name for name in GROUPS if name not in TAKE_HOURS | NEED_BROWSER
                  and (options.text or name not in NEED_TEXT))
    groups = names or usual
    _refuse(groups, options)
    load = machine.load()
    if note := machine.load_note(load):
        click.echo(note, err=True)
    about = {**machine.describe(), "date": datetime.date.today().isoformat(),
             "load": f"{load:.1f} before the first measurement"}
    click.echo("".join(f"{name:11}{text}\n" for name, text in about.items()))
    tables = []
    try:
        for name in dict.fromkeys(groups):
            for table in importlib.import_module(f"benchmarks.{name}").measure(options):
                click.echo(table.render())
                tables.append({"group": name, **table.to_dict()})
    except MeasurementError as error:
        raise click.ClickException(str(error)) from error
    if json_file:
        json_file.write_text(json.dumps({"machine": about, "tables": tables}, indent=1) + "\n", encoding="utf-8")


def _refuse(groups: tuple[str, ...], options: Options) -> None:
    """Says in one line what is missing, before anything is measured."""
    if NEED_TORCH.intersection(groups) and importlib.util.find_spec("torch") is None:
        raise click.ClickException("PyTorch is not installed, and speed is measured beside it; make bench installs it")
    needing = NEED_TEXT.intersection(groups)
    if needing and (options.text is None or not options.text.is_file()):
        raise click.ClickException(f"{min(needing)} needs the text: --text tinyshakespeare.txt")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
