"""`charrnn play` in a real terminal, key by key."""

import os
import re
import time
from pathlib import Path

import pytest

from tests.cli.terminal import BACKSPACE, CTRL_C, CTRL_D, ENTER, UP, terminal
from tests.cli.tiny import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal")

TINY = str(ROOT / "tests" / "golden" / "tiny.safetensors")
LINE = "the quick brown fox jumps over the lazy dog.\n"
GREEDY = ("play", TINY, "--temp", "0", "--length", "10")


def drafts_in(folder: Path) -> list[str]:
    return sorted(path.read_text() for path in folder.rglob("drafts/*.txt"))


def test_a_session(tmp_path: Path) -> None:
    with terminal(*GREEDY, folder=tmp_path) as opened:
        opened.wait_for("/help lists the commands\n>")
        opened.type("the quick " + ENTER)
        opened.wait_for("the quick \nthe quick >")  # the terminal's echo, then the prompt
        opened.type(ENTER)
        opened.wait_for("\nbrown fox \nthe quick brown fox >")
        opened.type("/undo" + ENTER)
        opened.wait_for("-- took back 10 characters; /redo makes them again\nthe quick >")
        opened.type("/redo" + ENTER)
        opened.wait_for("the quick brown fox >")
        opened.type("/length 12" + ENTER)
        opened.wait_for("-- /length 12: ")
        opened.wait_for(">")
        opened.type("/branch 2" + ENTER)
        opened.wait_for("1: jumps over t\n2: jumps over t\n-- a number takes that one, Enter none, /more shows others\n"
                        "1-2> ")
        opened.type("2" + ENTER)
        opened.wait_for("...quick brown fox jumps over t>")
        opened.type("he lazy dog.\\" + ENTER)
        opened.wait_for("he lazy dog.\\\n>")
        opened.type("/show" + ENTER)
        opened.wait_for("/show\n" + LINE + ">")
        assert drafts_in(tmp_path) == [LINE]
        opened.type("/save mine.txt" + ENTER)
        opened.wait_for("-- 45 characters saved in mine.txt\n>")
        assert drafts_in(tmp_path) == []  # at once: the next thing may be a power cut
        opened.type(CTRL_D)
        assert opened.end() == 0
        assert "not saved" not in opened.screen
        assert "\x1b" not in opened.screen
    assert (tmp_path / "mine.txt").read_text() == LINE
    assert drafts_in(tmp_path) == []


@pytest.mark.slow
def test_ctrl_c_and_a_draft(tmp_path: Path) -> None:
    with terminal("play", TINY, "--temp", "0", "--length", str(10**11), folder=tmp_path) as opened:
        opened.wait_for("commands\n>")
        opened.type("the quick" + ENTER)
        opened.wait_for("the quick>")
        opened.type(ENTER)
        opened.wait_for("over the lazy dog.\nthe quick brown fox jumps over the lazy dog.\n")
        opened.type(CTRL_C)
        opened.wait_for("^C")
        opened.wait_for(">")
        opened.type("half a line")
        opened.wait_for("half a line")
        time.sleep(0.5)  # Python's readline overlooks a Ctrl-C in the moment before it waits for keys
        opened.type(CTRL_C)
        opened.wait_for("-- the text is still here; /quit or Ctrl-D leaves\n")
        opened.wait_for(">")
        opened.type("/t 0.5" + ENTER)
        opened.wait_for("-- /temp 0.5")
        opened.wait_for(">")
        opened.type("/q" + ENTER)
        assert opened.end() == 0
        assert "Traceback" not in opened.screen
        [kept] = drafts_in(tmp_path)
        assert f"-- not saved, but kept in {tmp_path}" in opened.screen
        assert f"; charrnn play {TINY} --resume goes on with it\n" in opened.screen
    assert len(kept) > 2 * len(LINE)
    assert (LINE * (len(kept) // len(LINE) + 1)).startswith(kept)
    with terminal(*GREEDY, "--resume", folder=tmp_path) as opened:
        opened.wait_for("commands\n")
        opened.wait_for(kept.rpartition("\n")[2][-20:] + ">")
        opened.type("/new" + ENTER)
        opened.wait_for("-- what was not saved is kept in ")
        opened.wait_for("/undo brings it back\n>")
        opened.type("/undo" + ENTER)
        opened.wait_for("-- the text is back\n")
        opened.wait_for(">")
        # killed, as by a power cut
    assert drafts_in(tmp_path) == [kept]


@pytest.mark.parametrize(("environment", "dim"), [
    ({"TERM": "xterm-256color"}, True),
    ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
])
@pytest.mark.slow
def test_lines_can_be_edited_and_notes_are_dim(tmp_path: Path, environment: dict[str, str], dim: bool) -> None:
    pytest.importorskip("readline")
    with terminal(*GREEDY, folder=tmp_path, **environment) as opened:
        opened.wait_for("commands")
        opened.wait_for(">")
        opened.type("/help" + ENTER)
        assert "/branch [N]" in opened.wait_for("/u, /t 0.5.")
        opened.wait_for(">")
        opened.type("the quiet" + BACKSPACE * 2 + "ck " + ENTER)
        opened.wait_for("the quick >")
        opened.type(ENTER)
        opened.wait_for("brown fox ")
        opened.wait_for("the quick brown fox >")
        opened.type("/zz" + ENTER)
        opened.wait_for("no command /zz")
        opened.wait_for(">")
        opened.type(UP + UP + ENTER)  # the line before the last once more; an empty one is not remembered
        opened.wait_for("the quick brown fox the quick >")
        assert ("\x1b[2m-- no command" in opened.screen) == dim
        assert ("\x1b[0m" in opened.screen) == dim


@pytest.mark.slow
def test_with_the_text_going_to_a_file_the_talk_stays_on_the_screen(tmp_path: Path) -> None:
    with terminal(*GREEDY, folder=tmp_path, output="story.txt") as opened:
        opened.wait_for("commands\n>")
        opened.type("the quick " + ENTER)
        opened.wait_for("the quick >")
        opened.type(ENTER)
        opened.wait_for("brown fox \nthe quick brown fox >")
        assert drafts_in(tmp_path) == [LINE[:20]]
        opened.type(CTRL_D)
        assert opened.end() == 0
    assert (tmp_path / "story.txt").read_text() == LINE[:20]
    assert drafts_in(tmp_path) == []


@pytest.mark.slow
def test_sigterm_keeps_what_was_being_written(tmp_path: Path) -> None:
    with terminal("play", TINY, "--temp", "0", "--length", str(10**11), folder=tmp_path) as opened:
        opened.wait_for("commands\n>")
        opened.type("the quick" + ENTER)
        opened.wait_for("the quick>")
        opened.type(ENTER)
        opened.wait_for("over the lazy dog.\n")
        opened.process.terminate()
        assert opened.end() == 143
        assert "Traceback" not in opened.screen
        assert "-- not saved, but kept in " in opened.screen
    [kept] = drafts_in(tmp_path)
    assert kept.startswith(LINE)


@pytest.mark.slow
@pytest.mark.parametrize(("term", "is_coloured"), [("xterm-256color", True), ("dumb", False)])
def test_colours_of_surprisal_are_the_only_escapes(tmp_path: Path, term: str, is_coloured: bool) -> None:
    with terminal("sample", TINY, "--surprisal", "--prime", "the ", "--length", "300", folder=tmp_path,
                  TERM=term) as opened:
        assert opened.end() == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", opened.screen)
    assert (plain != opened.screen) == is_coloured
    assert "bits of surprisal" in plain or not is_coloured
    assert not [sign for sign in plain if sign != "\n" and not sign.isprintable()]
