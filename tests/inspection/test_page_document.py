"""The page as a file: complete, offline, harmless, the same bytes each time, and no bigger than allowed."""

import dataclasses
import json
import re

import numpy as np
import pytest

from charrnn.errors import SettingsError
from charrnn.inspection.page.data import PageData
from charrnn.inspection.page.document import MEGABYTE, SCRIPTS, STYLES, Page, document, fit_page
from charrnn.live import document as live
from tests.inspection.pages import ROOM, some_data


def data_of(html: bytes) -> dict[str, object]:
    found = re.search(rb'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    value = json.loads(found[1])
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("compress", [True, False])
def test_nothing_in_it_is_an_address(bits: int, compress: bool) -> None:
    html = document(some_data(), 6, bits, compress).decode("utf-8")
    assert not re.findall(r"(?i:https?:)|(?:src|href)\s*=\s*['\"](?!data:)|\burl\((?!#)|@import|//\w", html)
    assert html.count("default-src 'none'") == 1


def test_names_of_the_model_and_the_text_are_no_markup() -> None:
    html = document(some_data(), 6, 8).decode("utf-8")
    assert "<i>run" not in html
    assert "<title>&lt;i&gt;run&lt;/i&gt;" in html
    assert "a &amp; b.txt" in html
    assert html.count("</script>") == 2


def test_every_file_of_the_room_is_in_the_page_once() -> None:
    assert {path.name for path in ROOM.glob("*.js")} == set(SCRIPTS)
    assert {path.name for path in ROOM.glob("*.css")} == set(STYLES)
    html = document(some_data(), 6, 8).decode("utf-8")
    for name in (*SCRIPTS, *STYLES):
        text = (ROOM / name).read_text(encoding="utf-8")
        assert text.isascii() or "\ufeff" not in text
        assert html.count(text) == 1


def test_what_both_pages_have_is_written_once() -> None:
    """No function or constant of one folder's scripts is in the other's, and the shared ones are in each page once."""
    named = re.compile(r"^(?:const|async function|function) (\w+)", re.MULTILINE)
    own = {name for path in ROOM.glob("*.js") for name in named.findall(path.read_text(encoding="utf-8"))}
    shared = set(named.findall(live.shared_script()))
    assert {"element", "visible", "classOf", "unpackedArray"} <= shared
    assert not own & shared
    html = document(some_data(), 6, 8).decode("utf-8")
    assert html.count(live.shared_script()) == html.count(live.shared_styles()) == 1


def test_the_scripts_stay_small() -> None:
    assert sum((ROOM / name).stat().st_size for name in SCRIPTS) < 100_000


def test_the_same_data_gives_the_same_file() -> None:
    assert document(some_data(), 6, 8) == document(some_data(), 6, 8)


def test_a_name_that_is_no_text_does_not_stop_it() -> None:
    data = dataclasses.replace(some_data(), source={**some_data().source, "source": "a\udc80.txt"})
    assert b"a?.txt" in document(data, 6, 8)


def test_what_fits_is_left_as_it_is() -> None:
    page = fit_page(some_data())
    assert (page.cells, page.bits, page.notes) == (6, 8, ())
    assert data_of(page.html)["notes"] == []


def test_fewer_cells_when_asked_for_and_never_more_than_there_are() -> None:
    assert fit_page(some_data(), cells=2).cells == 2
    assert fit_page(some_data(), cells=99).cells == 6
    assert fit_page(some_data(), cells=0).cells == 0


@pytest.mark.parametrize(("cells", "asked", "expected"), [(6, None, 8), (200, None, 4), (200, 150, 8)])
def test_all_of_many_cells_are_stored_in_four_bits(cells: int, asked: int | None, expected: int) -> None:
    assert fit_page(some_data(20, cells), cells=asked).bits == expected


def sizes(data: PageData, *pairs: tuple[int, int]) -> list[int]:
    return [len(document(data, cells, bits)) for cells, bits in pairs]


def test_over_its_size_it_gives_up_levels_first_then_cells_and_says_so() -> None:
    data = some_data(2000, 48)
    in_eight, in_four = sizes(data, (48, 8), (48, 4))
    assert in_four < in_eight
    page = fit_page(data, max_mb=(in_eight - 1) / MEGABYTE)
    assert (page.cells, page.bits) == (48, 4)
    assert "15 levels instead of 255" in page.notes[0]
    assert "cells instead" not in page.notes[0]
    smaller = fit_page(data, max_mb=(in_four - 1) / MEGABYTE)
    assert smaller.cells < 48
    assert f"the values of {smaller.cells} cells instead of 48" in smaller.notes[0]
    assert data_of(smaller.html)["notes"] == list(smaller.notes)
    for fit, limit in ((page, in_eight), (smaller, in_four)):
        assert len(fit.html) < limit


def test_a_limit_below_the_page_itself_is_refused_with_the_numbers() -> None:
    with pytest.raises(SettingsError, match=r"takes 0\.\d MB even without .* --html-max-mb 0\.05"):
        fit_page(some_data(), max_mb=0.05)


def test_the_default_page_keeps_to_its_budget() -> None:
    """10,000 characters, 128 of 384 cells, values that compress worse than a cell's do."""
    random = np.random.default_rng(1)
    values = np.tanh(np.cumsum(random.normal(size=(128, 10_000)), axis=1) / 4)
    page: Page = fit_page(some_data(10_000, 384, chosen=np.arange(128), signals={"c": values, "h": values[::-1]},
                                  units=list("abcdefghijklmnopqrstuvwxyz \n")), cells=128)
    assert page.bits == 8
    assert page.cells == 128
    assert len(page.html) < 4 * MEGABYTE


def test_a_page_without_anything_to_say_is_still_a_page() -> None:
    data = some_data(features=(), masks=None, scores=None, gates=None, horizon=None, context=None, advice="",
                     chosen=np.arange(0), signals={}, definitions={})
    assert data_of(fit_page(data).html)["signals"] == []
