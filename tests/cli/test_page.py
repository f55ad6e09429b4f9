"""`charrnn inspect-cells --html`: the file, what is told about it, and what it is refused for."""

from pathlib import Path

import pytest

from charrnn.settings import PageSettings
from tests.cli.conftest import Program
from tests.cli.tiny import TEXT

NUMBERS = ("inspect-cells", "--chars", "300", "--html", "page.html")


@pytest.fixture(autouse=True)
def corpus(charrnn: Program) -> None:
    Path("text.txt").write_text(TEXT, encoding="utf-8")


def test_the_page_is_written_and_told_of_on_stderr(charrnn: Program, run: Path) -> None:
    plain = charrnn(*NUMBERS[:3])
    done = charrnn(*NUMBERS)
    assert (done.code, done.out) == (0, plain.out)
    assert "written: page.html (0." in done.err
    assert "the values of 8 of 8 cells" in done.err
    html = Path("page.html").read_text(encoding="utf-8")
    assert "<h1>tiny</h1>" in html
    assert "held-out text of text.txt" in html or "held-out text of text" in html
    charrnn(*NUMBERS[:-1], "again.html")
    assert Path("again.html").read_text(encoding="utf-8").replace("again.html", "page.html") == html


def test_a_view_in_the_terminal_leaves_the_page_as_it_is(charrnn: Program, run: Path) -> None:
    done = charrnn(*NUMBERS, "--gates")
    assert (done.code, Path("page.html").exists()) == (0, True), done.err


def test_options_reach_the_page(charrnn: Program, run: Path) -> None:
    done = charrnn(*NUMBERS, "--html-cells", "3", "--html-precision", "4", "--no-compress")
    assert "the values of 3 of 8 cells" in done.err
    html = Path("page.html").read_text(encoding="utf-8")
    assert '"levels":7' in html
    assert '"gzip":false' in html
    assert '"gzip":true' not in html


def test_what_was_given_up_for_the_size_is_told(charrnn: Program, run: Path) -> None:
    charrnn(*NUMBERS, "--no-compress")
    megabytes = len(Path("page.html").read_bytes()) / 1e6
    done = charrnn(*NUMBERS, "--no-compress", "--html-max-mb", f"{megabytes - 0.002:.4f}")
    assert done.code == 0, done.err
    assert "note: to stay within" in done.err
    assert "15 levels instead of 255" in Path("page.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_made_leaves_the_old_one(charrnn: Program, run: Path) -> None:
    Path("page.html").write_text("old", encoding="utf-8")
    done = charrnn(*NUMBERS, "--html-max-mb", "0.1")
    assert done.code == 2
    assert "--html-max-mb 0.1" in done.err
    assert Path("page.html").read_text(encoding="utf-8") == "old"
    done = charrnn(*NUMBERS[:-1], "nowhere/page.html")
    assert done.code == 1
    assert "folder" in done.err
    assert "does not exist" in done.err


@pytest.mark.parametrize("cells", ["many", "-1", "", "1.5"])
def test_a_number_of_cells_that_is_none_is_refused(charrnn: Program, run: Path, cells: str) -> None:
    done = charrnn(*NUMBERS, "--html-cells", cells)
    assert (done.code, done.out) == (2, "")
    assert "it is a number of cells, all, or network" in done.err


def test_all_cells_are_none_in_particular() -> None:
    assert PageSettings(html_cells="all").cells is None
    assert PageSettings(html_cells="7").cells == 7


def test_the_page_holds_its_network_unless_values_are_asked_for(charrnn: Program, run: Path) -> None:
    for options, has_network in (((), True), (("--html-cells", "network"), True), (("--html-cells", "8"), False),
                                 (("--html-precision", "8"), False), (("--no-compress",), False)):
        done = charrnn(*NUMBERS, *options)
        assert done.code == 0, done.err
        html = Path("page.html").read_text(encoding="utf-8")
        assert ("function mountLive(" in html, '"signal_c":' in html) == (has_network, not has_network)


def test_a_network_that_does_not_fit_gives_way_to_values(charrnn: Program, run: Path) -> None:
    charrnn(*NUMBERS, "--html-cells", "8")
    megabytes = len(Path("page.html").read_bytes()) / 1e6
    done = charrnn(*NUMBERS, "--html-max-mb", f"{megabytes + 0.01:.4f}")
    assert "note: the network does not fit into" in done.err
    assert "the values of 8 of 8 cells" in done.err
    assert "function mountLive(" not in Path("page.html").read_text(encoding="utf-8")
