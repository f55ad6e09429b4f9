"""Both pages on paper, and at 200 % zoom: half as many pixels of CSS, each twice as large."""

import re
from typing import Any

import pytest

from charrnn.live.payload import LiveContent
from tests.browser.conftest import Opener, OpenLive, until
from tests.browser.test_interacting import plain_data, planted
from tests.browser.test_live_page import WRITTEN
from tests.live.networks import labelled_model, random_model

pytestmark = pytest.mark.browser
LONG = "the cat sat on a mat, and then it ran.\n" * 60
ZOOMED = [(720, 450), (640, 400), (960, 540)]  # of 1440 x 900, 1280 x 800 and 1920 x 1080


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def boxes(page: Any, *selectors: str) -> list[dict[str, float]]:
    found: list[dict[str, float]] = page.evaluate(
        "(names) => names.map((name) => document.querySelector(name).getBoundingClientRect().toJSON())", selectors)
    return found


def is_whole(page: Any, selector: str) -> bool:
    """Whether nothing of an element is cut off or scrolled away."""
    whole: bool = page.evaluate("(name) => { const node = document.querySelector(name);"
                                " return node.scrollHeight <= node.clientHeight + 1; }", selector)
    return whole


def background(page: Any) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


@pytest.mark.usefixtures("needs_chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_that_writes_is_printed_whole_on_white(live: OpenLive, scheme: str) -> None:
    page = live(random_model(), "#clamp=L1:1=1", LiveContent("a run", text=LONG), color_scheme=scheme)
    page.locator(".write").click()
    until(page, WRITTEN)
    until(page, "document.querySelector('.status').textContent.includes('bits a character')")
    page.emulate_media(media="print", color_scheme=scheme)
    assert background(page) == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('print-color-adjust')") == "exact"
    for name in (".scroller", ".written"):
        assert is_whole(page, name)
    for name in (".controls", ".aside", ".area", "#about-button", ".keep"):
        assert not page.is_visible(name)
    for name in (".mirror", ".legend", ".status", ".compare", "h1"):
        assert page.is_visible(name)
    assert pages_of(page.pdf(print_background=True)) >= 2


def test_a_printed_page_names_its_label(live: OpenLive) -> None:
    model = labelled_model()
    page = live(model, "#label=cold&text=the+cat", LiveContent("a run", labels=model.label_weights))
    page.emulate_media(media="print")
    assert page.is_visible(".labels select")


@pytest.mark.usefixtures("needs_chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_inspection_page_is_printed_whole_on_white(opened: Opener, scheme: str) -> None:
    page = opened(plain_data(5000), color_scheme=scheme)
    page.emulate_media(media="print", color_scheme=scheme)
    assert background(page) == "rgb(255, 255, 255)"
    assert is_whole(page, "#text")
    for name in ("#tabs", "#regex", "#drawer", "#side"):
        assert not page.is_visible(name)
    for name in ("#text", ".legend", "#strip"):
        assert page.is_visible(name)
    assert pages_of(page.pdf(print_background=True)) >= 2


@pytest.mark.parametrize("tab", ["cells", "gates", "memory", "surprise", "about"])
@pytest.mark.parametrize("size", ZOOMED, ids=str)
def test_the_inspection_page_at_200_percent(opened: Opener, size: tuple[int, int], tab: str) -> None:
    page = opened(planted(), f"#tab={tab}", viewport={"width": size[0], "height": size[1]}, device_scale_factor=2)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    if tab in ("cells", "surprise"):
        reading, text, strip = boxes(page, "#reading", "#text", "#strip")
        assert text["height"] >= 180
        assert text["bottom"] <= reading["bottom"] + 1
        side, drawer = boxes(page, "#side", "#drawer")
        assert min(side["height"], drawer["height"]) >= 180
        for one in (reading, side, drawer):
            assert one["bottom"] <= strip["top"] + 1 or one["top"] >= strip["bottom"] - 1


@pytest.mark.parametrize("size", ZOOMED, ids=str)
def test_the_page_that_writes_at_200_percent(live: OpenLive, size: tuple[int, int]) -> None:
    page = live(random_model(), "", LiveContent("a run", text=LONG), device_scale_factor=2,
                viewport={"width": size[0], "height": size[1]})
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    scroller, status, controls = boxes(page, ".scroller", ".status", ".controls")
    assert scroller["height"] >= 120
    assert scroller["bottom"] <= status["top"] + 1
    assert status["bottom"] <= controls["top"] + 1
    for name in (".write", ".heat input", ".map canvas"):
        page.locator(name).first.scroll_into_view_if_needed()
        [box] = boxes(page, name)
        assert 0 <= box["top"]
        assert box["top"] < size[1]


def saved(page: Any, where: str, kind: str) -> bytes:
    with page.expect_download() as download:
        page.locator(where).get_by_text(kind, exact=True).click()
    with open(download.value.path(), "rb") as file:
        return file.read()


@pytest.mark.usefixtures("needs_chromium")
@pytest.mark.parametrize(("address", "words", "ends", "colours"), [
    ("", "L1:1", ("\u22121", "+1"), 15), ("#surprise=true", "surprise", ("0", "8+ bits"), 8)])
def test_a_saved_text_says_what_its_colours_mean(opened: Opener, address: str, words: str, ends: tuple[str, str],
                                                 colours: int) -> None:
    page = opened(planted(), address or "#cell=L1:1")
    drawing = saved(page, "#bar .save", "SVG").decode()
    assert f">{words}  " in drawing
    for end in ends:
        assert f">{end}</text>" in drawing
    head = drawing[:drawing.index(f">{words}")]
    assert len(re.findall(r'<rect [^>]*width="12" height="12"', head)) == colours


@pytest.mark.usefixtures("needs_chromium")
def test_a_saved_map_says_what_its_colours_mean(opened: Opener) -> None:
    drawing = saved(opened(planted(), "#map=true"), "#map .save", "SVG").decode()
    assert ">low</text>" in drawing
    assert ">high</text>" in drawing
