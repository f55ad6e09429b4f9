"""Layer render: what an output stream can show: its width, its characters, its colours. Nothing else decides that.

An option comes first, then NO_COLOR (no-color.org), FORCE_COLOR and CLICOLOR_FORCE, which people set for all their
programs, then whether the stream is a terminal.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Any

from charrnn.render.colour.palette import DIVERGING, RESET, SEQUENTIAL, Palette
from charrnn.render.plots.terminal import Style
from charrnn.render.streams import painted
from charrnn.settings import ColourSettings

_WIDEST = 100  # a curve stretched further looks flat
_BRAILLE, _SIGNS = "⠿│┤─┬└", "⏎→␀␡"
_NO_BRAILLE = ("dumb", "linux")  # terminals without these characters, whatever their encoding


@dataclass(frozen=True)
class Screen:
    """What standard output can show.

    depth         "16", "256" or "24bit" colours; None for none
    plain         it has no characters beyond ASCII to show line ends with
    width         columns in a line
    has_braille   it has the characters that pictures are made of
    """

    depth: str | None
    plain: bool
    diverging: Palette
    sequential: Palette
    width: int = 80
    has_braille: bool = True

    @property
    def style(self) -> Style:
        """What a picture may be made of."""
        return Style(self.has_braille, self.depth is not None)

    def say(self, text: str, end: str = "\n") -> None:
        """Writes text now; its colours reach consoles too that know no escape codes."""
        if self.depth is None:
            sys.stdout.write(text + end)
            sys.stdout.flush()
            return
        import click

        click.echo(text + end, file=painted(sys.stdout), nl=False, color=True)

    def end_line(self) -> None:
        """Ends a line that was begun, and its colour."""
        self.say("" if self.depth is None else RESET)

    def show(self, lines: Iterable[str]) -> None:
        """Writes lines."""
        for line in lines:
            self.say(line)


def screen_for(settings: ColourSettings | None = None) -> Screen:
    """Standard output as it is."""
    settings = settings or ColourSettings()
    depth = None
    if has_colour(settings.color, sys.stdout):
        depth = depth_of() if settings.color_depth == "auto" else settings.color_depth
    terminal = os.environ.get("TERM", "") if sys.stdout.isatty() else ""
    width = min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)  # 80 where nobody knows
    return Screen(depth, not _can_encode(_SIGNS), DIVERGING[settings.palette], SEQUENTIAL[settings.palette], width,
                  _can_encode(_BRAILLE) and terminal not in _NO_BRAILLE)


def has_colour(when: str, stream: IO[Any] | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether colours go to `stream`; `when` is auto, always or never."""
    if when != "auto":
        return when == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE"):
        return True
    return environ.get("TERM") != "dumb" and stream is not None and stream.isatty()


def depth_of(environ: Mapping[str, str] = os.environ) -> str:
    """How many colours the terminal says it has, "16", "256" or "24bit"; 16 where it says nothing."""
    terminal = environ.get("TERM", "")
    if (environ.get("COLORTERM") in ("truecolor", "24bit") or terminal.endswith(("-direct", "-truecolor"))
            or environ.get("WT_SESSION")):
        return "24bit"
    return "256" if environ.get("TERM_PROGRAM") == "Apple_Terminal" or "256" in terminal else "16"


def _can_encode(signs: str) -> bool:
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
