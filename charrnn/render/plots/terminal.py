"""Layer render: curves drawn in characters: braille dots, eight to a character, or plain ASCII.

Curves come in, lines of text go out. Validation is a line with a letter of its run at what was measured, training a
dotted line; colours help, but nothing depends on them.
"""

import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from charrnn.render.colour.glyphs import columns, padded
from charrnn.render.plots.curves import Curves, Place, quantity
from charrnn.render.plots.scale import Scale
from charrnn.render.terminal_text import LETTERS

MOST = 26  # runs in one picture: a letter each
_LETTERS = string.ascii_lowercase
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # by column and row within a character


@dataclass(frozen=True)
class Style:
    """What a picture may be made of."""

    is_braille: bool
    has_colour: bool

    @property
    def frame(self) -> tuple[str, ...]:
        """The upright line, a tick on it, the level line, a tick on it, the corner."""
        return ("│", "┤", "─", "┬", "└") if self.is_braille else ("|", "+", "-", "+", "+")

    @property
    def key(self) -> tuple[str, str]:
        """How validation and training look."""
        return ("⠒o⠒", "⠂⠐⠂") if self.is_braille else ("-o-", "...")


class _Cell:
    """A character of the picture in the making."""

    dots, sign, colour = 0, "", 0


class Canvas:
    """A field of characters, and the dots in them."""

    def __init__(self, width: int, height: int, style: Style) -> None:
        self.style = style
        self.across, self.down = (2, 4) if style.is_braille else (1, 1)
        self.size = width * self.across, height * self.down
        self._cells = [[_Cell() for _ in range(width)] for _ in range(height)]

    def dot(self, x: int, y: int, sign: str, colour: int) -> None:
        """Sets the dot at x, y from the upper left; in ASCII it is the `sign`, which does not hide a letter."""
        cell = self._cells[y // self.down][x // self.across]
        cell.colour = colour
        if self.style.is_braille:
            cell.dots |= _DOTS[x % 2][y % 4]
        elif not cell.sign.isalpha():
            cell.sign = sign

    def letter(self, x: int, y: int, sign: str, colour: int) -> None:
        """Puts a letter over the dots where the dot at x, y would be."""
        cell = self._cells[y // self.down][x // self.across]
        cell.sign, cell.colour = sign, colour

    def lines(self) -> list[str]:
        """The rows as text."""
        return ["".join(map(self._shown, row)).rstrip() for row in self._cells]

    def _shown(self, cell: _Cell) -> str:
        sign = cell.sign or (chr(_BRAILLE + cell.dots) if cell.dots else " ")
        return painted(sign, cell.colour, self.style) if sign != " " else sign


def painted(text: str, colour: int, style: Style) -> str:
    """The text in the colour of run number `colour`, where colours are wanted."""
    return f"\x1b[{LETTERS[colour % len(LETTERS)]}m{text}\x1b[0m" if style.has_colour else text


def picture(runs: Sequence[Curves], axis: str, unit: str, width: int, height: int, style: Style,
            is_log: bool = False) -> list[str]:
    """The curves of `runs` (at least one point in all) in lines of at most `width` characters, `height` of them drawn.

    unit   what the losses are in: `nats a character`
    """
    places = [place for run in runs for place in (*run.train, *run.val)]
    xs, ys = Scale.around([0.0, *(x for x, _ in places)]), Scale.around((y for _, y in places), is_log)

    def draw(canvas: Canvas) -> None:
        for number, run in enumerate(runs):
            _draw(canvas, run, number, _sign(number, runs), xs, ys)

    validation, training = style.key
    shown = [f"{validation} validation"] * any(run.val for run in runs) + [f"{training} training"]
    return [f"{unit}: {', '.join(shown)}", *framed(draw, xs, ys, axis, (width, height), style)]


def framed(draw: Callable[[Canvas], None], xs: Scale, ys: Scale, axis: str, size: tuple[int, int],
           style: Style) -> list[str]:
    """What `draw` puts on a canvas, with both axes around it: at most `size` columns, and rows above the lower axis."""
    width, height = size
    ticks = {round((1 - place) * (height - 1)): label for place, label in ys.ticks(max(4, height // 3))}
    margin = max(map(len, ticks.values()), default=0)
    canvas = Canvas(max(width - margin - 2, 10), height, style)
    draw(canvas)
    upright, tick, *_ = style.frame
    rows = [f"{ticks.get(row, ''):>{margin}} {tick if row in ticks else upright}{line}"
            for row, line in enumerate(canvas.lines())]
    return [*rows, *_x_axis(xs, axis, margin, canvas, style)]


def legend(runs: Sequence[Curves], axis: str, width: int, style: Style) -> list[str]:
    """A table of at most `width` characters with a row for each run: its letter, its name, its losses."""
    rows = [["best validation", axis, "last", "training"], *(_figures(run) for run in runs)]
    widths = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
    names = [_cut(name, max(8, width - sum(widths) - 3), style) for name in ("run", *(run.name for run in runs))]
    longest = max(map(columns, names))
    return [painted(sign, max(number, 0), style) + f"  {padded(name, longest)}"
            + "".join(f"{cell:>{size}}" for cell, size in zip(cells, widths, strict=True))
            for number, (sign, name, cells) in enumerate(zip(
                [" ", *(_sign(number, runs) for number in range(len(runs)))], names, rows, strict=True), -1)]


def _figures(run: Curves) -> list[str]:
    """The cells of a run's row; `-` where it has no such loss."""
    def loss(curve: Sequence[Place]) -> str:
        return f"{curve[-1][1]:.3f}" if curve else "-"

    best = [run.best] if run.best and run.val else []
    return [loss(best), quantity(best[0][0]) if best else "-", loss(run.val), loss(run.train)]


def _cut(name: str, width: int, style: Style) -> str:
    """The name, or its end behind an ellipsis: names of runs differ there more often."""
    ellipsis, short = "…" if style.is_braille else "...", name
    while short and columns(short) + len(ellipsis) * (short != name) > width:
        short = short[1:]
    if not style.is_braille:
        short = short.encode("ascii", "replace").decode()
    return short if len(short) == len(name) else ellipsis + short


def _sign(number: int, runs: Sequence[Curves]) -> str:
    return _LETTERS[number] if len(runs) > 1 else "o"


def _draw(canvas: Canvas, run: Curves, number: int, sign: str, xs: Scale, ys: Scale) -> None:
    """Both curves of a run, and its letter at the points of the main one: at some of them, where they stand close."""
    def dots(curve: Sequence[Place]) -> list[tuple[int, int]]:
        return [(round(xs(x) * (canvas.size[0] - 1)), round((1 - ys(y)) * (canvas.size[1] - 1))) for x, y in curve]

    for n, (x, y) in enumerate(path(dots(run.train))):
        if n % 3 == 0 or not canvas.style.is_braille:
            canvas.dot(x, y, ".", number)
    for x, y in path(dots(run.val)):
        canvas.dot(x, y, "-", number)
    measured, last = dots(run.main), -10**9
    for x, y in measured:
        if x - last >= 6 * canvas.across or (x, y) == measured[-1]:
            canvas.letter(x, y, sign, number)
            last = x


def path(dots: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Every dot on the straight lines from each dot to the next, none twice in a row."""
    yield from dots[:1]
    for (x_a, y_a), (x_b, y_b) in pairwise(dots):
        steps = max(abs(x_b - x_a), abs(y_b - y_a))
        for n in range(1, steps + 1):
            yield x_a + round((x_b - x_a) * n / steps), y_a + round((y_b - y_a) * n / steps)


def _x_axis(xs: Scale, axis: str, margin: int, canvas: Canvas, style: Style) -> list[str]:
    """The level line with its ticks, and below it their numbers and the unit."""
    _, _, level, tick, corner = style.frame
    width = canvas.size[0] // canvas.across
    last = width - 1 - len(axis)  # the unit stands at the right

    def starts(ticks: list[tuple[float, str]]) -> list[tuple[int, int, str]]:
        places = [round(place * (width - 1)) for place, _ in ticks]
        return [(column, max(0, column - len(label) // 2), label)
                for column, (_, label) in zip(places, ticks, strict=True)]

    def fits(ticks: list[tuple[float, str]]) -> bool:
        ends = [(start, start + len(label)) for _, start, label in starts(ticks) if start + len(label) <= last]
        return all(a < b for (_, a), (b, _) in pairwise(ends))

    found = starts(xs.ticks(max(2, width // 9), fits))
    line, below = [level] * width, [" "] * width
    for column, start, label in found:
        line[column] = tick
        if start + len(label) <= last:
            below[start:start + len(label)] = label
    below[width - len(axis):] = axis
    return [" " * (margin + 1) + corner + "".join(line), " " * (margin + 2) + "".join(below)]
