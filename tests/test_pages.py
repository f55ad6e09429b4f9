"""Markdown pages: fences pair, chapters are headings, links lead somewhere."""

import re
from itertools import pairwise

import pytest

from tests.pages import PAGES, ROOT, fence_faults, fences, headings, link_faults, links, table_faults, text_of

README = ROOT / "README.md"
TEXTS = {path.relative_to(ROOT).as_posix(): text_of(path) for path in PAGES}


def test_fences_pair() -> None:
    assert {page: faults for page, text in TEXTS.items() if (faults := fence_faults(text))} == {}


def test_lines_that_look_like_headings_are_headings() -> None:
    """A parser finds as many as there are outside of code and comments; the first is the page's title."""
    looking = re.compile(r"^#{1,6} .*\S", re.MULTILINE)
    for page, text in TEXTS.items():
        code = "".join(fence.content for fence in fences(text)) + "".join(re.findall(r"<!--.*?-->", text, re.DOTALL))
        found = headings(text)
        assert len(found) == len(looking.findall(text)) - len(looking.findall(code)), page
        assert [heading.level for heading in found].count(1) == (found[0].level == 1) == 1, page


def test_no_level_of_headings_is_skipped() -> None:
    for page, text in TEXTS.items():
        levels = [heading.level for heading in headings(text)]
        assert all(after <= before + 1 for before, after in pairwise(levels)), page


def test_links_lead_somewhere() -> None:
    assert {page: faults for page, text in TEXTS.items() if (faults := link_faults(ROOT / page, text))} == {}


def test_tables_are_whole() -> None:
    assert {page: faults for page, text in TEXTS.items() if (faults := table_faults(text))} == {}


def test_broken_tables_are_found() -> None:
    table = "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    assert table_faults(table) == []
    assert table_faults(f"```text\n{table}```\n") == []
    assert table_faults(f"{table}\n| 3 | 4 |\n") == ["line 5: a row without a table"]
    assert table_faults(f"{table}| `|` | 4 |\n") == ["line 4: a row of 3 cells beneath a heading of 2"]
    assert table_faults(f"{table}| `\\|` | 4 |\n") == []
    assert table_faults(f"{table}what follows\n") == ["line 4: a row of -1 cells beneath a heading of 2"]


def test_nothing_is_left_to_fill_in() -> None:
    assert [page for page, text in TEXTS.items() if re.search(r"@@|TODO|to be filled", text)] == []


@pytest.mark.parametrize("chapter", [heading.text for heading in headings(text_of(README)) if heading.level == 2][1::2])
def test_a_stray_fence_is_found(chapter: str) -> None:
    """As it once stood in front of two chapters, which then were no headings."""
    text = text_of(README).replace(f"\n\n## {chapter}\n", f"\n```\n\n## {chapter}\n")
    assert fence_faults(text)
    assert chapter not in [heading.text for heading in headings(text)]


def test_two_stray_fences_are_found() -> None:
    """They pair, so that every fence is closed; all that gives them away is the heading between them."""
    text = "# Page\n\n## First\n\nText.\n```\n\n## Second\n\nText.\n```\n\n## Third\n"
    assert [heading.text for heading in headings(text)] == ["Page", "First", "Third"]
    assert fence_faults(text) == ["line 8: a heading within the code that begins in line 6: ## Second"]
    assert fence_faults(text.replace("```\n", "")) == []


def test_two_stray_fences_around_an_example_are_found() -> None:
    text = "## First\n```\n\n```sh\ncharrnn info\n```\n\n## Second\n```\n\n## Third\n"
    assert "line 4: a fence within the code that begins in line 2" in fence_faults(text)


@pytest.mark.parametrize(("text", "faults"), [
    ("```\ncode\n```\n", []),
    ("```python\n# a comment\n```\n", []),
    ("```\ncode\n", ["line 1: the fence is never closed"]),
    ("```\n# Title\n```\n", ["line 2: a heading within the code that begins in line 1: # Title"]),
    ("```python\n## Title\n```\n", ["line 2: a heading within the code that begins in line 1: ## Title"]),
    ("```\n\n```python\nx\n```\n", ["line 3: a fence within the code that begins in line 1"]),
    ("```charrnn train\n```\n", ["line 1: 'charrnn train' is no language of our examples"]),
])
def test_what_is_wrong_with_fences(text: str, faults: list[str]) -> None:
    assert fence_faults(text) == faults


def test_what_is_wrong_with_links() -> None:
    text = ("# One `two`, three\n\n[a](#one-two-three) [b](#four) [c](README.md) [d](no.md) [e](README.md#install) "
            "[f](README.md#no)")
    assert link_faults(ROOT / "page.md", text) == ["no heading #four", "no file no.md", "no heading README.md#no"]
    assert len(links(text)) == 6


def test_anchors_of_headings_that_are_there_twice() -> None:
    assert [heading.anchor for heading in headings("# A\n\n## B\n\n## B\n")] == ["a", "b", "b-1"]
