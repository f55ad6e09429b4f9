"""Pictures in characters: every point where it belongs, within the width, and readable without colours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.render.colour.glyphs import columns
from charrnn.render.plots.curves import Curves
from charrnn.render.plots.terminal import Canvas, Style, legend, picture
from tests.render.plots.runs import ONE, TWO, some_runs

BRAILLE, ASCII = Style(True, False), Style(False, False)
styles = st.sampled_from([BRAILLE, ASCII])


def drawn(lines: list[str], style: Style) -> list[str]:
    """What stands right of the axis, row by row."""
    return [re.split(f"[{re.escape(''.join(style.frame[:2]))}]", line, maxsplit=1)[1] for line in lines[1:-2]]


def test_a_straight_line() -> None:
    curve = Curves("x", [], [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)], (0.0, 1.0))
    assert picture([curve], "epochs", "nats a character", 31, 7, ASCII) == [
        "nats a character: -o- validation, ... training",
        "3 +                         --o",
        "  |                     ----",
        "  |                 ----",
        "2 +            --o--",
        "  |       -----",
        "  |   ----",
        "1 +o--",
        "  ++-------------+------------+",
        "   0             1       epochs"]


@pytest.mark.parametrize("style", [BRAILLE, ASCII])
def test_every_measured_point_has_its_letter_where_it_belongs(style: Style) -> None:
    rows = drawn(picture([ONE, TWO], "epochs", "nats a character", 68, 21, style), style)
    found = {(row, column): sign for row, line in enumerate(rows) for column, sign in enumerate(line)
             if sign in "ab"}
    width, height = 63, 21  # of the field: 68 less the numbers, a space and the axis
    places = {"a": ONE.val, "b": TWO.val}
    expected = {(round((4.0 - loss) / 3.0 * (height - 1)), round(x / 4.0 * (width - 1))): sign
                for sign, curve in places.items() for x, loss in curve}
    assert len(found) == len(expected)
    for (row, column), sign in expected.items():
        assert any(found.get((row + down, column + right)) == sign for down in (-1, 0, 1) for right in (-1, 0, 1))


@given(some_runs, st.integers(40, 120), st.integers(8, 30), styles, st.booleans())
def test_it_stays_within_its_width_and_height(runs: list[Curves], width: int, height: int, style: Style,
                                              is_log: bool) -> None:
    lines = picture(runs, "characters", "bits a word", width, height, style, is_log)
    assert len(lines) == height + 3
    assert max(map(len, lines[1:])) <= width
    assert len(lines[0]) <= 50
    if style is ASCII:
        assert "".join(lines).isascii()
    letters = {sign for row in drawn(lines, style) for sign in row if sign.isalpha()}
    assert letters <= set("abcdefghijkl") | set("o" * (len(runs) == 1))
    assert letters


@given(some_runs, st.integers(40, 120), styles)
def test_ticks_stand_under_their_numbers(runs: list[Curves], width: int, style: Style) -> None:
    *_, line, below = picture(runs, "steps", "nats a character", width, 12, style)
    corner, tick = line.index(style.frame[4]), style.frame[3]
    numbers = [match for match in re.finditer(r"[-+.\w]+", below) if match[0] != "steps"]
    assert below.endswith("steps")
    for number in numbers:
        assert tick in line[number.start():number.end()] or number.start() <= corner + 1


def test_training_is_dotted_and_validation_a_line() -> None:
    flat = [(float(n), 2.0) for n in range(9)]
    one = [(0.0, 1.0)]
    as_training, as_validation = (
        drawn(picture([Curves("x", train, val, None)], "steps", "nats a character", 60, 9, BRAILLE), BRAILLE)
        for train, val in ((flat, one), (one, flat)))

    def dots(rows: list[str]) -> int:
        return sum((ord(sign) - 0x2800).bit_count() for row in rows for sign in row if 0x2800 <= ord(sign) < 0x2900)

    assert dots(as_validation) > 2 * dots(as_training) > 50


def test_braille_dots() -> None:
    canvas = Canvas(2, 1, BRAILLE)
    for n, (x, y) in enumerate([(0, 0), (1, 0), (0, 3), (1, 3), (2, 1)]):
        canvas.dot(x, y, ".", n)
    assert canvas.lines() == ["⣉⠂"]


def test_a_letter_is_not_hidden() -> None:
    canvas = Canvas(3, 1, ASCII)
    canvas.letter(1, 0, "a", 0)
    for x in range(3):
        canvas.dot(x, 0, "-", 1)
    assert canvas.lines() == ["-a-"]


def test_colours_only_where_wanted() -> None:
    coloured = Style(True, True)
    plain, painted = (picture([ONE, TWO], "epochs", "nats a character", 70, 12, style) for style in (BRAILLE, coloured))
    assert "\x1b" not in "".join(plain)
    assert [re.sub("\x1b\\[[0-9]*m", "", line) for line in painted] == plain
    assert "\x1b[36ma\x1b[0m" in "".join(painted)
    assert "\x1b[33mb\x1b[0m" in "".join(painted)


def test_legend() -> None:
    assert legend([ONE, TWO], "epochs", 80, BRAILLE) == [
        "   run  best validation  epochs   last  training",
        "a  one            2.750       3  3.250     1.000",
        "b  two            2.750       2  2.750     2.500"]
    without = Curves("日本", [(1.0, 3.0), (2500.0, 2.5)], [], (2500.0, 2.5))
    assert legend([without], "steps", 80, BRAILLE) == [
        "   run   best validation  steps  last  training",
        "o  日本                -      -     -     2.500"]


@given(st.lists(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=80), min_size=1, max_size=9),
       st.integers(60, 120), styles)
def test_a_legend_fits_whatever_the_names_are(names: list[str], width: int, style: Style) -> None:
    runs = [Curves(name, ONE.train, ONE.val, ONE.best) for name in names]
    lines = legend(runs, "characters", width, style)
    assert len(lines) == len(names) + 1
    assert {columns(line) for line in lines} == {columns(lines[0])}
    assert columns(lines[0]) <= width
    if style is ASCII:
        assert "".join(lines).isascii()


def test_of_a_long_name_the_end_is_shown() -> None:
    curve = Curves("a" * 50 + "-1x256", ONE.train, ONE.val, ONE.best)
    assert legend([curve], "epochs", 60, BRAILLE)[1].startswith("o  …aaaa")
    assert "aaa-1x256   " in legend([curve], "epochs", 60, BRAILLE)[1]
    assert legend([curve], "epochs", 60, ASCII)[1].startswith("o  ...aaaa")
