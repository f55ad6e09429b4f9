"""Layer render: what standard output can show: its width, its characters, and whether it has colours."""

import os
import shutil
import sys

from charrnn.render.colour.terminal import has_colour
from charrnn.render.plots.terminal import Style

_WIDEST = 100  # a curve stretched further looks flat
_NEEDED = "⠿│┤─┬└"
_PLAIN = ("dumb", "linux")  # terminals without these characters, whatever their encoding


def style() -> Style:
    """What a picture on standard output may be made of."""
    terminal = os.environ.get("TERM", "") if sys.stdout.isatty() else ""
    try:
        _NEEDED.encode(sys.stdout.encoding or "ascii")
        is_braille = terminal not in _PLAIN
    except (UnicodeEncodeError, LookupError):
        is_braille = False
    return Style(is_braille, has_colour("auto", sys.stdout, os.environ))


def width() -> int:
    """Characters in a line; 80 where nobody knows."""
    return min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)


def show(lines: list[str]) -> None:
    """Prints a picture; colours reach consoles too that know no escape codes."""
    import click

    for line in lines:
        click.echo(line, color=style().has_colour)
