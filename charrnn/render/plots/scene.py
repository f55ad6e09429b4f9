"""Layer render: the picture of the losses for a file: what stands where, whichever way it is written.

Curves come in; out go lines, marks and texts in points, from the upper left. SVG and PNG are two ways to put the same
scene down.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from charrnn.render.plots.curves import Curves, Place
from charrnn.render.plots.scale import Scale

WIDTH = 860.0
RIGHT, TOP, HEIGHT = 26.0, 50.0, 380.0  # margins around the field of the curves, and its height
ROW = 24.0  # of the legend, from one run to the next
SIGN, NAME = 16.0, 54.0  # where a run's sign and its name begin in the legend
SIZE = 14.0  # of the letters
SHAPES = ("circle", "square", "diamond", "triangle")
COLOURS = 8
_MANY = 60  # measured points from which on only the best and the last are marked
_NAME_SHARE = 0.4  # of the legend's width, at most, for the names of the runs


@dataclass(frozen=True)
class Stroke:
    """A line through `points`; `role` is grid, axis, train or val, the last two in the colour of run `run`."""

    points: list[Place]
    role: str
    run: int = 0


@dataclass(frozen=True)
class Mark:
    """A measured point of run `run`, or, hollow, the best of them."""

    x: float
    y: float
    run: int
    is_hollow: bool = False


@dataclass(frozen=True)
class Text:
    """A line of text whose `anchor`, start, middle or end, is at x; y is its base line. `role` is plain or faint."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    role: str = "plain"

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom: room enough in any usual font."""
        width = text_width(self.text)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.y - 0.8 * SIZE, left + width, self.y + 0.25 * SIZE


@dataclass
class Scene:
    """Everything in a picture of `width` x `height` points, in the order in which it is drawn."""

    title: str
    width: float
    height: float
    strokes: list[Stroke] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


def text_width(text: str) -> float:
    """Points that `text` takes at most in a usual font without serifs, at SIZE."""
    return SIZE * sum(map(_em, text))


def _em(character: str) -> float:
    if character in " -.,:;'|!()[]iljtfr":
        return 0.42
    if character.isascii() and character.isalnum() and character not in "mwMW":
        return 0.8 if character.isupper() else 0.64
    return 1.03  # signs, letters with something to them, ideographs


def shortened(text: str, room: float) -> str:
    """`text`, or as much of its start as fits into `room` points with an ellipsis behind."""
    if text_width(text) <= room:
        return text
    while text and text_width(text + "…") > room:
        text = text[:-1]
    return text + "…"


class Frame:
    """A field of a picture: numbers come in, points of the page go out."""

    def __init__(self, xs: Scale, ys: Scale, left: float, top: float, size: tuple[float, float]) -> None:
        self.xs, self.ys, self.left, self.top = xs, ys, left, top
        self.width, self.height = size
        self.bottom = top + self.height

    def at(self, place: Place) -> Place:
        return self.left + self.xs(place[0]) * self.width, self.bottom - self.ys(place[1]) * self.height

    def draw_axes(self, drawn: Scene, title: str, most: tuple[int, int]) -> None:
        """Axes with at most so many ticks across and up, lines across the field, and a title below."""
        left, right, bottom = self.left, self.left + self.width, self.bottom
        for share, label in self.ys.ticks(most[1]):
            y = bottom - share * self.height
            drawn.strokes.append(Stroke([(left, y), (right, y)], "grid"))
            drawn.texts.append(Text(left - 8, y + 0.35 * SIZE, label, "end", "faint"))
        drawn.strokes.append(Stroke([(left, bottom), (right, bottom)], "axis"))

        def labels(ticks: list[tuple[float, str]]) -> list[Text]:
            return [Text(left + share * self.width, bottom + 22, label, "middle", "faint") for share, label in ticks]

        def fits(ticks: list[tuple[float, str]]) -> bool:
            return all(a.box[2] + SIZE < b.box[0] for a, b in pairwise(labels(ticks)))

        for text in labels(self.xs.ticks(most[0], fits)):
            drawn.strokes.append(Stroke([(text.x, bottom), (text.x, bottom + 5)], "axis"))
            if text.box[2] <= drawn.width:
                drawn.texts.append(text)
        drawn.texts.append(Text((left + right) / 2, bottom + 44, title, "middle"))


def scene(runs: Sequence[Curves], axis: str, unit: str, is_log: bool = False) -> Scene:
    """The picture of `runs`, by `axis`, in `unit` (`nats a character`); they have a point at least."""
    places = [place for run in runs for place in (*run.train, *run.val)]
    xs = Scale.around([0.0, *(x for x, _ in places)])
    ys = Scale.around((y for _, y in places), is_log, margin=0.04)
    left = max([NAME, *(text_width(label) + 16 for _, label in ys.ticks(8))])
    frame = Frame(xs, ys, left, TOP, (WIDTH - left - RIGHT, HEIGHT))
    drawn = Scene(f"Loss of {', '.join(run.name for run in runs)}", WIDTH, TOP + HEIGHT + 66 + ROW * len(runs) + 6)
    frame.draw_axes(drawn, axis, (10, 8))
    _key(drawn, frame, unit, any(run.val for run in runs))
    for number, run in enumerate(runs):
        _curves(drawn, frame, run, number)
    _legend(drawn, runs, axis)
    return drawn


def _key(drawn: Scene, frame: Frame, unit: str, has_validation: bool) -> None:
    """Above the curves: what the losses are in, and how the lines look."""
    drawn.texts.append(Text(frame.left, 28, unit))
    right = WIDTH - RIGHT
    for words, role in (("training", "train"), ("validation (ring: the best)", "val"))[:1 + has_validation]:
        left = right - text_width(words)
        drawn.texts.append(Text(left, 28, words))
        drawn.strokes.append(Stroke([(left - 36, 23), (left - 8, 23)], f"key-{role}"))
        right = left - 52


def _curves(drawn: Scene, frame: Frame, run: Curves, number: int) -> None:
    for curve, role in ((run.train, "train"), (run.val, "val")):
        if len(curve) > 1:
            drawn.strokes.append(Stroke([frame.at(place) for place in curve], role, number))
    marked = run.main if len(run.main) <= _MANY else run.main[-1:]
    drawn.marks += [Mark(*frame.at(place), number) for place in marked]
    if run.best:
        drawn.marks.append(Mark(*frame.at(run.best), number, is_hollow=True))


def _legend(drawn: Scene, runs: Sequence[Curves], axis: str) -> None:
    """Below everything: a row for each run, its sign, its name, and its losses in words."""
    names = [shortened(run.name, _NAME_SHARE * WIDTH) for run in runs]
    column = NAME + max(map(text_width, names)) + 20
    for number, (run, name) in enumerate(zip(runs, names, strict=True)):
        y = TOP + HEIGHT + 66 + ROW * (number + 0.5)
        drawn.strokes.append(Stroke([(SIGN, y), (SIGN + 28, y)], "val" if run.val else "train", number))
        drawn.marks.append(Mark(SIGN + 14, y, number))
        drawn.texts.append(Text(NAME, y + 0.35 * SIZE, name))
        drawn.texts.append(Text(column, y + 0.35 * SIZE, shortened(run.words(axis), WIDTH - RIGHT - column),
                                role="faint"))
