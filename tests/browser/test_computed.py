"""A page of inspect-cells that holds its network: it computes the values of all cells and gates itself, and writes."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from charrnn.inspection.page.collect import PageCheckpoint, collect
from charrnn.inspection.page.data import PageData
from charrnn.model import Model
from tests.browser.conftest import Opener, until
from tests.browser.test_live_page import as_in_the_page
from tests.live.networks import TEXT, random_model

pytestmark = pytest.mark.browser


def data_of(model: Model) -> PageData:
    return collect(model.inspect(TEXT * 3), PageCheckpoint("a", "00", "run"), cells=2, network=model)


def values(page: Any, kind: str) -> list[str]:
    """The classes of the characters in sight for a signal, from its button on."""
    page.get_by_role("group", name="signal").get_by_role("button", name=kind, exact=True).click()
    until(page, f"document.querySelector('#scale [aria-pressed=true]').textContent === '{kind}'")
    found: list[str] = page.evaluate("[...document.querySelectorAll('#text .c')].map((span) => span.classList[1])")
    return found


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_every_signal_of_every_cell_is_computed(opened: Opener, cell: str) -> None:
    model = random_model(cell=cell, layers=2)
    data = data_of(model)
    page = opened(data, "#cell=L2:13&signal=h")
    until(page, "document.documentElement.dataset.values !== undefined"
                " && document.documentElement.dataset.values.includes('h')")
    ours = as_in_the_page(model).inspect(TEXT * 3, signals=["h", "o" if cell == "lstm" else "z"]).recording
    for kind in ("h", "o" if cell == "lstm" else "z"):
        page.wait_for_timeout(300)
        levels = ours.shown(kind)[1, :, 13] * 7
        found = values(page, kind)[:60]
        allowed = [{f"m{-level}" if level < 0 else f"p{level}" if level else "z"
                    for level in (int(np.floor(value + 0.45)), int(np.floor(value + 0.55)))} for value in levels[:60]]
        assert all(one in names for one, names in zip(found, allowed, strict=True))
        assert len(set(found)) > 1
    assert page.locator("#cells tbody tr.bare").count() == 0
    assert not page.is_visible("#missing")


def test_an_address_with_a_gate_a_range_a_search_and_the_map(opened: Opener) -> None:
    data = data_of(random_model())
    page = opened(data, "#cell=L1:13&signal=o&pin=50")
    until(page, "(document.documentElement.dataset.values || '').includes('o')")
    assert page.locator("#text .c").count() > 5
    assert "\u03c3" in page.inner_text("#character")  # what changed most there
    page = opened(data, "#range=10-20&regex=the")
    until(page, "(document.documentElement.dataset.values || '').includes('h')")
    until(page, "document.getElementById('found').textContent.includes('matches')")
    assert page.is_visible("#range")
    assert "computing" not in page.inner_text("#found")
    assert "no values" not in page.inner_text("#found")
    page = opened(data, "#map=true")
    until(page, "(document.documentElement.dataset.values || '').includes('h')")
    assert "No cell matches" not in page.inner_text("#map")


def test_the_tab_that_writes_keeps_its_address(opened: Opener) -> None:
    data = data_of(random_model())
    page = opened(data, "#tab=write")
    page.wait_for_selector("#write[data-ready]", state="attached")
    until(page, "document.querySelector('#write textarea').value.length === 400")
    page.locator("#write textarea").fill("the cat s1")
    page.keyboard.type("s")  # no key of the other tabs
    assert page.evaluate("document.querySelector('#tab-write').getAttribute('aria-selected')") == "true"
    until(page, "decodeURIComponent(location.hash).includes('the+cat+s1s')")
    other = opened(data, page.evaluate("location.hash"))
    other.wait_for_selector("#write[data-ready]", state="attached")
    until(other, "document.querySelector('#write textarea').value === 'the cat s1s'")
    other.keyboard.press("Escape")
    other.locator("#tab-cells").click()
    assert other.is_visible("#text")


def test_a_catastrophic_expression_does_not_stop_the_page(opened: Opener) -> None:
    data = data_of(random_model())
    text = np.full(len(data.text), data.units.index("a"))
    page = opened(dataclasses.replace(data, text=text))
    page.fill("#regex", "(a+)+[^a]")
    page.wait_for_timeout(400)
    page.locator("#tab-gates").click()
    assert page.is_visible("#view")
    page.locator("#tab-cells").click()
    until(page, "document.body.innerText.includes('takes too long')")
    page.fill("#regex", "aaa")
    until(page, "document.querySelectorAll('#text .hit').length > 0")


def test_on_a_phone_nothing_is_wider_than_the_window(opened: Opener) -> None:
    page = opened(data_of(random_model()), viewport={"width": 390, "height": 844})
    until(page, "document.documentElement.dataset.values !== undefined")
    for tab in ("cells", "write"):
        page.locator(f"#tab-{tab}").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
