"""Layer render: text on the backgrounds of its levels: as it is, piece by piece, or cut into lines that fit a terminal.

Levels come in with the text, one a character, from -7 to 7. Where no colours are wanted, each line has a second one
under it with a sign for each level: g to a for -7 to -1, a dot for 0, 1 to 7.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from charrnn.render.colour.glyphs import columns, visible
from charrnn.render.colour.palette import RESET, TOP, Palette, escape
from charrnn.render.terminal_text import terminal_text

SIGNS = "gfedcba.1234567"


def levels_of(values: Iterable[float], top: float = 1.0) -> list[int]:
    """The levels of values on the fixed scale from -top to top, nearest first; beyond it they stay at its ends.

    What is no number has level 0.
    """
    return [round(TOP * value / top) if -top < value < top else TOP * ((value > 0) - (value < 0)) for value in values]


def levels_of_bits(bits: Iterable[float], step: float = 1.0) -> list[int]:
    """The levels of surprisals: 0 below `step` bits, 1 from there, 2 from twice as many, 7 from seven times on."""
    return [int(min(value / step, TOP)) if value >= 0 else 0 for value in bits]


class Painter:
    """Paints a text that comes piece by piece, fit for a terminal. Nothing but the colours is added to it."""

    def __init__(self, palette: Palette, depth: str) -> None:
        self._palette, self._depth = palette, depth
        self._last = RESET  # what the terminal was sent last

    def paint(self, text: str, levels: Iterable[int]) -> str:
        """The next piece. A colour stays until the next one or end(); at a line end there is none."""
        painted = []
        for character, level in zip(terminal_text(text), levels, strict=True):
            if character == "\n":
                level = 0  # or the rest of the line would be coloured, to the edge of the window
            code = escape(self._palette, level, self._depth)
            if code != self._last:
                painted.append(code)
                self._last = code
            painted.append(character)
        return "".join(painted)

    def end(self) -> str:
        """What makes whatever follows look as ever; due at the end, and where the text breaks off."""
        last, self._last = self._last, RESET
        return RESET if last != RESET else ""


@dataclass(frozen=True)
class Line:
    """A line of a text made visible, with the level of each sign; it fits into the width that was asked for."""

    signs: Sequence[str]
    levels: Sequence[int]
    first: int  # the place of its first character in the text

    def painted(self, palette: Palette, depth: str) -> str:
        painter = Painter(palette, depth)
        return painter.paint("".join(self.signs), self.levels) + painter.end()

    def shown(self, palette: Palette, depth: str | None) -> str:
        """The line in colours, or as it is where `depth` is None."""
        return "".join(self.signs) if depth is None else self.painted(palette, depth)

    def plain(self) -> tuple[str, str]:
        """The line, and the one that stands under it."""
        below = [SIGNS[level + TOP].ljust(columns(sign)) if columns(sign) else ""
                 for sign, level in zip(self.signs, self.levels, strict=True)]
        return "".join(self.signs), "".join(below).rstrip()


def lines(text: str, levels: Sequence[int], width: int, plain: bool = False) -> Iterator[Line]:
    """The text in lines of up to `width` columns; a line end is shown as a sign, and ends the line."""
    signs = visible(text, plain)
    for start, stop in pairwise(_cuts(text, signs, width)):
        yield Line(signs[start:stop], _shared(signs[start:stop], levels[start:stop]), start)


def shown(text: str, levels: Sequence[int], width: int, palette: Palette, depth: str | None,
          plain: bool = False) -> Iterator[str]:
    """The text in lines for a terminal: in colours, or, where `depth` is None, with the signs of levels under them."""
    for line in lines(text, levels, width, plain):
        if depth is None:
            yield from line.plain()
        else:
            yield line.painted(palette, depth)


def legend(low: str, high: str, palette: Palette, depth: str | None, first: int = -TOP) -> str:
    """The scale from level `first`, which means `low`, to 7, which means `high`: each sign in its colour."""
    line = Line(SIGNS[first + TOP:], range(first, TOP + 1), 0)
    return f"{low} {line.shown(palette, depth)} {high}"


def _cuts(text: str, signs: Sequence[str], width: int) -> Iterator[int]:
    """Where lines begin, and where the last one ends."""
    yield 0
    used = 0
    for place, sign in enumerate(signs):
        size = columns(sign)
        if place and (text[place - 1] == "\n" or used + size > width):
            yield place
            used = 0
        used += size
    if signs:
        yield len(signs)


def _shared(signs: Sequence[str], levels: Sequence[int]) -> list[int]:
    """The levels, but the strongest for a character and the accents on it, which share a column."""
    shared = list(levels)
    start = 0
    for place, sign in enumerate(signs):
        if columns(sign):
            start = place
        elif place:
            shared[start:place + 1] = [max(shared[start], shared[place], key=abs)] * (place + 1 - start)
    return shared
