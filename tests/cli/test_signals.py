"""Ctrl-C and SIGTERM: the step is finished, the run is saved, and a second one leaves at once."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from charrnn.runs.checkpoint import load_checkpoint
from tests.cli.tiny import OPTIONS, finish, start

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")

LONG = (*OPTIONS, "--epochs", "100000", "--validations", "100000", "--name", "long")
LAST = Path("checkpoints/long/last.safetensors")

# A run whose saves hang from the moment that a file called `hang` appears.
HANGING = """
import os, pathlib, sys, time
from charrnn.cli.main import main
flush = os.fsync
def slow(handle):
    if pathlib.Path("hang").exists():
        print("saving", flush=True)
        time.sleep(60)
    flush(handle)
os.fsync = slow
main()
"""


def wait_for(path: Path, process: "subprocess.Popen[str]") -> None:
    """Returns when `path` exists."""
    end = time.monotonic() + 300
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.few(1)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_one_saves(text: Path, tmp_path: Path, number: int, code: int) -> None:
    process = start("-m", "charrnn", "train", "text.txt", *LONG, folder=tmp_path)
    wait_for(tmp_path / LAST, process)
    process.send_signal(number)
    ended, out, err = finish(process)
    assert ended == code, err
    lines = out.splitlines()
    step = load_checkpoint(tmp_path / LAST).progress["step"]
    assert lines[0].startswith(f"stopped after {step:,} steps, ")
    assert lines[-3:] == ["kept in checkpoints/long", "to go on: charrnn train --resume long",
                          "next: charrnn sample long"]
    assert "Traceback" not in err


@pytest.mark.slow
def test_the_command_it_prints_goes_on(text: Path, tmp_path: Path) -> None:
    process = start("-m", "charrnn", "train", "text.txt", *LONG, folder=tmp_path)
    wait_for(tmp_path / LAST, process)
    process.send_signal(signal.SIGINT)
    _, out, _ = finish(process)
    command = next(line for line in out.splitlines() if line.startswith("to go on: ")).split()[4:]
    step = load_checkpoint(tmp_path / LAST).progress["step"]
    epochs = load_checkpoint(tmp_path / LAST).progress["epoch"] + 0.05
    code, out, err = finish(start("-m", "charrnn", *command, "--epochs", str(epochs), folder=tmp_path))
    assert code == 0
    assert f", from step {step:,}\n" in err
    assert load_checkpoint(tmp_path / LAST).progress["step"] > step


@pytest.mark.slow
def test_the_second_one_leaves_at_once(text: Path, tmp_path: Path) -> None:
    process = start("-c", HANGING, "train", "text.txt", *LONG, folder=tmp_path)
    wait_for(tmp_path / LAST, process)
    (tmp_path / "hang").touch()
    assert process.stdout is not None
    assert process.stdout.readline() == "saving\n"
    before = (tmp_path / LAST).read_bytes()
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)  # two in the same moment would count as one
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process, 20)
    assert (code, "Traceback" in err) == (130, False)
    assert (tmp_path / LAST).read_bytes() == before
    assert load_checkpoint(tmp_path / LAST).progress["step"] > 0
    assert not [path for path in (tmp_path / LAST).parent.iterdir() if path.suffix == ".tmp"]


def read_a_while(folder: Path, cache: Path) -> "subprocess.Popen[str]":
    """A process that has read part of its text, of which no more comes."""
    process = start("-m", "charrnn", "train", "-", *LONG, folder=folder, stdin=subprocess.PIPE,
                    env={"XDG_CACHE_HOME": str(cache), "TMPDIR": str(cache)})
    assert process.stdin is not None
    process.stdin.write("some text\n" * 100_000)  # more than a pipe holds: when all is written, some is read
    process.stdin.flush()
    return process


@pytest.mark.few(1)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_while_the_text_is_read_nothing_is_left(tmp_path: Path, number: int, code: int) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    process = read_a_while(tmp_path, cache)
    process.send_signal(number)
    ended, out, err = finish(process)
    told = "" if number == signal.SIGKILL else "stopped while reading standard input; nothing was changed\n"
    assert (ended, out, err.removeprefix("reading standard input\n")) == (code, "", told)
    assert not (tmp_path / "checkpoints").exists()
    assert not [path for path in cache.rglob("*") if path.is_file()]
