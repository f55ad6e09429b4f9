"""Layer render: fields side by side on one page, each with lines or points of the same few series.

Numbers come in; what comes out is a scene, which svg.py and png.py write as they write that of a run's losses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from charrnn.render.plots.curves import Place
from charrnn.render.plots.scale import Scale
from charrnn.render.plots.scene import COLOURS, SIZE, WIDTH, Mark, Scene, Stroke, Text, text_width

_LEFT, _GAP, _MARGIN = 70.0, 58.0, 20.0  # left of a field for its numbers, and right of the last one
_TOP, _BELOW, _ROW = 58.0, 58.0, 24.0
_TALLEST = 360.0


@dataclass(frozen=True)
class Panel:
    """A field: what stands on its axes, and for each series (the same ones in every field) its places.

    A place whose number is None or not above 0 on a logarithmic axis is for the caller to leave out.
    """

    title: str
    x: str
    y: str
    xs: Scale
    ys: Scale
    series: Sequence[Sequence[Place]]
    is_line: bool = True


def panels_scene(title: str, panels: Sequence[Panel], names: Sequence[str], words: Sequence[str] = ()) -> Scene:
    """The picture of one or more panels side by side, with a legend of their series and what is said of each."""
    words = words or [""] * len(names)
    width = (WIDTH - _MARGIN - _LEFT - _GAP * (len(panels) - 1)) / len(panels)
    height = min(width, _TALLEST)
    drawn = Scene(title, WIDTH, _TOP + height + _BELOW + _ROW * len(names) + 10)
    drawn.texts.append(Text(16, 24, title))
    for number, panel in enumerate(panels):
        _panel(drawn, panel, _LEFT + number * (width + _GAP), width, height, len(panels) > 1)
    column = 54 + max(map(text_width, names)) + 20
    for run, (name, said) in enumerate(zip(names, words, strict=True)):
        y = _TOP + height + _BELOW + _ROW * (run + 0.5)
        if panels[0].is_line:
            drawn.strokes.append(Stroke([(16, y), (44, y)], "val", run))
        else:
            drawn.marks.append(Mark(30, y, shaped(run)))
        drawn.texts += [Text(54, y + 0.35 * SIZE, name), Text(column, y + 0.35 * SIZE, said, role="faint")]
    return drawn


def shaped(run: int) -> int:
    """The number of a mark that differs from its neighbours in shape too, not in colour alone."""
    return run % COLOURS + COLOURS * (run % 4)


def _panel(drawn: Scene, panel: Panel, left: float, width: float, height: float, is_small: bool) -> None:
    bottom, right = _TOP + height, left + width

    def at(place: Place) -> Place:
        return left + panel.xs(place[0]) * width, bottom - panel.ys(place[1]) * height

    drawn.texts.append(Text(left, _TOP - 12, f"{panel.title}: {panel.y}" if panel.title else panel.y, role="faint"))
    for share, label in panel.ys.ticks(6 if is_small else 8):
        y = bottom - share * height
        drawn.strokes.append(Stroke([(left, y), (right, y)], "grid"))
        drawn.texts.append(Text(left - 8, y + 0.35 * SIZE, label, "end", "faint"))
    drawn.strokes.append(Stroke([(left, bottom), (right, bottom)], "axis"))

    def labels(ticks: list[tuple[float, str]]) -> list[Text]:
        return [Text(left + share * width, bottom + 20, label, "middle", "faint") for share, label in ticks]

    def fits(ticks: list[tuple[float, str]]) -> bool:
        return all(a.box[2] + SIZE < b.box[0] for a, b in pairwise(labels(ticks)))

    drawn.texts += labels(panel.xs.ticks(6 if is_small else 10, fits))
    drawn.texts.append(Text(left + width / 2, bottom + 42, panel.x, "middle"))
    for run, places in enumerate(panel.series):
        if panel.is_line:
            drawn.strokes.append(Stroke([at(place) for place in places], "val", run))
        else:
            drawn.marks += [Mark(*at(place), shaped(run)) for place in places]
