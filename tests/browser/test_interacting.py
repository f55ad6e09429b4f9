"""Everything that a reader can do does what it says: with the mouse, and with the keyboard alone."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charrnn.inspection.page.data import PageData
from tests.browser.conftest import Opener, until
from tests.inspection.pages import some_data

pytestmark = pytest.mark.browser
LETTERS = [*"abcdefgh ", "\n"]


def plain_data(characters: int = 600, **changes: Any) -> PageData:
    return some_data(characters, units=LETTERS, **changes)


def planted() -> PageData:
    """The second of six cells is high wherever the text says "cd", the fourth low there; the others know nothing."""
    data = plain_data()
    inside = np.isin(data.text, (2, 3))
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (6, 600))
    noise[1] = np.where(inside, 0.9, -0.8)
    noise[3] = np.where(inside, -0.9, 0.3) + noise[3] / 10
    return plain_data(signals={"c": noise, "h": -noise}, chosen=np.arange(6))


def character(page: Any, t: int) -> Any:
    return page.locator("#text .c").nth(t)


def address(page: Any) -> str:
    found: str = page.evaluate("decodeURIComponent(location.hash)")
    return found


def shown_cell(page: Any) -> str:
    text: str = page.inner_text("#bar strong")
    return text


def test_pointing_tells_the_value_and_what_was_expected(opened: Opener) -> None:
    data = plain_data()
    page = opened(data)
    character(page, 12).hover()
    signal = data.cells[data.chosen[0]]["best"]["signal"]  # the page opens on what the claim is about
    value = data.signals[signal][0][12]
    sign = "+" if value > 0 else "−"
    assert page.inner_text("#hint") == f"c {sign}{abs(round(value * 127) / 127):.2f}"
    card = page.inner_text("#character")
    assert "character 12, line 2" in card
    assert f"{data.bits[12]:.2f} bits" in card
    assert f"{data.rank[12]} of 10" in card
    assert f"{data.entropy[12]:.2f} bits" in card
    bars = page.locator("#character .bars > div")
    assert bars.count() >= 3
    assert page.locator("#character .bars .true code").inner_text() == "c"
    assert data.units[int(data.top[12][0])].replace(" ", "␣").replace("\n", "⏎") == bars.nth(0).locator(
        "code").inner_text()
    page.mouse.move(2, 2)
    assert not page.is_visible("#hint")


def test_nothing_was_expected_of_the_first_character(opened: Opener) -> None:
    page = opened(plain_data())
    character(page, 0).hover()
    assert "nothing was expected yet" in page.inner_text("#character")


def test_a_click_pins_and_lists_the_cells_that_changed_most(opened: Opener) -> None:
    data = plain_data()
    page = opened(data)
    character(page, 25).click()
    assert "pin=25" in address(page)
    assert "pinned" in page.inner_text("#character")
    values = np.rint(data.signals[data.cells[data.chosen[0]]["best"]["signal"]] * 127)
    change = np.abs(values[:, 25] - values[:, 24]) / values.std(axis=1)
    expected = [data.cells[data.chosen[place]]["id"] for place in np.argsort(-change, kind="stable")]
    listed = page.locator("#character table .link").all_inner_texts()
    assert listed == expected[:len(listed)]
    assert len(listed) >= 4
    page.locator("#character table .link").nth(1).click()
    assert shown_cell(page) == listed[1]
    character(page, 25).click()
    assert "pin" not in address(page)


def drag(page: Any, start: int, end: int) -> None:
    first, last = (character(page, t).bounding_box() for t in (start, end))
    page.mouse.move(first["x"] + 3, first["y"] + 5)
    page.mouse.down()
    for share in (0.5, 1):
        page.mouse.move(first["x"] + (last["x"] - first["x"]) * share + 3,
                        first["y"] + (last["y"] - first["y"]) * share + 5)
    page.mouse.up()


def test_dragging_ranks_the_cells_and_finds_like_stretches(opened: Opener) -> None:
    page = opened(planted())
    drag(page, 42, 43)
    assert "range=42-43" in address(page)
    best, other, *_ = sorted(page.locator("#range .ranking tbody tr").all_inner_texts()[:2])
    assert re.match(r"L1:1\s+0\.9\d\d\s+\+2\.0 σ", best), best
    assert re.match(r"L2:0\s+0\.[01]\d\d\s+−2\.0 σ", other), other
    places = page.locator("#range .contexts .place mark").all_inner_texts()
    assert len(places) == 8
    assert set(places) == {"cd"}
    page.locator("#range .contexts .place").nth(0).click()
    assert re.search(r"range=\d*2-\d*3\b", address(page))
    assert "range=42-43" not in address(page)
    page.keyboard.press("Escape")
    assert "range" not in address(page)
    assert not page.is_visible("#range")


def test_the_area_under_the_curve_is_the_exact_one(opened: Opener) -> None:
    data = plain_data(60)
    page = opened(data, "#range=7-19")
    inside = np.zeros(60, bool)
    inside[7:20] = True
    for row in page.locator("#range .ranking tbody tr").all_inner_texts():
        name, auc, *_ = row.split()
        place = [data.cells[cell]["id"] for cell in data.chosen].index(name)
        values = np.rint(data.signals["c"][place] * 127)
        pairs = values[inside][:, None] - values[~inside]
        assert float(auc) == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2, abs=6e-4)


def test_a_regular_expression_is_a_feature_scored_on_both_halves(opened: Opener) -> None:
    page = opened(planted())
    page.fill("#regex", "cd")
    until(page, "document.getElementById('found').textContent.includes('matches')")
    text = page.inner_text("#found")
    assert "60 matches, 120 characters" in text
    assert "Confirmed: L1:1 knows it, 1.00 on the second half" in text
    assert re.match(r"L1:1\s+1\.000\s+1\.000", page.locator("#found .ranking tbody tr").nth(0).inner_text())
    chance = float(re.search(r"chance reaches (0\.\d+)", text)[1])  # type: ignore[index]
    assert 0.5 < chance <= 1
    assert character(page, 2).get_attribute("class").endswith("hit")
    assert "hit" not in character(page, 1).get_attribute("class")
    assert "shaded: /cd/" in page.text_content("#strip svg")
    page.fill("#regex", "(")
    until(page, "document.querySelector('#found .note')")
    assert "not a regular expression" in page.inner_text("#found")
    page.fill("#regex", "b c")
    until(page, "document.querySelector('#found').textContent.includes('none')")
    assert "Too rare to test" in page.inner_text("#found")


def test_until_the_search_is_done_nothing_is_said_of_matches(opened: Opener) -> None:
    page = opened(planted(), prelude="window.Worker = class { postMessage() {} terminate() {} }")
    page.fill("#regex", "cd")
    page.wait_for_selector("#found:not([hidden])")
    assert "Searching" in page.inner_text("#found")
    assert "matches" not in page.inner_text("#found")


def test_enter_in_the_search_goes_from_match_to_match(opened: Opener) -> None:
    page = opened(planted())
    page.keyboard.press("/")
    page.keyboard.type("de")
    for t in (3, 13, 23):
        page.keyboard.press("Enter")
        until(page, f"location.hash.slice(1).split('&').includes('pin={t}')")


def test_the_table_sorts_filters_and_selects(opened: Opener) -> None:
    data = plain_data()
    page = opened(data)
    names = page.locator("#cells tbody th")
    assert names.all_inner_texts() == [data.cells[cell]["id"] for cell in data.chosen]
    page.click("#cells thead [data-sort=tau] button")
    assert names.all_inner_texts() == [f"L{n // 3 + 1}:{n % 3}" for n in range(5, -1, -1)]
    page.click("#cells thead [data-sort=tau] button")
    assert names.all_inner_texts() == [f"L{n // 3 + 1}:{n % 3}" for n in range(6)]
    assert page.get_attribute("#cells thead [data-sort=tau]", "aria-sort") == "ascending"
    page.click("#cells thead [data-sort=score] button")
    assert names.all_inner_texts()[-1] == "L2:2", "what has no score stands last"
    page.fill("#filter", "l2 confirmed")
    assert names.all_inner_texts() == ["L2:1"]
    page.fill("#filter", "nothing of this kind")
    assert page.is_visible("#none")
    page.fill("#filter", "saturated")
    page.click("#cells tbody tr")
    assert shown_cell(page) == "L2:2"
    assert "Saturated" in page.inner_text("#cell")


SHOWN = "button[aria-pressed='true']:text-matches('^(h|tanh c)$')"


def test_a_cell_is_shown_in_the_signal_that_its_feature_was_found_in(opened: Opener) -> None:
    """On opening, on choosing, and by a link; another signal of it stands in the address."""
    page = opened(plain_data(), "#cell=L2:1")
    assert page.locator(SHOWN).inner_text() == "h"
    page.click("#cells tbody tr[data-cell='L1:0']")
    assert page.locator(SHOWN).inner_text() == "tanh c"
    page.click("#cells tbody tr[data-cell='L2:1']")
    assert page.locator(SHOWN).inner_text() == "h"
    assert "signal" not in address(page)
    page.click("button[aria-pressed]:text-is('tanh c')")
    assert "signal=c" in address(page)


def test_the_errors_are_in_the_tab_of_surprise(opened: Opener) -> None:
    errors = {"places": 600, "errors": 0.5, "rest": 0.1, "removed": [["n-gram", 0.65], ["memory", 0.25]]}
    page = opened(plain_data(errors=errors), "#tab=surprise")
    text = page.inner_text("#surprise")
    for words in ("50 % of the characters", "n-gram", "65 %", "the rest", "10 %"):
        assert words in text
    assert "Errors" not in opened(plain_data(), "#tab=surprise").inner_text("#surprise")


def test_what_was_measured_of_a_cell_is_on_its_card(opened: Opener) -> None:
    data = plain_data()
    first = data.cells[data.chosen[0]]
    first |= {
        "steering": {"verdict": "steers", "with_low": 0.02, "with_high": 0.61, "change": 0.59, "error": 0.06},
        "wiring": {"promotes": [["<b>", 1.5]], "suppresses": [["a", -2.0]], "written_by": [["L1:1", "g", 0.8]],
                   "read_by": [["L2:2", "f", -0.4]]},
        "activity": {"density": 0.25, "hard_negatives": [40, 90]}, "memory": 33.0, "holds": True}
    first["best"]["prevalence"] = 3 / 7
    data.features[0]["probe"] = {"scores": {"1": 0.8, "2": 0.9}, "all": 0.95, "carried_by": 2}
    page = opened(data)
    card = page.inner_text("#cell")
    for words in ("2.0 % → 61.0 % (+59.0 ± 6.0)", "holds until reset, 33.0 characters", "<b> +1.5", "a −2.0",
                  "L1:1 g +0.80", "L2:2 f −0.40", "25 % of the places, its feature 43 %",
                  "0.80 with 1, 0.90 with 2, 0.95 with all",
                  "On without three of seven"):
        assert words in card, words
    page.click("#cell .link:has-text('L1:1')")
    assert shown_cell(page) == "L1:1"


def test_the_map_names_and_selects(opened: Opener) -> None:
    data = plain_data()
    assert data.scores is not None
    page = opened(data)
    page.click("#show-map")
    drawing = page.locator("#map svg")
    box = drawing.bounding_box()
    page.mouse.move(box["x"] + 184 + 22 + 8, box["y"] + 8 + 20 + 6)
    cell = [cell for cell in data.chosen if cell != 5][1]
    words = page.inner_text("#map-words")
    assert words.startswith(f"{data.cells[cell]['id']} · column · ρ ")
    score = data.scores[2, cell]
    assert words.split("ρ ")[1].startswith(f"{'+' if score > 0 else '−'}{abs(score):.2f}"[:4])
    page.mouse.down()
    page.mouse.up()
    assert f"cell={data.cells[cell]['id']}" in address(page) or data.chosen[0] == cell
    assert "feature=column" in address(page)


def test_a_point_of_the_gates_selects_its_cell(opened: Opener) -> None:
    page = opened(plain_data(), "#tab=gates")
    assert page.locator("figure").count() == 3
    assert page.locator(".point[data-cell]").count() == 18
    page.locator(".point[data-cell='L2:0']").first.dispatch_event("click")
    assert "cell=L2:0" in address(page)
    assert page.locator(".point.chosen").count() == 3
    assert "L2:0" in page.inner_text("#cell")
    assert page.locator(".health td").all_inner_texts()[:2] == ["1 L1:1 ", "0 "] or "L1:1" in page.inner_text(".health")


def test_memory_draws_a_line_for_each_layer(opened: Opener) -> None:
    page = opened(plain_data(), "#tab=memory")
    assert page.locator("figure").count() == 4
    assert page.locator("figure svg path.line").count() == 6
    text = page.inner_text("#view")
    for words in ("windows of 20 would do", "99 % within 18", "16 are enough", "trained on", "0.780", "vanishes"):
        assert words in text or words == "trained on"


def test_surprise_colours_lists_and_leads_to_the_worst(opened: Opener) -> None:
    data = plain_data()
    page = opened(data, "#tab=surprise")
    worst = int(np.nanargmax(data.bits))
    assert f"{np.nanmean(data.bits):.2f} bits" in page.inner_text("#surprise")
    page.locator("#surprise .place").nth(0).click()
    assert f"pin={worst}" in address(page)
    assert "p7" in character(page, worst).get_attribute("class")
    assert page.locator("#text .c[class*=' m']").count() == 0


def test_the_strip_zooms_moves_and_leads_into_the_text(opened: Opener) -> None:
    page = opened(plain_data())
    drawing = page.locator("#strip svg")
    box = drawing.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    page.mouse.wheel(0, -300)
    until(page, "location.hash.includes('zoom')")
    start, stop = map(int, re.search(r"zoom=(\d+)-(\d+)", address(page)).groups())  # type: ignore[union-attr]
    assert start == 68
    assert stop - start == round(600 / 1.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - 100, box["y"] + 60)
    page.mouse.up()
    moved = int(re.search(r"zoom=(\d+)", address(page))[1])  # type: ignore[index]
    assert moved > start
    assert "pin" not in address(page), "a drag is no click"
    page.mouse.click(box["x"] + box["width"] - 30, box["y"] + 60)
    pinned = int(re.search(r"pin=(\d+)", address(page))[1])  # type: ignore[index]
    assert pinned > 400
    assert character(page, pinned).is_visible()
    page.click("#strip .zoom >> text=all")
    assert "zoom" not in address(page)


def test_the_address_brings_the_same_view_back(opened: Opener) -> None:
    data = plain_data()
    wish = "#tab=cells&cell=L2:0&signal=h&pin=77&regex=ab&sort=tau&down=true&zoom=50-150"
    page = opened(data, wish)
    assert shown_cell(page) == "L2:0"
    assert "pinned" in page.inner_text("#character")
    assert page.input_value("#regex") == "ab"
    assert page.get_attribute("#cells thead [data-sort=tau]", "aria-sort") == "descending"
    assert page.locator("#strip svg").get_attribute("aria-label").endswith("characters 50 to 150")
    page.evaluate("location.hash = '#cell=L1:2&range=5-9'")
    until(page, "document.querySelector('#bar strong').textContent === 'L1:2'")
    assert page.is_visible("#range")
    assert page.input_value("#regex") == ""


@pytest.mark.parametrize("wish", ["#cell=L9:99", "#pin=abc&range=9-2&zoom=-", "#range=5000-6000", "#%E0%A4%A",
                                  "#tab=<b>&feature=none&sort=none&signal=q", "#regex=("])
def test_an_address_that_makes_no_sense_does_no_harm(opened: Opener, wish: str) -> None:
    page = opened(plain_data(), wish)
    assert page.locator("#cells tbody tr").count() == 6


def test_everything_without_a_mouse(opened: Opener) -> None:
    data = plain_data()
    page = opened(data)
    ids = [data.cells[cell]["id"] for cell in data.chosen]
    assert shown_cell(page) == ids[0]
    page.keyboard.press("ArrowRight")
    assert shown_cell(page) == ids[1]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert shown_cell(page) == ids[-1]
    layer = int(ids[-1][1])
    page.keyboard.press("ArrowDown" if layer == 1 else "ArrowUp")
    assert int(shown_cell(page)[1]) == 3 - layer
    page.keyboard.press("v")
    page.keyboard.press("s")
    assert shown_cell(page) == "surprise"
    page.keyboard.press("s")
    assert shown_cell(page) != "surprise"
    page.keyboard.press("l")
    assert "pin=0" not in address(page) or "pin" in address(page)
    first = int((re.search(r"pin=(\d+)", address(page)) or [0, 0])[1])
    page.keyboard.press("l")
    page.keyboard.press("j")
    assert f"pin={first + 11}" in address(page)
    page.keyboard.press("Shift+L")
    page.keyboard.press("Shift+J")
    assert f"range={first + 11}-{first + 22}" in address(page)
    assert page.is_visible("#range")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("gh")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('found').textContent.includes('60 matches')")
    page.keyboard.press("Escape")
    page.keyboard.press("+")
    assert "zoom" in address(page)
    page.keyboard.press("0")
    assert "zoom" not in address(page)
    page.keyboard.press("f")
    page.keyboard.type("L2")
    assert page.locator("#cells tbody tr").count() == 3
    page.keyboard.press("Escape")
    for number, tab in enumerate(("cells", "gates", "memory", "surprise", "about"), 1):
        page.keyboard.press(str(number))
        assert page.get_attribute(f"#tab-{tab}", "aria-selected") == "true"
    page.focus("#tab-about")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-cells"
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("Escape")
    assert not page.is_visible("#help")
    page.keyboard.press("m")
    assert page.is_visible("#map")


def test_keys_go_on_with_a_range_that_was_not_drawn_with_keys(opened: Opener) -> None:
    page = opened(plain_data(), "#range=50-70")
    page.keyboard.press("Shift+L")
    assert "range=50-71" in address(page)
    page.keyboard.press("l")
    assert "pin=72" in address(page)


@pytest.mark.usefixtures("needs_chromium")
def test_tab_reaches_every_control_and_each_can_be_seen_to_have_the_focus(opened: Opener) -> None:
    page = opened(plain_data())
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("""() => { const node = document.activeElement;
            return node.id || node.closest('[id]')?.id || node.tagName; }"""))
        if not page.evaluate("document.activeElement === document.body"):
            assert page.evaluate("""() => { const style = getComputedStyle(document.activeElement);
                return style.outlineStyle !== 'none' || style.boxShadow !== 'none'; }""")
    assert {"tab-cells", "help-button", "filter", "cells", "regex", "text", "show-map", "strip"} <= reached


def test_the_table_is_walked_with_arrows(opened: Opener) -> None:
    data = plain_data()
    page = opened(data)
    page.focus("#cells tbody tr.chosen")
    page.keyboard.press("ArrowDown")
    assert shown_cell(page) == data.cells[data.chosen[1]]["id"]
    assert page.evaluate("document.activeElement.dataset.cell") == shown_cell(page)


@pytest.mark.usefixtures("needs_chromium")
@pytest.mark.parametrize(("where", "button"), [("", "#bar .save"), ("", "#strip .save"), ("#map=true", "#map .save"),
                                               ("#tab=gates", "figure .save"), ("#tab=memory", "figure .save"),
                                               ("#tab=surprise", "#surprise .save")])
def test_views_can_be_saved(opened: Opener, tmp_path: Path, where: str, button: str) -> None:
    page = opened(plain_data(), where)
    for kind, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG\r\n")):
        with page.expect_download() as download:
            page.locator(button).first.locator(f"text={kind}").click()
        file = tmp_path / f"saved.{kind}"
        download.value.save_as(file)
        content = file.read_bytes()
        assert content.startswith(start)
        assert len(content) > 1000
        assert "<" not in download.value.suggested_filename
        if kind == "SVG":
            assert b'xmlns="http://www.w3.org/2000/svg"' in content
            assert b"var(--" not in content


@pytest.mark.usefixtures("needs_chromium")
def test_a_range_is_copied_as_it_is_in_the_text(opened: Opener) -> None:
    page = opened(plain_data(), "#range=7-21")
    copied = page.evaluate("""() => {
        const data = new DataTransfer();
        dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, cancelable: true }));
        return data.getData('text/plain'); }""")
    assert copied == "h \nabcdefgh \nab"


def test_only_lines_in_sight_are_painted(opened: Opener) -> None:
    page = opened(plain_data(20_000))
    before = page.evaluate("document.querySelectorAll('#text .line:last-child .c')[0].className")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelectorAll('#text .line:last-child .c')[0].className") == before == "c"
    page.evaluate("document.querySelector('#text .line:last-child').scrollIntoView()")
    until(page, "document.querySelectorAll('#text .line:last-child .c')[0].classList.length > 1")


def test_before_anything_is_pointed_at_the_card_has_an_example(opened: Opener) -> None:
    page = opened(planted(), "#cell=L1:1")
    card = page.inner_text("#character")
    assert "where this cell changes most" in card
    assert "surprisal" in card
    assert "Point at a character" in card


@pytest.mark.usefixtures("needs_chromium")
def test_on_a_phone_details_come_up_and_a_range_needs_two_taps(opened: Opener) -> None:
    page = opened(planted(), viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.locator("#sheet").inner_text() == "Details of L1:0"
    character(page, 12).tap()
    assert "pin=12" in address(page)
    assert page.evaluate("document.querySelector('#drawer').classList.contains('open')")
    page.wait_for_timeout(300)
    page.locator(".range-start").tap()
    page.wait_for_timeout(300)
    character(page, 15).tap()
    assert "range=12-15" in address(page)
    page.wait_for_timeout(300)
    page.locator("#sheet").tap()
    assert not page.evaluate("document.querySelector('#drawer').classList.contains('open')")
    heights = page.evaluate("[...document.querySelectorAll('#tabs button, .switch button, #sheet, #regex')]"
                            ".map((node) => node.offsetHeight)")
    assert min(height for height in heights if height) >= 44
