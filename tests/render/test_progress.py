"""The progress bar: in a terminal only, and gone at the end."""

import io
import sys

import pytest

from charrnn.render.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_moves_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ProgressBar(4, "counting") as bar:
        assert bar.is_shown
        for _ in range(3):
            bar.advance(1)
        bar.show(3, words="nearly", now=True)
        seen = sys.stderr.getvalue()
    assert " 75%|" in seen
    assert seen.rstrip().endswith("nearly")
    assert sys.stderr.getvalue().rpartition("nearly")[2].strip("\r ") == ""
    assert "\n" not in sys.stderr.getvalue()


def test_elsewhere_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with ProgressBar(4, "counting") as bar:
        bar.advance(3)
        bar.show(4, now=True)
    assert not bar.is_shown
    assert sys.stderr.getvalue() == ""
