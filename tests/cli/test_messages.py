"""--quiet and --verbose, and what the library tells Python's logging."""

import logging
import re
import sys
from pathlib import Path

import pytest

import charrnn as package
from charrnn.cli.group import COMMANDS
from charrnn.cli.main import INTERRUPTED, PIPE_CLOSED, TERMINATED, _run
from charrnn.errors import CharrnnError
from charrnn.render.streams import loud
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, ROOT, TEXT


def test_quiet_shows_results_and_errors_only(charrnn: Program, run: Path, text: Path) -> None:
    stream = sys.stderr
    trained = charrnn("train", "text.txt", *OPTIONS, "--name", "other", "-q")
    assert (trained.code, trained.err) == (0, "")
    assert trained.out.endswith("next: charrnn sample other\n")
    loudly = charrnn("sample", "tiny", "--seed", "1", "--prime", "the Ä", "--unknown", "skip")
    quietly = charrnn("sample", "tiny", "--seed", "1", "--prime", "the Ä", "--unknown", "skip", "--quiet")
    assert loudly.err.count("note: the model never saw") == 1
    assert (quietly.code, quietly.err, quietly.out) == (0, "", loudly.out)
    wrong = charrnn("sample", "tiny", "--quiet", "--prime", "the Ä")
    assert (wrong.code, wrong.err.count("\n")) == (1, 1)
    assert wrong.err.startswith("charrnn: the text has characters that the model has never seen")
    assert sys.stderr is not stream or loud() is sys.stderr  # the next command is as loud as ever
    asked = charrnn("complete", "tiny", "-", "-q", stdin="Ä\n".encode())
    assert (asked.code, asked.err.count("charrnn: ")) == (1, 1)
    asked = charrnn("sample", "tiny", "-q", "--novelty")
    assert "stand in the training text" in " ".join(asked.err.split())


def test_verbose_shows_what_logging_gets(charrnn: Program, run: Path) -> None:
    assert "charrnn.runs.checkpoint: read checkpoints/tiny/last.safetensors, at step" in charrnn("info", "-v").err
    assert charrnn("info").err == ""


@pytest.mark.parametrize("name", [*COMMANDS, "corpora fetch"])
def test_every_command_but_play_has_both(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name == "corpora":
        pytest.skip("a list; it has nothing else to say")
    assert _run([*name.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert ("-q, --quiet" in shown, "-v, --verbose" in shown) == (name != "play", name != "play")


def test_the_page_has_every_exit_code() -> None:
    page = (ROOT / "docs" / "reference" / "files.md").read_text(encoding="utf-8").split("## Exit codes")[1]
    kinds = [CharrnnError, *CharrnnError.__subclasses__()]
    wanted = {0, INTERRUPTED, PIPE_CLOSED, TERMINATED, *(kind.exit_code for kind in kinds)}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == wanted


def test_the_library_tells_logging(tmp_path: Path, caplog: pytest.LogCaptureFixture,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    options = {"hidden": 4, "layers": 1, "epochs": 0.5, "batch": 2, "window": 10, "dropout": 0.0}
    with caplog.at_level(logging.DEBUG, logger="charrnn"):
        package.train(text=TEXT, folder=tmp_path, name="told", **options)
    told = [record.getMessage() for record in caplog.records]
    assert any(message.startswith(f"saved {tmp_path / 'told' / 'best.safetensors'}, ") for message in told)
    assert any(message.startswith(f"read {tmp_path / 'told' / 'best.safetensors'}, at step ") for message in told)
    assert capsys.readouterr().err == ""
