"""Checkpoints that lie and are signed: refused in a line, before they take memory, or used as far as they go."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.errors import CharrnnError, CheckpointError, TrainingError, VocabularyError
from charrnn.render.checkpoint import checkpoint_rows
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.runs.finetune import FineTuning
from charrnn.runs.run import Run
from charrnn.settings import TextSettings
from tests.cli.tiny import ROOT, tiny_corpus, train_tiny
from tests.runs.forging import mutate, resign


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny(tmp_path_factory.mktemp("made"))


@pytest.fixture
def run(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(made, "checkpoints/tiny"))


def refusals(run: Path) -> set[str]:
    """What each way to use the run's network says: to sample, to fine-tune, to resume."""
    said = set()
    for use in (lambda: charrnn.load(run), lambda: FineTuning(run / "last.safetensors"),
                lambda: Run.resume(run / "last.safetensors", tiny_corpus(), {"epochs": 2.0})):
        with pytest.raises(CheckpointError) as caught:
            use()
        said.add(str(caught.value).partition("safetensors: ")[2])
    return said


def resign_both(run: Path, change: Any = lambda parts: None, arrays: Any = lambda arrays: None) -> None:
    for name in ("best", "last"):
        resign(run / f"{name}.safetensors", change, arrays)


@pytest.mark.parametrize(("name", "value"), [("hidden", 8192), ("layers", 16), ("embedding", 8192), ("cell", "gru"),
                                             ("learn_initial_state", True)])
def test_a_network_that_is_not_there(run: Path, name: str, value: Any) -> None:
    resign_both(run, lambda parts: parts["settings"]["network"].update({name: value}))
    load_checkpoint(run / "best.safetensors")  # which info and plot do
    [words] = refusals(run)
    assert words.startswith("parameter ")
    assert words.endswith("; it does not hold the network that it describes")


def test_it_is_refused_before_it_takes_memory(run: Path) -> None:
    resource = pytest.importorskip("resource")  # not on Windows
    resign_both(run, lambda parts: parts["settings"]["network"].update({"hidden": 8192, "layers": 16}))
    code = ("import resource, sys, charrnn.model\n"
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "try: charrnn.model.load(sys.argv[1])\n"
            "except charrnn.errors.CheckpointError: pass\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)")
    grown = subprocess.run([sys.executable, "-c", code, str(run.absolute())], cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout
    assert int(grown) * (1 if sys.platform == "darwin" else 1024) < 50e6
    assert resource


def test_a_carried_state_that_is_not_there(run: Path) -> None:
    resign_both(run, lambda parts: parts["settings"]["windows"].update({"batch": 65_536, "window": 1}))
    charrnn.load(run)
    with pytest.raises(CharrnnError, match=r"tiny/last.safetensors: .*state.h_l0 has shape \(2, 8\)"):
        Run.resume(run / "last.safetensors", tiny_corpus(), {"epochs": 2.0})


@pytest.mark.parametrize(("value", "unit", "words"), [
    ([], "char", "a list of at least one unit"), ({"a": 1}, "word", "a list of at least one"), ([""], "word", "''"),
    (["\ud800"], "token", "surrogates"), ([300], "byte", "latin-1"), (["x" * 10_000, 5], "token", "5 is not a token"),
    (["a", ["x" * 10_000]], "word", "is not a word")])
def test_a_vocabulary_that_is_none(run: Path, value: Any, unit: str, words: str) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["vocabulary"] = value
        parts["settings"]["text"] = TextSettings(unit=unit).to_dict()

    resign_both(run, change)
    with pytest.raises(CheckpointError, match="its vocabulary can't be read") as caught:
        load_checkpoint(run / "last.safetensors")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_vocabulary_without_the_document_separator(run: Path) -> None:
    resign_both(run, lambda parts: parts["settings"].update(text=TextSettings(documents="blank").to_dict()))
    assert refusals(run) == {"its vocabulary lacks '\\x1e', which ends its documents; use another copy"}


def test_a_vocabulary_of_another_text(run: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["vocabulary"][-1] = ord("~")

    resign_both(run, change)
    with pytest.raises(VocabularyError, match=r"'x' \(U\+0078\); it was trained on another text"):
        Run.resume(run / "last.safetensors", tiny_corpus(), {"epochs": 2.0})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39, 1e38, -1e16])
def test_weights_that_are_not_finite(run: Path, value: float) -> None:
    def arrays(held: dict[str, np.ndarray]) -> None:
        held["weight_hh_l0"] = held["weight_hh_l0"].astype(np.float64)
        held["weight_hh_l0"][3, 5] = value

    resign_both(run, arrays=arrays)
    [words] = refusals(run)
    assert words == "parameter weight_hh_l0 has values that are NaN or too large; use an earlier checkpoint"


