"""A cell is one file: a sixth one, defined in minimal_gated.py, passes the proof that the built-in ones pass."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from charrnn.cells.registry import CELLS, register
from charrnn.engine.reference import backpropagation as reference
from charrnn.errors import SettingsError
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.settings import NetworkSettings
from charrnn.settings.training import CELL_NAMES
from tests.cells import minimal_gated, test_steps
from tests.engine import compiled
from tests.inspection import test_recording
from tests.networks import random_parameters, random_state
from tests.sampling import test_sampler
from tests.training import test_resume

NAME = "minimal-gated"
ROOT = Path(__file__).parents[2]
N, T, V = 5, 11, 9


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The cell is known during these tests, and to no others."""
    register(minimal_gated.MINIMAL_GATED)
    yield
    del CELLS[NAME]
    CELL_NAMES.remove(NAME)


def test_every_cell_can_be_named() -> None:
    assert list(CELLS) == CELL_NAMES


def test_its_definition_is_short() -> None:
    assert len(Path(minimal_gated.__file__).read_text(encoding="utf-8").splitlines()) <= 80


def test_its_numpy_step_by_finite_differences() -> None:
    test_steps.test_every_derivative_of_a_cell(NAME)
    test_steps.test_a_step_changes_nothing_it_was_given(NAME)
    test_steps.test_dtype_is_kept(NAME, np.float32)


@pytest.mark.few(1)
@pytest.mark.parametrize("embedding", [0, 4])
@pytest.mark.parametrize("layers", [1, 2])
def test_its_kernels_against_the_reference(layers: int, embedding: int) -> None:
    rng = np.random.default_rng(layers)
    settings = NetworkSettings(cell=NAME, hidden=21, layers=layers, embedding=embedding)
    given = (random_parameters(settings, V, rng), rng.integers(V, size=(T, N)), rng.integers(V, size=(T, N)),
             random_state(settings, N, rng))
    expected = reference.truncated_bptt(settings, *given)
    compiled.assert_close(compiled.forward_backward(settings, *given, shards=2), expected)


def test_sampling_equals_stepping() -> None:
    test_sampler.test_greedy_text_is_the_argmax_of_the_logits(NetworkSettings(NAME, 21, 2))


def test_it_resumes_to_the_byte() -> None:
    test_resume.test_bit_for_bit(NAME, test_resume.STREAM)


def test_its_recording_equals_the_tape(monkeypatch: pytest.MonkeyPatch) -> None:
    test_recording.test_against_float64(NAME, 2, monkeypatch)


def test_a_mistake_in_its_backward_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof can fail: without the share of dh that skips the gates, it does."""
    def wrong(dstate, tape, parameters, gradients):  # type: ignore[no-untyped-def]
        dx, (dh,) = minimal_gated.step_backward(dstate, tape, parameters, gradients)
        return dx, (dh - dstate[0] * tape.f,)

    monkeypatch.setitem(CELLS, NAME, dataclasses.replace(minimal_gated.MINIMAL_GATED, step_backward=wrong))
    with pytest.raises(AssertionError):
        test_steps.test_every_derivative_of_a_cell(NAME)


def charrnn(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "tests.cells.minimal_gated", *arguments], capture_output=True,
                          text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_from_the_command_line_it_trains_resumes_to_the_byte_samples_and_is_inspected(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("to be or not to be, that is the question; " * 60)
    train = ["train", "text.txt", "--cell", NAME, "--hidden", "20", "--layers", "2", "--batch", "4", "--window", "16",
             "--decay", "constant", "--warmup", "0", "--dropout", "0.1", "--averaging", "0",
             "--lr", "0.01", "--precision", "float32", "--recurrent-dropout", "0.1"]
    charrnn(tmp_path, *train, "--epochs", "2", "--name", "whole")
    charrnn(tmp_path, *train, "--epochs", "1", "--name", "halves")
    charrnn(tmp_path, "train", "--resume", "halves", "--epochs", "2")
    whole, halves = (load_checkpoint(tmp_path / "checkpoints" / run / "last.safetensors")
                     for run in ("whole", "halves"))
    assert {name: array.tobytes() for name, array in whole.arrays.items()} == {
        name: array.tobytes() for name, array in halves.arrays.items()}
    assert len(charrnn(tmp_path, "sample", "whole", "--length", "40", "--seed", "1")) == 40
    charrnn(tmp_path, "inspect-cells", "whole", "--json", "cells.json")
    assert json.loads((tmp_path / "cells.json").read_text())["model"]["cell"] == NAME


def test_without_it_the_name_is_refused() -> None:
    CELL_NAMES.remove(NAME)
    with pytest.raises(SettingsError, match="cell is 'minimal-gated'"):
        NetworkSettings(cell=NAME)
    CELL_NAMES.append(NAME)
