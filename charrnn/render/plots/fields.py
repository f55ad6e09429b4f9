"""Layer render: the panels of panels.py in characters: lines in braille or ASCII, points as how many share a place."""

from collections import Counter
from collections.abc import Sequence

from charrnn.render.plots.curves import Place
from charrnn.render.plots.panels import Panel
from charrnn.render.plots.terminal import Canvas, Style, framed, painted, path

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_FEW, _SOME, _MANY = 1, 4, 15  # up to so many points share a sign; more than _MANY have one of their own


def lines_field(panel: Panel, names: Sequence[str], width: int, height: int, style: Style) -> list[str]:
    """The lines of a panel, `width` columns and `height` rows of drawing, and the axis and a legend below."""
    def draw(canvas: Canvas) -> None:
        across, down = canvas.size
        for number, places in enumerate(panel.series):
            dots = [(round(panel.xs(x) * (across - 1)), round((1 - panel.ys(y)) * (down - 1))) for x, y in places]
            for x, y in path(dots):
                canvas.dot(x, y, "-", number)
            for x, y in dots[3 + 5 * number::40]:
                canvas.letter(x, y, _LETTERS[number % len(_LETTERS)], number)

    legend = "   ".join(painted(f"{_LETTERS[number % len(_LETTERS)]} {name}", number, style)
                        for number, name in enumerate(names))
    return [panel.y, *framed(draw, panel.xs, panel.ys, panel.x, (width, height), style), legend]


def points_field(title: str, places: Sequence[Place], width: int, style: Style) -> list[str]:
    """The unit square, `width` columns and half as many rows, with a sign wherever points are; a title above it.

    All lines are width + 1 columns wide, so that fields may stand side by side. `counts_legend` explains the signs.
    """
    height = width // 2
    counts = Counter((min(int(x * width), width - 1), min(int(y * height), height - 1)) for x, y in places)
    upright, _, level, _, corner = style.frame
    rows = [upright + "".join(_sign(counts[column, row], style) for column in range(width))
            for row in reversed(range(height))]
    return [f"{title:<{width + 1}}", *rows, corner + level * width]


def counts_legend(style: Style) -> str:
    """What the signs of points_field mean."""
    few, some, many, most = _signs(style)
    return f"{few} {_FEW} unit, {some} 2-{_SOME}, {many} 5-{_MANY}, {most} more"


def beside(fields: Sequence[Sequence[str]], gap: str = "  ") -> list[str]:
    """Fields of the same height next to each other."""
    return [gap.join(lines).rstrip() for lines in zip(*fields, strict=True)]


def _signs(style: Style) -> tuple[str, ...]:
    return ("·", "•", "●", "█") if style.is_braille else (".", "o", "@", "#")


def _sign(count: int, style: Style) -> str:
    few, some, many, most = _signs(style)
    if count <= _FEW:
        return few if count else " "
    return some if count <= _SOME else many if count <= _MANY else most
