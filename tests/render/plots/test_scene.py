"""Pictures for files: everything inside, nothing over anything else, and nothing in a name can break them."""

import io
import re
import sys
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor

from charrnn.errors import SettingsError
from charrnn.render.plots.curves import Curves
from charrnn.render.plots.png import _font, check_installed, png
from charrnn.render.plots.scene import HEIGHT, NAME, RIGHT, TOP, WIDTH, Scene, scene, shortened, text_width
from charrnn.render.plots.svg import DARK, LIGHT, RADIUS, svg
from tests.render.plots.runs import ONE, TWO, some_runs

SVG = "{http://www.w3.org/2000/svg}"
FIELD = (NAME, TOP, WIDTH - RIGHT, TOP + HEIGHT)
axes = st.sampled_from(["epochs", "steps", "minutes", "characters"])


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def inside(x: float, y: float, box: tuple[float, ...], slack: float = 0.01) -> bool:
    return box[0] - slack <= x <= box[2] + slack and box[1] - slack <= y <= box[3] + slack


def left_of(drawn: Scene) -> float:
    """Where the field of the curves begins: wide numbers push it to the right."""
    return next(stroke.points[0][0] for stroke in drawn.strokes if stroke.role == "axis")


@given(some_runs, axes, st.booleans())
def test_geometry(runs: list[Curves], axis: str, is_log: bool) -> None:
    drawn = scene(runs, axis, "nats a character", is_log)
    page = (0.0, 0.0, drawn.width, drawn.height)
    for a, b in combinations(drawn.texts, 2):
        assert not overlap(a.box, b.box), (a, b)
    for text in drawn.texts:
        left, top, right, bottom = text.box
        assert inside(left, top, page)
        assert inside(right, bottom, page)
        assert not overlap(text.box, (left_of(drawn), *FIELD[1:])), text
    for stroke in drawn.strokes:
        in_legend = stroke.points[0][1] > FIELD[3] + 20
        for x, y in stroke.points:
            assert inside(x, y, page if in_legend or stroke.role.startswith("key") or stroke.role == "axis" else FIELD)
            if stroke.role.startswith("key") or in_legend:
                assert not any(inside(x, y, text.box, 0) for text in drawn.texts)
    for mark in drawn.marks:
        assert inside(mark.x, mark.y, page, -2 * RADIUS)


def curve_of(drawn: Scene, role: str, run: int) -> list[tuple[float, float]]:
    return next(stroke.points for stroke in drawn.strokes if (stroke.role, stroke.run) == (role, run))


def test_points_are_where_their_numbers_say() -> None:
    drawn = scene([ONE, TWO], "epochs", "nats a character")
    across = (WIDTH - NAME - RIGHT) / 4.0
    assert [x for x, _ in curve_of(drawn, "val", 0)] == pytest.approx([NAME + across * x for x, _ in ONE.val])
    assert [x for x, _ in curve_of(drawn, "train", 1)] == pytest.approx([NAME + across * x for x, _ in TWO.train])
    ticks = {float(text.text): text.y - 0.35 * 14 for text in drawn.texts if text.anchor == "end"}
    assert set(ticks) == {1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0}
    for points, losses in ((curve_of(drawn, "val", 0), ONE.val), (curve_of(drawn, "train", 0), ONE.train)):
        for (_, y), (_, loss) in zip(points, losses, strict=True):
            if loss in ticks:
                assert y == pytest.approx(ticks[loss])
    [best] = [mark for mark in drawn.marks if mark.is_hollow and mark.run == 0]
    assert (best.x, best.y) == curve_of(drawn, "val", 0)[2]


def test_a_logarithmic_axis_makes_equal_ratios_equal() -> None:
    curve = Curves("x", [(1.0, 1.0), (2.0, 2.0), (3.0, 4.0), (4.0, 8.0)], [], None)
    heights = [y for _, y in curve_of(scene([curve], "steps", "bits a character", is_log=True), "train", 0)]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2]) == pytest.approx(heights[2] - heights[3])


