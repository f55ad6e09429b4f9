"""Layer render: whether a terminal is to show colours, and how many it has.

NO_COLOR (no-color.org), FORCE_COLOR and CLICOLOR_FORCE are what people set for all their programs; what they say to one
program by an option comes first.
"""

import os
from collections.abc import Mapping
from typing import IO, Any


def has_colour(when: str, stream: IO[Any] | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether colours go to `stream`: `when`, then NO_COLOR, then what forces them, then whether it is a terminal."""
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
