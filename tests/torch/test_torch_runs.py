"""Runs on PyTorch: through the trainer, through checkpoints, from the command line, and from one engine to another."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import charrnn as package
from charrnn.cells.registry import CELLS
from charrnn.training.events import Finished, RolledBack, Step, Validated
from charrnn.training.progress import TrainingProgress
from charrnn.training.trainer import Trainer
from tests.cli.conftest import Program, charrnn, text  # noqa: F401  (fixtures)
from tests.cli.test_engine import check_that_a_run_changes_its_engine
from tests.cli.tiny import OPTIONS
from tests.training.runs import V, advance, flat_state, settings_of
from tests.training.runs import text as ids
from tests.training.test_documents import documents_of

pytestmark = pytest.mark.torch
KINDS = pytest.mark.parametrize("cell", CELLS)
OTHERS = pytest.mark.parametrize("other", ["compiled", "reference"])


def losses(events):
    return [event.loss for event in events if isinstance(event, (Step, Validated))]


@KINDS
@OTHERS
@pytest.mark.parametrize("is_first", [True, False])
def test_a_run_begun_on_one_engine_goes_on_on_the_other(cell, other, is_first):
    settings = settings_of(cell, epochs=0.8, recurrent_dropout=0.1, averaging=0.9)
    names = ("torch", other) if is_first else (other, "torch")
    whole, first, second = (Trainer(settings, ids(), V, 1, name) for name in (names[0], *names))
    expected = losses(whole.events())
    begun = losses(advance(first, 12))
    arrays, progress = first.state()
    second.restore(arrays, TrainingProgress.from_dict(progress.to_dict()))
    np.testing.assert_allclose(begun + losses(second.events()), expected, rtol=5e-5)


@KINDS
def test_documents(cell):
    settings = settings_of(cell, epochs=1.0, learn_initial_state=True)
    ours, theirs = (losses(Trainer(settings, documents_of(), V, 1, name).events()) for name in ("torch", "compiled"))
    np.testing.assert_allclose(ours, theirs, rtol=5e-5)


@pytest.mark.parametrize("settings", [settings_of("lstm", windows="snippets", targets="last", epochs=0.5),
                                      settings_of("gru", embedding=3, optimizer="rmsprop", epochs=0.5)], ids=["s", "r"])
def test_other_settings(settings):
    ours, theirs = (losses(Trainer(settings, ids(), V, 1, name).events()) for name in ("torch", "compiled"))
    np.testing.assert_allclose(ours, theirs, rtol=5e-5)


def test_it_goes_on_to_the_bit():
    settings = settings_of("lstm", epochs=0.8, averaging=0.9)
    whole, first, second = (Trainer(settings, ids(), V, 1, "torch") for _ in range(3))
    expected = losses(whole.events())
    begun = losses(advance(first, 12))
    arrays, progress = first.state()
    second.restore(arrays, TrainingProgress.from_dict(progress.to_dict()))
    assert begun + losses(second.events()) == expected
    assert flat_state(second)[0] == flat_state(whole)[0]


def test_it_rolls_back():
    trainer, events = Trainer(settings_of("lstm", epochs=1.0), ids(), V, 1, "torch"), []
    for event in trainer.events():
        events.append(event)
        if isinstance(event, Step) and event.step == 12 and not any(isinstance(e, RolledBack) for e in events):
            arrays = trainer.engine.parameters()
            arrays["weight_out"][0, 0] = np.nan
            trainer.engine.load(arrays)
    back = next(event for event in events if isinstance(event, RolledBack))
    assert (back.step, back.share) == (12, 0.5)
    assert back.to_step < 12
    assert isinstance(events[-1], Finished)
    assert np.isfinite(events[-1].best_loss)


@pytest.mark.parametrize("names", [("torch", "compiled"), ("compiled", "torch")], ids="-".join)
def test_from_the_command_line(charrnn: Program, text: Path, names: tuple[str, str]) -> None:  # noqa: F811
    check_that_a_run_changes_its_engine(charrnn, names)


def test_minutes_samples_and_a_device(charrnn: Program, text: Path) -> None:  # noqa: F811
    done = charrnn("train", "text.txt", "--hidden", "8", "--layers", "1", "--minutes", "0.05", "--engine", "torch",
                   "--device", "cpu", "--samples-every", "1", "--cell", "peephole", "--validations", "1")
    assert done.code == 0, done.err
    assert "--precision float32" in done.err
    assert "sample at step 1" in done.err


def test_from_python(tmp_path):
    model = package.train(text="the cat sat on the mat.\n" * 60, folder=tmp_path, engine="torch", hidden=12, layers=1,
                          batch=4, window=10, epochs=1, precision="bf16")
    assert model.settings.training.precision == "bf16"
    assert len(model.sample(50, seed=1)) == 50


def test_python_trains_in_one_process(tmp_path, monkeypatch):
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "0"), ("LOCAL_WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    with pytest.raises(package.SettingsError, match="is for one process"):
        package.train(text="ab" * 100, folder=tmp_path, engine="torch")


@pytest.mark.skipif("__import__('torch').cuda.is_available()", reason="there is a GPU here")
def test_no_such_device(charrnn: Program, text: Path) -> None:  # noqa: F811
    done = charrnn("train", "text.txt", *OPTIONS, "--engine", "torch", "--device", "cuda")
    assert done.code == 2
    assert "finds no cuda device on this machine; use --device cpu" in done.err
    assert done.err.count("\n") == 1
    assert not Path("checkpoints").exists()


def test_scores(charrnn: Program, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """As the kernels give them; one row on a GPU is refused."""
    assert charrnn("train", "text.txt", *OPTIONS, "--name", "a").code == 0
    ours, theirs = (json.loads(charrnn("score", "a", "text.txt", "--json", "--table", "--engine", engine).out)
                    for engine in ("torch", "compiled"))
    assert ours["bits"] == pytest.approx(theirs["bits"], rel=1e-4)
    from charrnn.engine.torch.engine import TorchEngine

    monkeypatch.setattr(TorchEngine, "device_name", "Card 9000")
    assert charrnn("score", "a", "text.txt", "--engine", "torch").code == 0
    done = charrnn("score", "a", "text.txt", "--engine", "torch", "--rows", "1")
    assert done.code == 2
    assert "one row of text is read faster on a CPU than on Card 9000" in done.err
