"""What is shown while a text is read, and what a long text costs in memory."""

import io
import sys
from pathlib import Path

import pytest

from charrnn.render import reading
from charrnn.render.wording import size_words, source_words
from charrnn.settings import TextSettings
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
        code, _, err = finish(start("-c", PEAK, "train", path.name, *OPTIONS, "--batch", "64", "--windows", windows,
                                    "--epochs", f"{50 / repeats}", "--validations", "1", folder=tmp_path))
        assert code == 0, err
        peaks.append(int(err.split()[-2]) * 1024)
    assert characters["large"] > 57_000_000
    # A copy of the text in any form would be 57 MB or more, and so would be all its pages.
    assert peaks[1] - peaks[0] < 30_000_000, peaks
