"""`charrnn train --engine`: a run on either engine, and from one to the other."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.runs.checkpoint import load_checkpoint
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, ROOT

ENGINES = ("reference", "compiled")


def measured(out: str) -> float:
    """The best validation loss that a report names."""
    return float(out.split("best validation loss ")[1].split()[0])


def check_that_a_run_changes_its_engine(charrnn: Program, names: tuple[str, str]) -> None:
    """A run on one engine that the other resumes ends where a whole run on the first one does."""
    shared = [*OPTIONS, "--decay", "constant", "--precision", "float32"]
    whole = charrnn("train", "text.txt", *shared, "--epochs", "0.6", "--name", "whole", "--engine", names[0])
    assert whole.code == 0, whole.err
    first = charrnn("train", "text.txt", *shared, "--epochs", "0.3", "--name", "two", "--engine", names[0])
    assert first.code == 0, first.err
    for command in (("sample", "two", "--length", "5"), ("info", "two"), ("score", "two", "text.txt")):
        assert charrnn(*command).code == 0
    second = charrnn("train", "--resume", "two", "--epochs", "0.6", "--engine", names[1])
    assert second.code == 0, second.err
    assert measured(second.out) == pytest.approx(measured(whole.out), abs=0.002)
    both = [load_checkpoint(Path("checkpoints", name, "last.safetensors")) for name in ("whole", "two")]
    assert both[0].settings == both[1].settings
    assert both[0].progress["step"] == both[1].progress["step"]


@pytest.mark.parametrize("names", [ENGINES, ENGINES[::-1]], ids="-".join)
def test_a_run_changes_its_engine(charrnn: Program, text: Path, names: tuple[str, str]) -> None:
    check_that_a_run_changes_its_engine(charrnn, names)


def test_bf16_on_the_reference_is_refused_in_one_line(charrnn: Program, text: Path) -> None:
    done = charrnn("train", "text.txt", *OPTIONS, "--precision", "bf16", "--engine", "reference")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "--precision bf16 contradicts --engine reference" in done.err
    assert not Path("checkpoints").exists()


def test_an_engine_that_there_is_not(charrnn: Program, text: Path) -> None:
    assert charrnn("train", "text.txt", "--engine", "steam").code == 2


def test_without_pytorch(charrnn: Program, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    for command in (("train", "text.txt", *OPTIONS), ("score", "@shakespeare", "text.txt"),
                    ("sample", "@shakespeare", "-n", "2"), ("inspect-cells", "@shakespeare", "--text", "text.txt")):
        done = charrnn(*command, "--engine", "torch")
        assert (done.code, done.out) == (2, "")
        assert done.err == "charrnn: --engine torch needs PyTorch: pip install 'charrnn-numba[torch]'\n"
    assert not Path("checkpoints").exists()


def test_a_device_of_another_engine(charrnn: Program, text: Path) -> None:
    done = charrnn("train", "text.txt", *OPTIONS, "--device", "cuda")
    assert done.code == 2
    assert "--device cuda has no effect with --engine compiled; leave it out, or give --engine torch" in done.err


def test_no_other_place_imports_pytorch() -> None:
    allowed = ("charrnn/engine/torch/", "charrnn/interchange/", "charrnn/bench/rival_torch.py")
    found = [path.relative_to(ROOT).as_posix() for path in (ROOT / "charrnn").rglob("*.py")
             if any(line.strip().startswith(("import torch", "from torch")) for line in path.read_text().splitlines())]
    assert [path for path in found if not path.startswith(allowed)] == ["charrnn/model.py"]  # for its type alone
    code = ("import sys; sys.modules['torch'] = sys.modules['onnx'] = None\n"
            "import charrnn.model, charrnn.engine.engines, charrnn.interchange.export, charrnn.cli.train")
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
