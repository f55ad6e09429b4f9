"""A run's text is found again from another folder, by one rule, in every command that needs it."""

import os
from pathlib import Path

import pytest

from charrnn.runs.checkpoint import load_checkpoint
from charrnn.storage.run_folders import LAST
from tests.cli.conftest import Program

RUN = str(Path("..", "checkpoints", "tiny"))
COMMANDS = {"novelty": ("novelty", RUN, "-"), "inspect-cells": ("inspect-cells", RUN),
            "resume": ("train", "--resume", RUN, "--epochs", "1.5")}


@pytest.fixture
def elsewhere(run: Path, text: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another working directory, beside the run's folder and its text."""
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert os.path.exists(RUN)
    return Path()


@pytest.mark.parametrize("command", COMMANDS)
def test_beside_the_runs_folder(charrnn: Program, elsewhere: Path, command: str) -> None:
    assert charrnn(*COMMANDS[command], stdin=b"the cat").code == 0
    os.remove("../text.txt")
    gone = charrnn(*COMMANDS[command], stdin=b"the cat")
    assert (gone.code, gone.err.count("\n")) == (1, 1)
    assert "the text of this network can't be read again: no file or folder 'text.txt'" in gone.err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_working_directory_comes_first(charrnn: Program, elsewhere: Path, command: str) -> None:
    Path("text.txt").write_text("another text " * 90)
    done = charrnn(*COMMANDS[command], stdin=b"the cat")
    if command == "novelty":  # which takes a text as it is now, and says so
        assert done.code == 0
        assert "note: the training text has changed since" in done.err
    else:
        assert done.code == 1
        assert ("not the text that tiny was trained on" if command == "resume" else "text.txt has changed") in done.err


def test_a_resumed_run_keeps_the_name_of_its_text(charrnn: Program, elsewhere: Path) -> None:
    before = load_checkpoint(Path(RUN, LAST)).corpus
    assert charrnn(*COMMANDS["resume"]).code == 0
    assert load_checkpoint(Path(RUN, LAST)).corpus == before
    assert before.sources == ("text.txt",)
