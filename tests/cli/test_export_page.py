"""`charrnn export --html`: the file, what is told of it, and what it is refused for."""

from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.live.test_document import payload_of


def test_the_page_is_written_and_told_of_on_stderr(charrnn: Program, run: Path) -> None:
    done = charrnn("export", "--html", "page.html")
    assert (done.code, done.out) == (0, ""), done.err
    assert "written: page.html (0." in done.err
    assert "8 bits for each weight cost" in done.err
    assert "held-out text" in done.err
    html = Path("page.html").read_bytes()
    assert b"<h1>tiny</h1>" in html
    content = payload_of(html)
    assert (content["precision"], content["start"]) == (8, "")
    charrnn("export", "tiny", "--html", "again.html")
    assert Path("again.html").read_bytes() == html


def test_options_reach_the_page(charrnn: Program, run: Path) -> None:
    Path("start.txt").write_text("the cat <b>", encoding="utf-8")
    done = charrnn("export", "--html", "page.html", "--precision", "4", "--text", "start.txt", "--no-names")
    assert done.code == 0, done.err
    content = payload_of(Path("page.html").read_bytes())
    assert (content["precision"], content["start"], content["cells"]) == (4, "the cat <b>", [])


def test_without_its_text_a_network_is_measured_on_its_own(charrnn: Program, run: Path) -> None:
    Path("text.txt").unlink()
    done = charrnn("export", "--html", "page.html")
    assert done.code == 0, done.err
    assert "text of its own" in done.err


@pytest.mark.parametrize(("arguments", "code", "words"), [
    ((), 2, "give --html FILE for a page"),
    (("--html", ""), 2, "a file needs a name"),
    (("--html", "no/page.html"), 1, "/no does not exist; nothing was changed"),
    (("--html", "page.html", "--precision", "9"), 2, "3 to 8"),
    (("--html", "page.html", "--text", "missing.txt"), 1, "missing.txt"),
    (("nothing", "--html", "page.html"), 1, "no checkpoint at nothing"),
])
def test_what_is_refused(charrnn: Program, run: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = charrnn("export", *arguments)
    assert done.code == code
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not Path("page.html").exists()


def test_a_page_that_is_too_large_is_not_written(charrnn: Program, run: Path) -> None:
    done = charrnn("export", "--html", "page.html", "--max-mb", "0.2", "--no-names")
    assert done.code == 0  # this one is small enough
    Path("page.html").unlink()
    Path("long.txt").write_text("the cat sat. " * 20_000, encoding="utf-8")
    done = charrnn("export", "--html", "page.html", "--max-mb", "0.2", "--no-names", "--text", "long.txt")
    assert (done.code, Path("page.html").exists()) == (2, False)
    assert "more than --max-mb 0.2, and 0.1 MB without its text; give a shorter --text, or allow more" in done.err
