"""Networks that are read and that write on PyTorch: score, inspect-cells and sample give what the kernels give."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import charrnn as package
from charrnn.cells.registry import CELLS
from charrnn.inspection.recording import signals_of
from charrnn.settings import NetworkSettings
from tests.cli.conftest import Program, charrnn, text  # noqa: F401  (fixtures)
from tests.cli.tiny import OPTIONS, SETTINGS, TEXT, train_tiny

pytestmark = pytest.mark.torch
Pair = tuple[package.Model, package.Model]


@pytest.fixture(scope="module", params=CELLS)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A network of each cell on our kernels, and the same on PyTorch."""
    network = NetworkSettings(cell=request.param, hidden=12, layers=2, embedding=5, dropout=0.0,
                              learn_initial_state=True)
    run = train_tiny(tmp_path_factory.mktemp("runs"), dataclasses.replace(SETTINGS, network=network))
    return package.load(run), package.load(run, engine="torch", device="cpu")


RULES: list[dict[str, Any]] = [
    {}, {"prime": "the cat "}, {"temp": 0.0}, {"temp": 0.0, "prime": "it "}, {"temp": 1.5, "top_k": 5},
    {"top_p": 0.7, "prime": "a"}, {"temp": 1.2, "min_p": 0.1}, {"temps": (0.0, 0.5, 1.1), "prime": "then "},
    {"bias": ("e=+2", "t=-1"), "ban": ("a",), "temp": 1.0}, {"stop": ("at",), "min_length": 9}]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_it_writes_what_the_kernels_write(both: Pair, rule: dict[str, Any]) -> None:
    ours, theirs = (model.generate(8, 60, seed=3, **rule) for model in both)
    assert [sample.text for sample in theirs] == [sample.text for sample in ours]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(other.nats, one.nats, rtol=1e-4, atol=1e-4)
        assert (one.seed, one.temp, one.ending) == (other.seed, other.temp, other.ending)


def test_documents(tmp_path: Path) -> None:
    package.train(text=TEXT, folder=tmp_path, name="a", documents="line", hidden=8, layers=1, batch=2, window=10,
                  epochs=1.0, shards=1)
    ours, theirs = (package.load(tmp_path / "a", engine=engine) for engine in ("compiled", "torch"))
    for rule in ({}, {"prime": "the"}, {"min_length": 45}, {"temp": 0.0}):
        assert theirs.samples(4, 50, seed=1, **rule) == ours.samples(4, 50, seed=1, **rule)


def test_several_networks_write_and_score_together(both: Pair) -> None:
    ours, theirs = (package.Ensemble([both[0], other]) for other in both)
    assert theirs.samples(3, 40, seed=1, prime="the ") == ours.samples(3, 40, seed=1, prime="the ")
    np.testing.assert_allclose(theirs.score(TEXT).surprisals, ours.score(TEXT).surprisals, rtol=1e-4, atol=1e-4)


def test_scores_and_recordings(both: Pair) -> None:
    ours, theirs = (model.score(TEXT) for model in both)
    np.testing.assert_allclose(theirs.surprisals * np.log(2), ours.surprisals * np.log(2), atol=1e-4)
    signals = signals_of(both[0].settings.network.cell)
    ours, theirs = (model.inspect(TEXT[:600], signals=signals).recording for model in both)
    for name in signals:
        np.testing.assert_allclose(theirs.signals[name], ours.signals[name], rtol=1e-4, atol=1e-4, err_msg=name)


def test_from_the_command_line(charrnn: Program, text: Path) -> None:  # noqa: F811
    assert charrnn("train", "text.txt", *OPTIONS, "--cell", "lstm", "--name", "a").code == 0
    command = ("sample", "a", "-n", "8", "--length", "40", "--seed", "1")
    assert charrnn(*command, "--engine", "torch", "--device", "cpu").out == charrnn(*command).out
    for engine in ("compiled", "torch"):
        done = charrnn("inspect-cells", "a", "--chars", "500", "--signals", "h,c", "--npz", f"{engine}.npz", "--engine",
                       engine)
        assert done.code == 0, done.err
    (ours, theirs) = (np.load(f"{engine}.npz") for engine in ("compiled", "torch"))
    assert not {"i", "f", "g", "o"} & {*ours.files, *theirs.files}
    for name in ("h", "c", "nll"):
        np.testing.assert_allclose(theirs[name].astype("f4"), ours[name].astype("f4"), atol=4e-3, err_msg=name)


@pytest.mark.parametrize(("arguments", "message"), [
    (("-n", "8", "--clamp", "L1:0=1"), "--clamp is only for --engine compiled"),
    (("-n", "8", "--precision", "bf16"), "--precision bf16 is only for --engine compiled"),
    ((), "one text is written faster on a CPU than on Card 9000, which computes many at a time"),
    (("--device", "cuda"), "finds no cuda device on this machine; use --device cpu")])
def test_what_is_refused(arguments: tuple[str, ...], message: str, charrnn: Program, text: Path,  # noqa: F811
                         monkeypatch: pytest.MonkeyPatch) -> None:
    from charrnn.engine.torch.engine import TorchEngine

    assert charrnn("train", "text.txt", *OPTIONS, "--name", "a").code == 0
    monkeypatch.setattr(TorchEngine, "device_name", "Card 9000")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    done = charrnn("sample", "a", "--length", "5", "--engine", "torch", *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert message in done.err
    assert charrnn("sample", "a", "--length", "5", "--prime", "a", "--engine", "torch", "-n", "2").code == 0
