"""The page in a real browser: it opens from a file, asks for nothing, and shows any text as text."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from charrnn.inspection.page.data import PageData
from charrnn.inspection.page.payload import packed_values
from tests.browser.conftest import Opener
from tests.inspection.pages import HOSTILE, some_data, unpacked

pytestmark = pytest.mark.browser
CONTRAST = """() => {
  const luminance = (colour) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return Array.from({ length: 14 }, (_, n) => (n < 7 ? `m${7 - n}` : `p${n - 6}`)).map((name) => {
    const span = document.createElement("span");
    span.className = `c ${name}`;
    document.getElementById("text").append(span);
    const style = getComputedStyle(span);
    const [a, b] = [luminance(style.color), luminance(style.backgroundColor)].sort((x, y) => y - x);
    span.remove();
    return [name, (a + 0.05) / (b + 0.05)];
  });
}"""


def text_of(data: PageData) -> str:
    return "".join(data.units[number] for number in data.text)


def shown_text(page: Any) -> str:
    text: str = page.evaluate("[...document.querySelectorAll('#text .c')].map((span) => span.textContent).join('')")
    return text


def test_hostile_text_comes_back_as_text(opened: Opener) -> None:
    data = some_data()
    page = opened(data, compress=True)
    # half a pair can't leave the browser; that it is one is told by its number
    assert page.evaluate("[...document.querySelectorAll('#text .c')].every((span) => span.childNodes.length === 1)")
    assert page.evaluate("document.querySelectorAll('#text .c').length") == len(data.text)
    whole = [unit for unit in HOSTILE if unit.isprintable() or not any("\ud800" <= one <= "\udfff" for one in unit)]
    page = opened(dataclasses.replace(data, units=whole, text=np.arange(60) % len(whole), top=data.top % len(whole)))
    assert shown_text(page) == text_of(dataclasses.replace(data, units=whole, text=np.arange(60) % len(whole)))
    assert page.evaluate("document.querySelectorAll('#text b, #text script, #drawer b b, #text i').length") == 0
    assert page.title() == "<i>run</i>: what its cells track"


def test_signs_without_a_look_are_seen_by_a_mark(opened: Opener) -> None:
    page = opened(some_data(units=["a", "\0", "\u202e", "\n", "\t", " "], text=np.arange(60) % 6,
                            top=np.zeros((60, 3), int)))
    marks = page.evaluate("[...document.querySelectorAll('#text .c')].slice(0, 6).map((span) => span.dataset.mark)")
    assert marks == [None, "\u2400", "\u22c4", "\u23ce", "\u2192", None]
    widths = page.evaluate("[...document.querySelectorAll('#text .c')].slice(0, 3).map((span) => span.offsetWidth)")
    assert min(widths) > 4


def test_half_of_a_pair_is_kept(opened: Opener) -> None:
    page = opened(some_data(units=["a", "\ud800", "b"], text=np.array([0, 1, 2] * 20),
                            top=np.zeros((60, 3), int)))
    assert page.evaluate("document.querySelectorAll('#text .c')[1].textContent.charCodeAt(0)") == 0xD800


def test_pieces_are_shown_where_they_are_not_the_units(opened: Opener) -> None:
    pieces = ["So", " it", " goes", "\n"] * 15
    page = opened(some_data(units=["So", "it", "goes", "\n"], text=np.arange(60) % 4, top=np.zeros((60, 3), int),
                            pieces=pieces))
    assert shown_text(page) == "".join(pieces)
    assert page.locator(".line").count() == 15


@pytest.mark.parametrize(("bits", "compress"), [(8, True), (8, False), (4, True), (4, False)])
def test_colours_are_those_of_the_values(opened: Opener, bits: int, compress: bool) -> None:
    data = some_data()
    page = opened(data, bits=bits, compress=compress)
    first = page.evaluate("[...document.querySelectorAll('#text .c')].map((span) => span.classList[1])")
    values = unpacked(packed_values(data.signals["c"], bits))[0].astype(float) * 7 / (127 if bits == 8 else 7)
    levels = np.floor(values + 0.5).astype(int)  # as JavaScript rounds
    expected = [f"m{-level}" if level < 0 else f"p{level}" if level else "z" for level in levels]
    assert first == expected
    assert len(set(first)) > 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_can_be_read_on_every_colour(opened: Opener, scheme: str) -> None:
    for name, contrast in opened(some_data(), color_scheme=scheme).evaluate(CONTRAST):
        assert contrast >= 4.5, name


@pytest.mark.parametrize("tab", ["cells", "gates", "memory", "surprise", "about"])
@pytest.mark.parametrize("width", [360, 800, 1440])
def test_no_view_is_wider_than_the_window(opened: Opener, tab: str, width: int) -> None:
    page = opened(some_data(), f"#tab={tab}", viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_absent_is_explained(opened: Opener) -> None:
    page = opened(some_data(gates=None, horizon=None, context=None, features=(), masks=None, scores=None), "#tab=gates")
    assert "without the gates" in page.inner_text("#view")
    page.keyboard.press("3")
    assert "without the horizon" in page.inner_text("#view")
    page.keyboard.press("1")
    page.keyboard.press("m")
    assert "No feature was tested" in page.inner_text("#map")


def test_a_plain_rnn_has_no_gates_and_says_so(opened: Opener) -> None:
    data = some_data()
    assert data.gates
    page = opened(dataclasses.replace(data, model={**data.model, "cell": "rnn"}, gates={**data.gates, "gates": []},
                                      signals={"h": data.signals["h"]}), "#tab=gates")
    assert "A plain RNN has no gates" in page.inner_text("#view")
    assert page.locator(".switch button", has_text="tanh c").count() == 0


def test_a_page_without_values_still_shows_text_and_table(opened: Opener) -> None:
    data = some_data()
    page = opened(data, cells=0)
    assert page.locator("#cells tbody tr").count() == 6
    assert "values of this cell are not in this page" in page.inner_text("#missing")
    page.keyboard.press("s")
    assert page.locator("#text .c.p1, #text .c.p5").count() > 0


def test_about_tells_what_was_given_up_and_what_numbers_mean(opened: Opener) -> None:
    page = opened(some_data(), "#tab=about")
    text = page.inner_text("#view")
    for words in ("a share <of> places", "runs/run/best.safetensors", "1.25000 nats", "a & b.txt"):
        assert words in text


@pytest.mark.usefixtures("needs_chromium")
def test_paper_shows_the_whole_text(opened: Opener) -> None:
    data = some_data(3000, units=[*"abcdefgh ", "\n"])
    page = opened(data)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("[...document.querySelectorAll('#text .c')].every((span) => span.classList.length >= 2)")
    assert page.evaluate("document.querySelector('#text').scrollHeight <= document.querySelector('#text').clientHeight")
    assert not page.is_visible("#drawer")
    assert not page.is_visible("#tabs")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_rules_of_accessibility(opened: Opener, scheme: str, width: int) -> None:
    """WCAG 2.2 AA, as far as axe-core can tell: contrast, names, roles."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core: make test-browser")
    page = opened(some_data(300, units=[*"abcdefgh ", "\n"]), "#pin=20&regex=ab", color_scheme=scheme,
                  viewport={"width": width, "height": 800}, bypass_csp=True)
    broken: list[tuple[str, str, str]] = []
    for tab in ("cells", "gates", "memory", "surprise", "about"):
        page.locator(f"#tab-{tab}").click()
        broken += [(tab, one["id"], one["nodes"][0]["html"][:100])
                   for one in axe.Axe().run(page).response["violations"]]
    assert broken == []
