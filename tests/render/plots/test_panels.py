"""Fields side by side: every number at its place, in a file and in characters."""

from xml.etree import ElementTree

import pytest

from charrnn.render.plots.fields import beside, counts_legend, lines_field, points_field
from charrnn.render.plots.panels import Panel, panels_scene, shaped
from charrnn.render.plots.scale import Scale
from charrnn.render.plots.svg import svg
from charrnn.render.plots.terminal import Style

PLAIN, BRAILLE = Style(False, False), Style(True, True)
LINES = Panel("", "lag", "length", Scale(0, 20), Scale(1e-4, 1, is_log=True),
              [[(k, 0.5 ** k) for k in range(14)], [(k, 0.9 ** k) for k in range(21)]])
UNIT = Scale(0, 1)
POINTS = [Panel(f"gate {name}", "open", "shut", UNIT, UNIT, [[(0.25, 0.5)], [(1.0, 0.0), (0.0, 1.0)]], is_line=False)
          for name in "rz"]


def test_lines_on_the_page():
    drawn = panels_scene("A title", [LINES], ["first", "second"], ["fast", "slow"])
    curves = [stroke for stroke in drawn.strokes if stroke.role == "val"]
    assert [stroke.run for stroke in curves[:2]] == [0, 1]
    (left, top), (right, _) = curves[1].points[0], curves[1].points[-1]
    bottom = next(stroke.points[0][1] for stroke in drawn.strokes if stroke.role == "axis")
    assert curves[0].points[7] == (pytest.approx(left + 7 / 20 * (right - left)),
                                   pytest.approx(bottom - (1 + 7 * -0.30103 / 4) * (bottom - top), abs=0.01))
    words = [text.text for text in drawn.texts]
    assert {"A title", "length", "lag", "first", "slow"} <= set(words)
    for text in drawn.texts:
        x0, y0, x1, y1 = text.box
        assert 0 <= x0 < x1 <= drawn.width
        assert 0 <= y0 < y1 <= drawn.height, text
    ElementTree.fromstring(svg(drawn))


def test_points_on_the_page():
    """Both fields have all points, at the same places within each; series differ in shape too."""
    drawn = panels_scene("A title", POINTS, ["layer 1", "layer 2"])
    field = drawn.marks[:6]
    assert [mark.run for mark in field] == [shaped(0), shaped(1), shaped(1)] * 2
    assert shaped(0) // 8 != shaped(1) // 8
    quarter, low, high = field[:3]
    side = low.x - high.x
    assert quarter.x - high.x == pytest.approx(0.25 * side)
    assert low.y - quarter.y == pytest.approx(0.5 * (low.y - high.y)) == pytest.approx(0.5 * side)
    moved = {round(b.x - a.x, 6) for a, b in zip(field[:3], field[3:], strict=True)}
    assert len(moved) == 1
    assert moved.pop() > side
    ElementTree.fromstring(svg(drawn))


def test_three_fields_do_not_overlap():
    drawn = panels_scene("x", [POINTS[0]] * 3, ["layer 1", "layer 2"])
    assert max(mark.x for mark in drawn.marks) <= drawn.width
    assert all(text.box[2] <= drawn.width for text in drawn.texts)


@pytest.mark.parametrize("style", [PLAIN, BRAILLE], ids=["plain", "braille"])
def test_lines_in_characters(style):
    shown = lines_field(LINES, ["first", "second"], 60, 12, style)
    assert shown[0] == "length"
    assert len(shown) == 1 + 12 + 2 + 1
    assert "first" in shown[-1]
    assert "second" in shown[-1]
    if not style.has_colour:
        assert all(line.isascii() and len(line) <= 60 for line in shown)
        rows = [line.partition("+" if "+" in line else "|")[2] for line in shown[1:13]]
        assert rows[-1].rstrip(" -a") == ""  # at the bottom only the line that falls to it
        assert len(rows[0].rstrip()) < 15  # at the top both begin
        assert "b" in "".join(rows)


def test_points_in_characters():
    """By hand: a square of 8 columns and 4 rows; how many units share a place; edges are inside."""
    places = [(0.0, 0.0)] * 16 + [(1.0, 1.0)] + [(0.5, 0.26)] * 2 + [(0.99, 0.0)] * 5
    assert points_field("gate", places, 8, PLAIN) == [
        "gate     ",
        "|       .",
        "|        ",
        "|    o   ",
        "|#      @",
        "+--------"]
    assert beside([["a", "b "], ["c ", "d"]]) == ["a  c", "b   d"]
    assert counts_legend(PLAIN) == ". 1 unit, o 2-4, @ 5-15, # more"
