"""What is shown while a text is read, and what a long text costs in memory."""

import gzip
import io
import sys
from pathlib import Path

import pytest

from charrnn.render import reading
from charrnn.render.wording import size_words, source_words
from charrnn.settings import TextSettings
from charrnn.text.corpus import read_corpus
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, TEXT, finish, start

# Trains, and tells on stderr the most memory that the process ever held, in kB.
PEAK = """
import sys
from charrnn.cli.main import main
try:
    main()
finally:
    print(*(line for line in open("/proc/self/status") if line.startswith("VmHWM")), file=sys.stderr)
"""


def test_a_line_where_there_is_no_terminal(charrnn: Program, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", -1.0)
    done = charrnn("train", "text.txt", "text.txt", *OPTIONS, "--epochs", "0.1")
    assert done.err.startswith("reading text.txt + text.txt (3.8 kB)\nnetwork ")
    done = charrnn("train", "-", *OPTIONS, "--epochs", "0.1", stdin=TEXT.encode())
    assert done.err.startswith("reading standard input\nnetwork ")


@pytest.mark.parametrize(("patience", "is_shown"), [(-1.0, True), (60.0, False)])
def test_a_bar_on_a_terminal(text: Path, monkeypatch: pytest.MonkeyPatch, patience: float, is_shown: bool) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(reading, "_PATIENCE", patience)
    monkeypatch.setattr(sys, "stderr", Terminal())
    reading.read([str(text)], TextSettings())
    seen = sys.stderr.getvalue()
    assert ("/1.91k" in seen) == is_shown
    assert (seen == "") != is_shown
    assert "\n" not in seen  # it is gone at the end


def test_wording() -> None:
    assert source_words([]) == "a text"
    assert source_words(list("abcde")) == "a + b + c + d + e"
    assert source_words(["-", *"abcdef"]) == "standard input + a + b + c + 3 more"
    assert [size_words(size) for size in (1, 812, 60_240_000, 1_000_000_000)] == [
        "1 byte", "812 bytes", "60.2 MB", "1.0 GB"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
@pytest.mark.parametrize("windows", ["stream", "snippets"])
def test_memory_does_not_grow_with_the_text(tmp_path: Path, windows: str) -> None:
    peaks, characters = [], {}
    for name, repeats in (("small", 100), ("large", 30_000)):
        path = tmp_path / f"{name}.txt"
        path.write_text((TEXT + "äж🐈\n") * repeats, encoding="utf-8")
        characters[name] = path.stat().st_size
        found = []
        # The system keeps more of a file's pages at one time than at another; a copy would always be there.
        for _ in range(3):
            code, _, err = finish(start("-c", PEAK, "train", path.name, *OPTIONS, "--batch", "64", "--windows", windows,
                                        "--epochs", f"{50 / repeats}", "--validations", "1", folder=tmp_path))
            assert code == 0, err
            found.append(int(err.split()[-2]) * 1024)
        peaks.append(min(found))
    assert characters["large"] > 57_000_000
    # A copy of the text in any form would be 57 MB or more, and so would be all its pages.
    assert peaks[1] - peaks[0] < 30_000_000, peaks


def packed(path: Path, text: str) -> str:
    """The name of a file that holds `text`, compressed by gzip."""
    path.write_bytes(gzip.compress(text.encode()))
    return path.name


def test_a_text_that_grows_beyond_the_bound_is_refused(charrnn: Program, tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.gz", "again and again\n" * 100_000)
    assert (tmp_path / bomb).stat().st_size < 10_000
    (tmp_path / "folder").mkdir()
    packed(tmp_path / "folder" / "bomb.gz", "again and again\n" * 100_000)
    for source in (bomb, "folder"):
        done = charrnn("train", source, *OPTIONS, "--max-size", "0.001")
        assert (done.code, done.err) == (1, "charrnn: the text has more than 0.001 GB after decompression, the bound "
                                            "of --max-size; give a larger one, or less text\n")
    assert not (tmp_path / "checkpoints").exists()


def test_a_text_within_the_bound_is_read(charrnn: Program, text: Path, tmp_path: Path) -> None:
    done = charrnn("train", packed(tmp_path / "text.gz", TEXT), *OPTIONS, "--epochs", "0.1", "--max-size", "0.000002",
                   "--name", "packed")
    assert done.code == 0, done.err
    done = charrnn("train", "--resume", "packed", "--epochs", "0.2", "--max-size", "0.000001")
    assert (done.code, "--max-size" in done.err) == (1, True)


def test_what_was_unpacked_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int | None, int]] = []
    name = packed(tmp_path / "numbers.gz", " ".join(map(str, range(300_000))))
    read_corpus([str(tmp_path / name)], None, lambda *numbers: told.append(numbers))
    size = (tmp_path / name).stat().st_size
    assert told[-1][:2] == (size, size)
    assert told[-1][2] > size