def test_a_memory_of_the_optimizer_that_is_not_finite(run: Path) -> None:
    def arrays(held: dict[str, np.ndarray]) -> None:
        held["adam_square.bias_out"][2] = np.inf

    resign_both(run, arrays=arrays)
    charrnn.load(run).sample(10)
    with pytest.raises(CheckpointError, match=r"array adam_square\.bias_out has values"):
        Run.resume(run / "last.safetensors", tiny_corpus(), {"epochs": 2.0})


@pytest.mark.parametrize(("part", "change", "words"), [
    ("corpus", {"sources": [5]}, "sources of corpus is [5]"), ("corpus", {"characters": "x"}, "characters of corpus"),
    ("corpus", {"characters": True}, "characters of corpus is True"), ("corpus", {"units": -1}, "units"),
    ("corpus", {"documents": 10**30}, "documents"), ("corpus", {"origin": {"name": "x"}}, "step of origin is missing"),
    ("corpus", {"name": [1] * 10_000}, "name"), ("progress", {"step": "x"}, "step"),
    ("progress", {"epoch": -1}, "epoch"), ("progress", {"history": []}, "history"),
    ("progress", {"history": {"points": [{"epoch": 1.0, "train": 1.0}]}}, "step of a point of the history is missing"),
    ("progress", {"history": {"points": [5]}}, "a point of the history is 5"),
    ("progress", {"cursor": {"shift": "x"}}, "cursor"),
    ("progress", {"generator": 5}, "generator"), ("progress", {"seconds": float("nan")}, "seconds"),
    ("progress", {"halvings": 0.5}, "halvings"), ("settings", {"text": {"between": 5}}, "between is 5"),
    ("settings", {"network": {"hidden": 10**400}}, "a number of very many digits")])
def test_records_of_another_type(run: Path, part: str, change: dict[str, Any], words: str) -> None:
    resign_both(run, lambda parts: parts[part].update(change))
    with pytest.raises(CheckpointError, match=f"its {part} can't be read") as caught:
        load_checkpoint(run / "last.safetensors")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


def outcome(use: Callable[[Path], object], path: Path) -> str:
    """What was refused; empty for nothing."""
    try:
        use(path)
    except CharrnnError as error:
        return str(error)
    return ""


def resume(path: Path) -> Run:
    return Run.resume(path, tiny_corpus(), {"epochs": 1.01})


@pytest.mark.few(3)
@pytest.mark.parametrize("seed", range(12))
def test_mutations(run: Path, seed: int) -> None:
    """Each is refused in one short line, or the network can be used."""
    path = run / "last.safetensors"
    good = path.read_bytes()
    for number in range(10):
        path.write_bytes(good)
        resign(path, partial(mutate, rng=random.Random(10 * seed + number)))
        for use in (charrnn.load, resume):
            assert "\n" not in outcome(use, path)
            assert len(outcome(use, path)) < 700


@pytest.mark.parametrize("state", [-1, 2**200])
def test_a_random_generator_of_other_numbers(run: Path, state: int) -> None:
    resign_both(run, lambda parts: parts["progress"]["generator"]["state"].update(state=state))
    with pytest.raises(CheckpointError, match="the saved state does not fit"):
        resume(run / "last.safetensors")


def test_a_rate_that_was_not_decided(run: Path) -> None:
    resign_both(run, lambda parts: parts["settings"]["training"].update(lr=None))
    checkpoint = load_checkpoint(run / "last.safetensors")
    assert "adam, rate that fits the network (cosine)" in dict(checkpoint_rows(checkpoint))["training"]


@pytest.mark.parametrize(("where", "value"), [("position", 2**40), ("shift", 2**40)])
def test_a_place_that_the_text_does_not_have(run: Path, where: str, value: int) -> None:
    resign_both(run, lambda parts: parts["progress"]["cursor"].update({where: value}))
    with pytest.raises(CheckpointError, match="the saved state does not fit"):
        resume(run / "last.safetensors")


def test_a_gradient_that_becomes_infinite_is_no_warning(run: Path) -> None:
    """It is rolled back, and after some times refused."""
    def arrays(held: dict[str, np.ndarray]) -> None:
        held["weight_out"] *= 1e14
        held["weight_hh_l0"] *= 1e14

    resign_both(run, arrays=arrays)
    with resume(run / "last.safetensors") as resumed, pytest.raises(TrainingError, match="train again"):
        list(resumed.events())
