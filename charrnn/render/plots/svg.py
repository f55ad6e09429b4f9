"""Layer render: a scene as SVG: one text, without anything from outside, in colours for a light page and for a dark
one."""

import re
from xml.sax.saxutils import escape

from charrnn.render.plots.scene import COLOURS, SHAPES, SIZE, Mark, Scene, Stroke, Text

# Told apart by people who see few colours too; on white, and on nearly black.
LIGHT = ("#0072b2", "#d55e00", "#00805c", "#b5478c", "#8a6d00", "#3a86c8", "#8c2f2f", "#555555")
DARK = ("#56b4e9", "#ff9a4d", "#2fc99b", "#e58cc0", "#e0c030", "#9cc9f5", "#f08080", "#bbbbbb")
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML, even escaped
RADIUS = 3.4


def svg(scene: Scene) -> str:
    """The whole file."""
    parts = [*map(_stroke, scene.strokes), *map(_mark, scene.marks), *map(_text, scene.texts)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{scene.width:g}" height="{scene.height:g}" '
        f'viewBox="0 0 {scene.width:g} {scene.height:g}" role="img">',
        f"<title>{_plain(scene.title)}</title>", f"<style>\n{_style()}\n</style>",
        f'<rect class="page" width="{scene.width:g}" height="{scene.height:g}"/>', *parts, "</svg>", ""])


def _style() -> str:
    """The looks by class: c0 to c7 are the colours of the runs."""
    return "\n".join([
        f"text {{ font: {SIZE:g}px system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif; }}",
        ".stroke { fill: none; stroke-linejoin: round; stroke-linecap: round; }",
        ".grid, .axis { stroke-width: 1; } .val, .key-val { stroke-width: 2.4; }",
        ".train, .key-train { stroke-width: 1.2; stroke-opacity: 0.75; }",
        ".hollow { fill: none; stroke-width: 1.6; }",
        _colours("#ffffff", "#1f2328", "#59636e", "#e3e6ea", LIGHT),
        "@media (prefers-color-scheme: dark) {", _colours("#0d1117", "#f0f3f6", "#9ea7b3", "#2d333b", DARK), "}"])


def _colours(page: str, plain: str, faint: str, grid: str, runs: tuple[str, ...]) -> str:
    return "\n".join([
        f".page {{ fill: {page}; }} .plain {{ fill: {plain}; }} .faint {{ fill: {faint}; }}",
        f".grid {{ stroke: {grid}; }} .axis, .key-val, .key-train {{ stroke: {faint}; }}",
        *(f".stroke.c{n}, .hollow.c{n} {{ stroke: {colour}; }} .solid.c{n} {{ fill: {colour}; }}"
          for n, colour in enumerate(runs))])


def _stroke(stroke: Stroke) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in stroke.points)
    colour = f" c{stroke.run % COLOURS}" if stroke.role in ("train", "val") else ""
    return f'<polyline class="stroke {stroke.role}{colour}" points="{points}"/>'


def _mark(mark: Mark) -> str:
    if mark.is_hollow:
        return f'<circle class="hollow c{mark.run % COLOURS}" cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="{2 * RADIUS:g}"/>'
    corners = corners_of(mark)
    if not corners:
        return f'<circle class="solid c{mark.run % COLOURS}" cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="{RADIUS:g}"/>'
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return f'<polygon class="solid c{mark.run % COLOURS}" points="{points}"/>'


def corners_of(mark: Mark) -> list[tuple[float, float]]:
    """The corners of a mark's shape, of which there is one for every round of the colours; none for a circle."""
    shape = SHAPES[mark.run // COLOURS % len(SHAPES)]
    r = 1.2 * RADIUS
    corners = {"circle": (), "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
               "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)), "triangle": ((0, -1.3), (1.2, 1), (-1.2, 1))}
    return [(mark.x + r * x, mark.y + r * y) for x, y in corners[shape]]


def _text(text: Text) -> str:
    anchor = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    return f'<text class="{text.role}" x="{text.x:.1f}" y="{text.y:.1f}"{anchor}>{_plain(text.text)}</text>'


def _plain(text: str) -> str:
    """Text that means nothing but itself in XML."""
    return escape(_FORBIDDEN.sub("\ufffd", text))
