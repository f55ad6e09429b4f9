"""Standard streams that are terminals, closed or full: what a command sends to each, and how it ends."""

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.runs.checkpoint import load_checkpoint, save_checkpoint
from tests.cli.conftest import Program
from tests.cli.terminal import terminal
from tests.cli.tiny import OPTIONS, ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal, and a POSIX shell")
EVIL = "a\x1b]0;owned\x07\x9b31m\u202eb\u200f.txt"
FULL = pytest.param(">/dev/full", "no space left for the output", marks=pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs a disk that is always full"))
RAW = re.compile("[\0-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
COMMANDS = ("info tiny", "sample tiny --length 20", "score tiny text.txt", "plot tiny", "complete tiny the",
            "novelty tiny text.txt", "inspect-cells tiny --chars 300")


def shell(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Runs a line of the shell, in which charrnn is the program."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return subprocess.run(["bash", "-c", f"charrnn() {{ {sys.executable} -m charrnn \"$@\"; }}; {line}"], cwd=folder,
                          capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, env=environment)


@pytest.fixture
def evil_run(run: Path) -> Path:
    """A run whose text's name a terminal would obey."""
    for name in ("best", "last"):
        loaded = load_checkpoint(run / f"{name}.safetensors")
        corpus = dataclasses.replace(loaded.corpus, name=EVIL, sources=(EVIL,))
        save_checkpoint(run / f"{name}.safetensors", dataclasses.replace(loaded, corpus=corpus))
    return run


@pytest.mark.few(2)
@pytest.mark.parametrize("arguments", [
    ("info", "tiny"), ("novelty", "tiny", "text.txt"), ("sample", EVIL), ("train", EVIL), ("train", "--resume", "tiny"),
    ("inspect-cells", "tiny"), ("sample", "tiny", "--prime", EVIL), ("train", "text.txt", "--cell", EVIL),
    ("inspect-cells", "tiny", "--text", "text.txt", "--chars", "400", "--feature", EVIL + "=a")],
    ids=lambda arguments: " ".join(arguments).encode("unicode_escape").decode())
def test_names_reach_a_terminal_as_signs(evil_run: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with terminal(*arguments, folder=tmp_path, NO_COLOR="1") as opened:
        opened.end()
    assert "owned" in opened.screen or "U+001B" in opened.screen
    assert not RAW.search(opened.screen), opened.screen


def test_a_pipe_gets_names_as_they_are(charrnn: Program, evil_run: Path, tmp_path: Path) -> None:
    assert EVIL in shell("charrnn info tiny", tmp_path).stdout


@pytest.mark.few(3)
@pytest.mark.parametrize(("redirection", "words"), [(">&-", "standard output is closed"), FULL])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_takes_nothing(run: Path, tmp_path: Path, command: str, redirection: str, words: str) -> None:
    done = shell(f"charrnn {command} {redirection}", tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"charrnn: {words}")
    assert "Traceback" not in done.stderr


def test_a_limit_on_the_size_of_the_output(run: Path, tmp_path: Path) -> None:
    done = shell("ulimit -f 1; charrnn sample tiny --length 5000 > out", tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1, "charrnn: cannot write the output: file too large; send it elsewhere")


@pytest.mark.few(1)
@pytest.mark.parametrize("redirection", ["2>&-", pytest.param("2>/dev/full", marks=FULL.marks)])
def test_notes_that_go_nowhere_end_no_training(text: Path, tmp_path: Path, redirection: str) -> None:
    done = shell(f"charrnn train text.txt {' '.join(OPTIONS)} --name blind {redirection}", tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("trained for ")
    assert "standard error could not be written" in done.stdout
    assert "network" not in done.stdout
    assert len((tmp_path / "checkpoints/blind/metrics.jsonl").read_text().splitlines()) == 4


def test_ctrl_c_while_the_first_modules_are_imported(tmp_path: Path) -> None:
    (tmp_path / "secrets.py").write_text("raise KeyboardInterrupt")  # one that our own first imports need
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-m", "charrnn", "--version"], capture_output=True, text=True,
                          env=environment)
    assert (done.returncode, done.stderr) == (130, "")


def test_a_number_of_threads_that_numba_refuses(run: Path, tmp_path: Path) -> None:
    done = shell("NUMBA_NUM_THREADS=-1 charrnn sample tiny", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "charrnn: NUMBA_NUM_THREADS is -1; it must be at least 1, or not set\n"