def test_one_point_alone_is_a_mark() -> None:
    drawn = scene([Curves("x", [(1.0, 2.0)], [], (1.0, 2.0))], "steps", "nats a character")
    assert not [stroke for stroke in drawn.strokes if stroke.role == "train" and stroke.points[0][1] < FIELD[3]]
    assert len([mark for mark in drawn.marks if inside(mark.x, mark.y, FIELD)]) == 2  # and the ring of the best
    assert "validation" not in " ".join(text.text for text in drawn.texts)


@given(st.text(max_size=80), st.floats(20, 400))
def test_what_is_too_long_is_shortened(text: str, room: float) -> None:
    short = shortened(text, room)
    assert text_width(short) <= room
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@settings(max_examples=50)
@given(some_runs)
def test_svg_is_well_formed_whatever_the_names_are(runs: list[Curves]) -> None:
    text = svg(scene(runs, "steps", "nats a character"))
    root = ElementTree.fromstring(text.encode())  # which no lone surrogate would survive
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert len(root.findall(f"{SVG}text")) == len(scene(runs, "steps", "nats a character").texts)
    assert {child.tag.removeprefix(SVG) for child in root} <= {
        "title", "style", "rect", "polyline", "polygon", "circle", "text"}


def test_a_name_is_only_text() -> None:
    name = "<script>alert('1')</script> & \x00\ud800"
    root = ElementTree.fromstring(svg(scene([Curves(name, ONE.train, ONE.val, ONE.best)], "steps", "nats a character")))
    shown = [text.text for text in root.findall(f"{SVG}text")]
    assert "<script>alert('1')</script> & \ufffd\ufffd" in shown
    assert root.findtext(f"{SVG}title") == "Loss of <script>alert('1')</script> & \ufffd\ufffd"


def test_every_class_has_its_looks_in_light_and_dark() -> None:
    runs = [Curves(str(n), ONE.train, ONE.val, ONE.best) for n in range(26)]
    text = svg(scene(runs, "steps", "nats a character"))
    light, dark = re.search(r"<style>(.*)@media \(prefers-color-scheme: dark\) \{(.*)\}\n</style>", text,
                            re.DOTALL).groups()
    used = {name for names in re.findall(r'class="([^"]*)"', text) for name in names.split()}
    for name in used:
        assert f".{name}" in light
        if name not in ("stroke", "val", "train", "key-val", "key-train", "solid", "hollow"):
            assert f".{name}" in dark
    assert text.count("<polygon") > 18  # beyond eight runs, other shapes


def luminance(colour: str) -> float:
    linear = [channel / 255 / 12.92 if channel < 11 else ((channel / 255 + 0.055) / 1.055) ** 2.4
              for channel in ImageColor.getrgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("page", "colours"), [("#ffffff", LIGHT), ("#0d1117", DARK)])
def test_curves_stand_out_from_the_page(page: str, colours: tuple[str, ...]) -> None:
    for colour in colours:
        high, low = sorted((luminance(colour), luminance(page)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 3.0  # what is asked of graphics
    assert len(set(colours)) == len(colours) == len(LIGHT)


def test_png_shows_both_runs() -> None:
    drawn = scene([ONE, TWO], "epochs", "nats a character")
    image = Image.open(io.BytesIO(png(drawn)))
    assert image.size == (2 * drawn.width, 2 * drawn.height)
    for run in (0, 1):
        (x, y) = curve_of(drawn, "val", run)[0]
        found, wanted = image.getpixel((round(2 * x), round(2 * y))), ImageColor.getrgb(LIGHT[run])
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 40
    assert image.getpixel((5, 5)) == (255, 255, 255)
    words = image.crop((0, 0, 2 * int(WIDTH), 2 * 40)).convert("L")
    assert sum(words.histogram()[:128]) > 500  # dark pixels


@given(st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=30))
def test_no_text_is_wider_than_its_room(text: str) -> None:
    assert _font().getlength(text) / 2 <= text_width(text) + 0.01


def test_png_takes_any_name() -> None:
    names = ["\ud800\x00\n", "日本語 مرحبا", "a" * 300] + [str(n) for n in range(23)]
    runs = [Curves(name, ONE.train, ONE.val, ONE.best) for name in names]
    assert png(scene(runs, "steps", "nats a character")).startswith(b"\x89PNG")


def test_png_without_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    check_installed()
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(SettingsError, match=r"pip install 'charrnn-numba\[plot\]'"):
        check_installed()
