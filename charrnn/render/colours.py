"""Layer render: the colours that standard output can show, and coloured text sent there.

    colours = colours_for(settings_from(ColourSettings, options))
    for line in shown(text, levels, width(), colours.diverging, colours.depth, colours.plain):
        colours.say(line)
"""

import os
import sys
from dataclasses import dataclass

from charrnn.render.colour.palette import DIVERGING, SEQUENTIAL, Palette
from charrnn.render.colour.terminal import depth_of, has_colour
from charrnn.settings import ColourSettings


@dataclass(frozen=True)
class Colours:
    """What standard output can show.

    depth   "16", "256" or "24bit"; None where nothing is to be coloured
    plain   it has no characters beyond ASCII to show line ends with
    """

    depth: str | None
    plain: bool
    diverging: Palette
    sequential: Palette

    def say(self, text: str, end: str = "\n") -> None:
        """Writes text with its colours now, to a console too that has to be told to obey them."""
        if self.depth is None:
            print(text, end=end, flush=True)
            return
        import click

        click.echo(text + end, nl=False, color=True)


def colours_for(settings: ColourSettings) -> Colours:
    """The colours for standard output as it is."""
    depth = None
    if has_colour(settings.color, sys.stdout, os.environ):
        depth = depth_of(os.environ) if settings.color_depth == "auto" else settings.color_depth
    try:
        "⏎→␀␡".encode(sys.stdout.encoding or "ascii")
        plain = False
    except (UnicodeEncodeError, LookupError):
        plain = True
    return Colours(depth, plain, DIVERGING[settings.palette], SEQUENTIAL[settings.palette])
