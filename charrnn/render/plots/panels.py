"""Layer render: fields side by side on one page, each with lines or points of the same few series.

Numbers come in; what comes out is a scene, which svg.py and png.py write as they write that of a run's losses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.render.plots.curves import Place
from charrnn.render.plots.scale import Scale
from charrnn.render.plots.scene import COLOURS, SIZE, WIDTH, Frame, Mark, Scene, Stroke, Text, text_width

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
        frame = Frame(panel.xs, panel.ys, _LEFT + number * (width + _GAP), _TOP, (width, height))
        _panel(drawn, panel, frame, len(panels) > 1)
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


def _panel(drawn: Scene, panel: Panel, frame: Frame, is_small: bool) -> None:
    drawn.texts.append(Text(frame.left, _TOP - 12, f"{panel.title}: {panel.y}" if panel.title else panel.y,
                            role="faint"))
    frame.draw_axes(drawn, panel.x, (6, 6) if is_small else (10, 8))
    for run, places in enumerate(panel.series):
        if panel.is_line:
            drawn.strokes.append(Stroke([frame.at(place) for place in places], "val", run))
        else:
            drawn.marks += [Mark(*frame.at(place), shaped(run)) for place in places]
