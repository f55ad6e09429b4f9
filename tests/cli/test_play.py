"""`charrnn play` without a terminal: a script in a pipe, and a person whose text goes to a file."""

import errno
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from charrnn.cli.main import _exit_code, _run
from charrnn.storage import drafts
from tests.cli.conftest import Program, Result
from tests.cli.tiny import ROOT, finish, start

TINY = ROOT / "tests" / "golden" / "tiny.safetensors"
LINE = "the quick brown fox jumps over the lazy dog.\n"
GREEDY = ("play", TINY, "--temp", "0", "--length", "10")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where drafts are kept."""
    monkeypatch.setattr(drafts, "draft_folder", lambda: tmp_path / "state")
    return tmp_path / "state"


class Keyboard(io.StringIO):
    """What a person types; an exception among the lines is raised in its turn."""

    def __init__(self, lines: Iterable[str | type[BaseException]]) -> None:
        super().__init__()
        self._lines = iter(lines)

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        line = next(self._lines, None)
        if isinstance(line, type):
            raise line
        return "" if line is None else line + "\n"


def play(charrnn: Program, *lines: str, options: tuple[object, ...] = GREEDY) -> Result:
    """What a script of these lines gives."""
    return charrnn(*options, stdin="".join(line + "\n" for line in lines).encode())


@pytest.fixture
def talk(charrnn: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """talk(*lines): a session with a person, whose screen is standard error."""

    def call(*lines: str | type[BaseException], options: tuple[object, ...] = GREEDY) -> Result:
        monkeypatch.setattr(sys, "stdin", Keyboard(lines))
        capsys.readouterr()
        try:
            code = _run([str(option) for option in options])
        except BaseException as error:
            code = _exit_code(error)
        return Result(code, *capsys.readouterr())

    return call


def test_a_script_gets_the_text_and_nothing_else(charrnn: Program, folder: Path) -> None:
    done = play(charrnn, "the quick ", "", "", "/quit", "never read")
    assert (done.code, done.out, done.err) == (0, LINE[:30], "")
    assert not folder.exists()


def test_the_end_of_a_script_is_the_end(charrnn: Program) -> None:
    assert play(charrnn, "the quick ", "") == Result(0, LINE[:20], "")
    assert charrnn(*GREEDY, stdin=b"the quick") == Result(0, "the quick", "")
    assert charrnn(*GREEDY, stdin="\ufeffthe quick \r\n\r\n".encode()) == Result(0, LINE[:20], "")
    assert play(charrnn) == Result(0, "", "")


@pytest.mark.parametrize(("lines", "text"), [
    (["the", " quick ", "/undo", "/redo", ""], LINE[:20]),
    (["the quick ", "", "/undo"], "the quick "),
    (["the quick ", "", "", "/u 2", "/r"], LINE[:20]),
    (["the quick ", "", "/length 3", ""], LINE[:23]),
    (["the quick ", "/stop fox", "/stop dog", "/l 0", ""], LINE[:16]),
    (["the quick ", "/ban z", "/top-p 0.5", "/bias e=1", "/clamp L1:3=0.1", "/min-p 0", "/length 0", "/stop b", ""],
     "the quick "),
    (["the quick ", "/branch 3", "2"], LINE[:20]),
    (["the quick ", "/branch", "", ""], LINE[:20]),
    (["the quick ", "/b", "/more", "4", ""], LINE[:30]),
    (["the quick ", "", "/again", "/again"], LINE[:20]),
    (["the quick ", "/b 2", "/again", "1"], LINE[:20]),
    (["fox", "/new", "the quick ", ""], LINE[:20]),
    (["fox", "/new", "/undo"], "fox"),
    (["over the lazy dog.\\", ""], LINE[26:] + LINE[:10]),
    (["the", "/help", "/settings", "/temp", "/temp 0.5"], "the"),
    (["", "/undo", "the"], "the"),
])
def test_what_lines_make_of_the_text(charrnn: Program, lines: list[str], text: str) -> None:
    done = play(charrnn, *lines)
    assert (done.code, done.out) == (0, text)
    assert done.err == "" or "/help" in lines


def test_a_text_to_begin_with(charrnn: Program) -> None:
    assert play(charrnn, "", options=(*GREEDY, "--prime", "the quick ")).out == LINE[:20]
    Path("story.txt").write_text("the quick ")
    done = play(charrnn, "", "/save", options=(*GREEDY, "--open", "story.txt"))
    assert (done.code, done.out, Path("story.txt").read_text()) == (0, LINE[:20], LINE[:20])
    for wrong in (("--prime", "x", "--open", "y"), ("--prime", "x", "--resume"), ("--open", "y", "--resume")):
        done = play(charrnn, options=(*GREEDY, *wrong))
        assert (done.code, done.out) == (2, "")
        assert "only one of --prime, --open and --resume" in done.err


@pytest.mark.parametrize(("lines", "out", "words"), [
    (["the ", "a Ω", "b"], "the ", "line 2 of standard input: the text has characters that the model has never seen: "),
    (["the ", "/temp hot", "b"], "the ", "line 2 of standard input: temp is 'hot'; it must be a number"),
    (["/undo"], "", "line 1 of standard input: there is nothing to take back"),
    (["the ", "/undo many"], "the ", "'many' is not a number of changes"),
    (["the ", "/sing"], "the ", "no command /sing; "),
    (["the ", "/save"], "the ", "/save FILE gives it one"),
    (["the ", "/save nowhere/a.txt"], "the ", "/nowhere does not exist; nothing was changed"),
    (["the ", "/open missing.txt"], "the ", "no file or folder 'missing.txt'"),
    (["the ", "/open"], "the ", "/open needs the name of a file"),
    (["the ", "/length 0", ""], "the ", "line 3 of standard input: a text of length 0 never ends; give a length"),
    (["/bias e"], "", "line 1 of standard input: /bias 'e' is not understood; give a character and a number"),
    (["/min-length 999"], "", "/min-length 999 is more than /length 10; "),
    (["/branch 0"], "", "samples is 0; it must be at least 1"),
    (["/branch 2", "3"], "", "choose 1 to 2"),
])
def test_a_script_ends_where_it_is_wrong(charrnn: Program, lines: list[str], out: str, words: str) -> None:
    done = play(charrnn, *lines)
    assert done.code in (1, 2)
    assert done.out == out
    assert words in done.err
    assert done.err.startswith("charrnn: line ")
    assert done.err.count("\n") == 1


def test_a_script_that_is_no_utf8(charrnn: Program) -> None:
    done = charrnn(*GREEDY, stdin=b"the \nqu\xff\n")
    assert (done.code, done.out) == (1, "the ")
    assert "line 2 of standard input: these are not characters" in done.err


def test_unknown_characters_can_be_left_out(charrnn: Program) -> None:
    done = play(charrnn, "the Ωquick ", "", options=(*GREEDY, "--unknown", "skip"))
    assert (done.code, done.out) == (0, "the Ωquick brown fox ")
    assert done.err == "note: the model never saw 'Ω' (U+03A9): it is left out\n"


def test_show_is_not_said_twice(charrnn: Program) -> None:
    assert play(charrnn, "the", "/show", "/quit").out == "the"
    assert play(charrnn, "the ", "/show", "fox").out == "the the fox"


def test_saving(charrnn: Program) -> None:
    assert play(charrnn, "the fox\\", "/save  a b.txt").out == "the fox\n"
    assert Path("a b.txt").read_bytes() == b"the fox\n"
    done = play(charrnn, "the", "/save a b.txt")
    assert (done.code, Path("a b.txt").read_bytes()) == (1, b"the fox\n")
    assert "a b.txt already exists; /save! a b.txt writes over it" in done.err
    assert play(charrnn, "the", "/save! a b.txt", " dog", "/save").code == 0
    assert Path("a b.txt").read_text() == "the dog"


def test_an_empty_file_is_filled(charrnn: Program) -> None:
    Path("new.txt").touch()
    assert play(charrnn, "the fox\\", "/save", options=("play", TINY, "--open", "new.txt")).code == 0
    assert Path("new.txt").read_text() == "the fox\n"


@pytest.mark.parametrize("name", ["x" * 300, "locked/story.txt"])
def test_a_place_that_cannot_be_looked_at_is_refused_in_a_line(charrnn: Program, name: str,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = os.stat

    def stat(path: Any, *given: Any, **others: Any) -> os.stat_result:
        if "locked" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return looked_at(path, *given, **others)

    monkeypatch.setattr(os, "stat", stat)
    done = play(charrnn, "the", f"/save {name}")
    assert (done.code, done.out) == (1, "the")
    assert re.search(rf"cannot write \S*{name[:9]}", done.err)
    assert done.err.count("\n") == 1


def test_another_text_is_not_saved_over_a_file(charrnn: Program) -> None:
    Path("story.txt").write_text("the fox")
    for lines in (["/open story.txt", "/new", "dog", "/save"], ["dog", "/open story.txt", "/undo", "/save"]):
        done = play(charrnn, *lines)
        assert (done.code, done.out) == (1, "dog")
        assert Path("story.txt").read_text() == "the fox"


def test_seeds(charrnn: Program) -> None:
    lines = ("the ", "", "/branch 3", "2", "/again", "")
    options = ("play", TINY, "--temp", "3", "--length", "20", "--seed")
    one = play(charrnn, *lines, options=(*options, "4"))
    assert (one.code, one.err, len(one.out)) == (0, "", 64)
    assert play(charrnn, *lines, options=(*options, "4")) == one
    assert play(charrnn, *lines, options=(*options, "5")).out != one.out
    assert play(charrnn, *lines, options=options[:-1]).out != one.out
    sample = charrnn("sample", TINY, "--temp", "3", "--length", "20", "--seed", "4", "--prime", "the ")
    assert one.out.startswith(sample.out)


def test_a_person_with_the_text_going_to_a_file(talk: Program, folder: Path) -> None:
    done = talk("the quick ", "", "/undo", "/redo", "/quit")
    assert (done.code, done.out) == (0, LINE[:20])
    assert ">the quick >brown fox \nthe quick brown fox >-- took back 10 characters" in done.err
    assert "\x1b" not in done.err
    assert list(folder.iterdir()) == []


def test_a_person_is_told_and_goes_on(talk: Program) -> None:
    done = talk("the Ω", "/temp hot", "/undo", "/sing", KeyboardInterrupt, "/unknown fold", "/length", "the quick ", "")
    assert (done.code, done.out) == (0, LINE[:20])
    for words in ("-- the text has characters that the model has never seen: 'Ω' (U+03A9), the first at position 4; "
                  "/unknown skip would leave it out\n", "-- temp is 'hot'; it must be a number\n",
                  "-- there is nothing to take back\n", "-- no command /sing; ",
                  "\n-- the text is still here; /quit or Ctrl-D leaves\n", "-- /unknown fold: ", "-- /length 10: "):
        assert words in done.err
    assert done.err.index("Ω") < done.err.index("'hot'") < done.err.index("still here")


def test_branches_are_shown(talk: Program) -> None:
    done = talk("over the lazy", "/branch 2", "2", "/b 1", "9", "", "", options=(*GREEDY[:-1], "7"))
    assert done.out == "over the lazy" + LINE[39:] + LINE[:1] + LINE[1:8]
    assert ("over the lazy>1:  dog.\n   t\n2:  dog.\n   t\n-- a number takes that one, Enter none, /more shows others\n"
            "1-2> t>1: he quic\n-- a number ") in done.err
    assert "1> -- there is no continuation 9; choose 1 to 1, or Enter for none\n1> t>he quic\n" in done.err


def test_ctrl_c_stops_a_continuation_and_keeps_it(talk: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    import signal

    from charrnn.render.console import Console

    show, shown = Console.show, []

    def press(self: Console, text: str) -> None:
        show(self, text)
        if len(text) > 3:  # a label has 3
            shown.append(text)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Console, "show", press)
    before = signal.getsignal(signal.SIGINT)
    done = talk("the quick ", "", "/undo", "/branch", "1", options=(*GREEDY[:-1], "99999999"))
    assert signal.getsignal(signal.SIGINT) is before
    assert done.code == 0
    assert len(shown) == 2
    assert done.out == "the quick " + shown[1].replace("\n   ", "\n")
    assert LINE.startswith("the quick " + shown[0][:34])


def test_a_draft_of_what_is_not_saved(talk: Program, folder: Path, monkeypatch: pytest.MonkeyPatch,
                                      charrnn: Program) -> None:
    from charrnn.render.console import Console

    create = Console.__init__

    def with_screen(self: Console) -> None:
        create(self)
        self.wants_result = False  # the person reads the text on the screen

    monkeypatch.setattr(Console, "__init__", with_screen)
    done = talk("the quick ", "", "/quit")
    [path] = folder.iterdir()
    assert path.read_text() == LINE[:20]
    assert done.out == ""
    assert done.err.endswith(f"-- not saved, but kept in {path}; charrnn play {TINY} --resume goes on with it\n")
    assert talk("/undo", "/undo", options=(*GREEDY, "--resume")).code == 0
    assert list(folder.iterdir()) == []

    talk("the ", "/new", "fox", "/open story.txt", "dog")
    drafts_left = sorted(path.read_text() for path in folder.iterdir())
    assert drafts_left == ["foxdog", "the "]
    for path in folder.iterdir():
        path.unlink()

    Path("empty.txt").write_text("")
    assert "-- empty.txt is empty\n" in talk("/open empty.txt").err

    done = talk("/new", "fox", options=(*GREEDY, "--prime", "the "))  # what it begins with is not lost either
    kept = {path.read_text(): path for path in folder.iterdir()}
    assert set(kept) == {"the ", "fox"}
    assert f"-- what was not saved is kept in {kept['the ']}; /undo brings it back\n" in done.err
    for path in folder.iterdir():
        path.unlink()

    done = talk("the ", "/save story.txt", "fox", "/save")
    assert Path("story.txt").read_text() == "the fox"
    assert list(folder.iterdir()) == []
    assert "not saved" not in done.err
    done = talk("dog", "/quit", options=(*GREEDY, "--open", "story.txt"))
    [path] = folder.iterdir()
    assert path.read_text() == "the foxdog"
    done = talk("/save other.txt", options=(*GREEDY, "--resume"))
    assert (Path("other.txt").read_text(), list(folder.iterdir())) == ("the foxdog", [])
    done = charrnn(*GREEDY, "--resume")
    assert (done.code, done.err) == (1, "charrnn: there is no unsaved text; leave out --resume\n")


def test_where_no_draft_can_be_kept_leaving_takes_two(talk: Program, folder: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    from charrnn.render.console import Console

    create = Console.__init__

    def with_screen(self: Console) -> None:
        create(self)
        self.wants_result = False

    monkeypatch.setattr(Console, "__init__", with_screen)
    folder.write_text("a file in its place")
    done = talk("the ", "/quit", "/save kept.txt", "/quit", "never")
    assert done.code == 0
    assert done.err.count("-- no draft of this session is kept: ") == 1
    assert done.err.count("/save FILE, or leave once more to lose it\n") == 1
    assert Path("kept.txt").read_text() == "the "
    done = talk("the ", "/quit", "/quit", "never")
    assert done.err.count("leave once more") == 1
    assert "never" not in done.err
    assert folder.read_text() == "a file in its place"


def test_documents(charrnn: Program, talk: Program) -> None:
    import charrnn as package
    from tests.play.test_session import SMALL

    package.train(text="ab\n" * 300, name="mine", **{**SMALL, "documents": "line", "epochs": 3.0, "lr": 0.03,
                                                     "val_fraction": 0.0})
    options = ("play", "mine", "--temp", "0")
    assert play(charrnn, "", options=options) == Result(0, "ab\n", "")
    done = talk("", "b\\", "/branch 1", "1", options=options)
    assert done.out == "ab\n"
    ends = "-- the network ends the document here; type on, {}, /new begins the next\n"
    assert done.err.count(ends.format("/again writes another")) == 1
    assert done.err.count(ends.format("Enter tries again")) == 1
    assert "-- a number takes that one (the document ends with 1), Enter none" in done.err
    assert "-- '\\n' ends a document here, and a text is one document; /new begins another\n" in done.err


def test_help_is_quick() -> None:
    code = ("import sys\nfrom charrnn.cli.main import _run\n_run(['play', '--help'])\n"
            "sys.exit(bool({'numpy', 'numba'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).returncode == 0


def test_without_standard_input(tmp_path: Path) -> None:
    code = "import sys; sys.stdin = None; sys.argv[1:] = sys.argv[1:]; from charrnn.cli.main import main; main()"
    process = start("-c", code, *map(str, GREEDY), folder=tmp_path)
    assert finish(process) == (0, "", "")
