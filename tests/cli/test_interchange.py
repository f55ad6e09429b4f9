"""`charrnn export` and `charrnn import`: what needs neither PyTorch nor ONNX, and what is said where they are not."""

import errno
import importlib.util
from pathlib import Path
from typing import Any

import pytest
import safetensors.numpy

import charrnn as package
from charrnn.runs.checkpoint import load_checkpoint
from tests.cli.conftest import Program


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither PyTorch nor onnx is installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec",
                        lambda name, *rest: None if name in ("torch", "onnx") else find(name, *rest))


def test_export_and_import(charrnn: Program, run: Path) -> None:
    done = charrnn("export", "tiny", "--to", "safetensors")
    assert (done.code, done.out) == (0, ""), done.err
    tensors = safetensors.numpy.load(Path("tiny.safetensors").read_bytes())
    assert set(tensors) == {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0",
                            "output.weight", "output.bias"}
    made = charrnn("import", "tiny.safetensors", "--name", "again")
    assert made.code == 0, made.err
    assert "checkpoints/again: lstm, 1 layer of 8" in made.err
    first, second = (load_checkpoint(Path("checkpoints", name, "best.safetensors")) for name in ("tiny", "again"))
    assert second.vocabulary == first.vocabulary
    assert package.load("again").sample(30, seed=1) == package.load("tiny").sample(30, seed=1)
    for command in (("info", "again"), ("score", "again", "text.txt"),
                    ("train", "text.txt", "--init-from", "again", "--epochs", "0.1", "--batch", "2", "--window", "10")):
        assert charrnn(*command).code == 0


def test_an_existing_file_stays(charrnn: Program, run: Path) -> None:
    Path("net.safetensors").write_text("mine")
    done = charrnn("export", "tiny", "--to", "safetensors", "-o", "net.safetensors")
    assert done.code == 1
    assert done.err == ("charrnn: net.safetensors exists, and is left as it is; give another name with --output, or "
                        "remove it\n")
    assert Path("net.safetensors").read_text() == "mine"


@pytest.mark.usefixtures("without")
@pytest.mark.parametrize(("command", "message"), [
    ("export tiny --to onnx", "an ONNX file needs the onnx package: pip install 'charrnn-numba[onnx]'"),
    ("import net.pt", "a .pt file needs PyTorch: pip install 'charrnn-numba[torch]'")])
def test_without_the_packages(charrnn: Program, run: Path, command: str, message: str) -> None:
    Path("net.pt").write_bytes(b"x")
    done = charrnn(*command.split())
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not Path("tiny.onnx").exists()
    with pytest.raises(package.SettingsError, match="needs PyTorch"):
        package.load("tiny").to_torch()


@pytest.mark.parametrize(("command", "message"), [
    ("export none --to safetensors", "no checkpoint at none"),
    ("export tiny --to safetensors -o nowhere/a.safetensors", "nowhere does not exist; nothing was changed"),
    ("export tiny --to pickle", "'pickle' is not one of"),
    ("import none.safetensors", "there is no file none.safetensors"),
    ("import text.txt", "text.txt can't be read as a safetensors file"),
    ("import plain.safetensors", "does not say which character has which of its"),
    ("import plain.safetensors --vocabulary text.txt --name a/b", "can't name a folder"),
    ("import plain.safetensors --vocabulary none.txt", "cannot read none.txt"),
    ("import tiny.safetensors --vocabulary text.txt", "has its own vocabulary; leave --vocabulary out"),
    ("import checkpoints/tiny/last.safetensors", "is a checkpoint of charrnn already"),
])
def test_bad_input_is_one_line(charrnn: Program, run: Path, command: str, message: str) -> None:
    assert charrnn("export", "tiny", "--to", "safetensors").code == 0
    tensors = safetensors.numpy.load(Path("tiny.safetensors").read_bytes())
    safetensors.numpy.save_file(tensors, "plain.safetensors")
    done = charrnn(*command.split())
    assert done.code in (1, 2)
    assert message in done.err
    assert done.err.count("\n") == 1
    assert sorted(path.name for path in Path("checkpoints").iterdir()) == ["tiny"]


@pytest.mark.parametrize("name", ["net.safetensors", "net.pt"])
def test_a_file_that_may_not_be_read_is_one_line(charrnn: Program, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def refuse(*given: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    Path(name).touch()
    monkeypatch.setattr("charrnn.interchange.tensor_files.open", refuse, raising=False)
    done = charrnn("import", name)
    assert (done.code, done.err) == (1, f"charrnn: {name} can't be read (permission denied); give a file you may "
                                        "read\n")


def test_a_training_text_is_a_vocabulary(charrnn: Program, run: Path) -> None:
    assert charrnn("export", "tiny", "--to", "safetensors").code == 0
    safetensors.numpy.save_file(safetensors.numpy.load(Path("tiny.safetensors").read_bytes()), "plain.safetensors")
    assert charrnn("import", "plain.safetensors", "--vocabulary", "text.txt").code == 0
    assert package.load("plain").sample(30, seed=1) == package.load("tiny").sample(30, seed=1)
