"""`charrnn sample` in a terminal: what Ctrl-C leaves there."""

import os
from pathlib import Path

import pytest

from tests.cli.terminal import CTRL_C, terminal
from tests.cli.test_play_terminal import TINY

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="POSIX terminals")]


@pytest.mark.parametrize(("more", "end"), [((), "\n"), (("--surprisal", "--color", "always"), "\x1b[0m\n")])
def test_ctrl_c_ends_the_line(tmp_path: Path, more: tuple[str, ...], end: str) -> None:
    """So that the shell's prompt begins one of its own."""
    with terminal("sample", TINY, "--temp", "0", "--prime", "the", "--length", "0", *more, folder=tmp_path) as opened:
        opened.wait_for("q")
        opened.type(CTRL_C)
        assert opened.end() == 130
        assert opened.screen.endswith(end)
        assert "Traceback" not in opened.screen


def test_ctrl_c_ends_the_line_where_the_text_had_just_ended_one(tmp_path: Path) -> None:
    """The terminal itself writes ^C there."""
    lines = ("--bias", "\n=1000", "--length", "0")
    with terminal("sample", TINY, "--prime", "q", *lines, folder=tmp_path) as opened:
        opened.wait_for("q\n")
        opened.type(CTRL_C)
        assert opened.end() == 130
        assert opened.screen.endswith("\n^C\n")
