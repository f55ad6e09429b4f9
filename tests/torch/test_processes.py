"""Several processes that train together: they reach what one reaches, end together, and are told apart by nobody."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from charrnn.engine.ranks import Rank, this_rank
from charrnn.errors import SettingsError
from charrnn.runs.checkpoint import Checkpoint, load_checkpoint
from charrnn.runs.metrics import read_metrics
from tests.cli.tiny import TEXT
from tests.torch.several import DYING, environment, finish, free_port, start, together

pytestmark = pytest.mark.torch
OPTIONS = ("--engine", "torch", "--device", "cpu", "--threads", "1", "--layers", "2", "--hidden", "8", "--batch", "4",
           "--window", "10", "--dropout", "0.2", "--recurrent-dropout", "0.1", "--averaging", "0.9", "--lr", "0.01",
           "--validations", "3", "--precision", "float32", "--decay", "constant", "--embedding", "0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def last(folder: Path, name: str) -> Checkpoint:
    return load_checkpoint(folder / "checkpoints" / name / "last.safetensors")


def assert_same(one: Checkpoint, other: Checkpoint, **close: float) -> None:
    assert one.settings == other.settings
    assert one.progress["step"] == other.progress["step"]
    assert one.progress["generator"] == other.progress["generator"]
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        np.testing.assert_allclose(other.arrays[name], array, err_msg=name, **close)


_PATIENCE = 300  # seconds; a busy machine may need many
ROUNDING = {"rtol": 1e-3, "atol": 1e-4}


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("more", [(), ("--documents", "line", "--learn-initial-state", "--cell", "gru")],
                         ids=["stream", "documents"])
def test_they_reach_what_one_reaches(size: int, more: tuple[str, ...], folder: Path) -> None:
    command = ("train", "text.txt", *OPTIONS, *more, "--epochs", "1", "--name")
    for count, name in ((1, "one"), (size, "several")):
        first, *others = together(count, *command, name, folder=folder)
        assert first[0] == 0, first
        assert "best validation loss" in first[1]
        assert all(other == (0, "", "") for other in others), others
    assert_same(last(folder, "one"), last(folder, "several"), **ROUNDING)
    one, several = ([line["val_loss"] for line in read_metrics(folder / "checkpoints" / name)]
                    for name in ("one", "several"))
    np.testing.assert_allclose(several, one, rtol=1e-4)


def test_they_resume(folder: Path) -> None:
    """To the bit in as many processes, to rounding in another number of them."""
    for name, epochs in (("whole", "1"), ("two", "0.5"), ("other", "0.5")):
        done = together(2, "train", "text.txt", *OPTIONS, "--epochs", epochs, "--name", name, folder=folder)
        assert [code for code, *_ in done] == [0, 0], done
    for name, size in (("two", 2), ("other", 4)):
        done = together(size, "train", "--resume", name, "--epochs", "1", "--engine", "torch", "--threads", "1",
                        folder=folder)
        assert [code for code, *_ in done] == [0] * size, done
    assert_same(last(folder, "whole"), last(folder, "two"), rtol=0, atol=0)
    assert_same(last(folder, "whole"), last(folder, "other"), **ROUNDING)


@pytest.mark.parametrize("dead", [0, 1])
def test_one_that_dies_ends_all(dead: int, folder: Path) -> None:
    processes = start(3, ("train", "text.txt", *OPTIONS, "--batch", "6", "--epochs", "50", "--name", "a"), folder,
                      {dead: DYING.format(signal="SIGKILL")})
    processes[dead].wait(_PATIENCE)
    done = finish(processes)  # the others end by themselves
    for number, (code, _, err) in enumerate(done):
        if number == dead:
            assert code == -signal.SIGKILL
        else:
            assert code == 1
            assert err.count("charrnn:") == (number == 0)
            assert "Traceback" not in err
    if dead:
        assert "another of the processes that train together has ended" in done[0][2]
    resumed = together(1, "train", "--resume", "a", "--epochs", "1", "--engine", "torch", folder=folder)
    assert resumed[0][0] == 0, resumed


def test_ctrl_c_saves_and_ends_all(folder: Path) -> None:
    processes = start(2, ("train", "text.txt", *OPTIONS, "--epochs", "100000", "--name", "a"), folder)
    metrics = folder / "checkpoints/a/last.safetensors"
    for _ in range(1200):
        if metrics.exists():
            break
        time.sleep(0.1)
    time.sleep(1)
    processes[1].send_signal(signal.SIGINT)  # one is enough
    done = finish(processes, 60)
    assert (done[0][0], done[1][0]) == (0, 130), done
    assert "stopped after" in done[0][1]
    assert last(folder, "a").progress["step"] > 0


def test_torchrun(folder: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "charrnn",
               "train", "text.txt", *OPTIONS, "--epochs", "1", "--name", "a", "--samples-every", "3"]
    kept = {name: value for name, value in environment(0, 1, 0).items()
            if not name.endswith(("RANK", "WORLD_SIZE")) and not name.startswith("MASTER")}
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("best validation loss") == 1
    assert last(folder, "a").progress["step"] > 0
    # one of them writes
    assert (folder / "checkpoints" / "a" / "samples.txt").read_text().count("--- step 3, ") == 1
    assert not (folder / "samples.txt").exists()


@pytest.mark.parametrize(("arguments", "message"), [
    (("--batch", "5"), "--batch 5 can't be shared evenly by 2 processes; --batch 4 can"),
    (("--engine", "compiled", "--device", "auto"), "torchrun started 2 processes, and only --engine torch trains in"),
    (("--hidden", "none"), "'none' is not a whole number")])
def test_what_is_refused(arguments: tuple[str, ...], message: str, folder: Path) -> None:
    first, other = together(2, "train", "text.txt", *OPTIONS, *arguments, folder=folder)
    assert first[0] == other[0] == 2
    assert message in first[2]
    assert first[2].count("charrnn:") == 1
    assert other[1:] == ("", "")
    assert not (folder / "checkpoints").exists()


def test_other_texts_and_other_versions(folder: Path) -> None:
    (folder / "other.txt").write_text(TEXT.replace("cat", "dog"), encoding="utf-8")
    command = ("train", "text.txt", *OPTIONS)
    newer = "import charrnn; charrnn.__version__ = '99'\n"
    for before, own, message in (({}, {1: ("train", "other.txt", *OPTIONS)}, "need the same text, and rank 1 has"),
                                 ({1: newer}, {}, "need the same version of charrnn, and rank 1 has \"99\""),
                                 ({}, {1: (*command, "--hidden", "9")}, "need the same settings, and rank 1 has")):
        first, other = finish(start(2, command, folder, before, own))
        assert first[0] == other[0] == 2, (first, other)
        assert message in first[2]
        assert first[2].count("charrnn:") == 1
        assert other[1:] == ("", "")
        assert not (folder / "checkpoints").exists()


def test_a_text_that_only_one_lacks(folder: Path) -> None:
    first, other = finish(start(2, ("train", "text.txt", *OPTIONS), folder, own={
        0: ("train", "none.txt", *OPTIONS)}))
    assert (first[0], other[0]) == (1, 1)
    assert "none.txt" in first[2]
    assert other[1:] == ("", "")


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert this_rank() == Rank()
    for name, value in environment(1, 2, free_port()).items():
        if name.endswith(("RANK", "WORLD_SIZE")):
            monkeypatch.setenv(name, value)
    assert this_rank() == Rank(1, 2, 1, 2)
    for wrong in ("2", "-1", "x"):
        monkeypatch.setenv("RANK", wrong)
        with pytest.raises(SettingsError, match=f"RANK={wrong}.*are not what torchrun sets"):
            this_rank()
