"""A run is the same on either engine, and may change from one to the other."""

import numpy as np
import pytest

import charrnn
from charrnn.cells.registry import CELLS
from charrnn.errors import SettingsError
from charrnn.training.events import Step, Validated
from charrnn.training.progress import TrainingProgress
from charrnn.training.trainer import Trainer
from tests.training.runs import V, advance, settings_of, text

TEXT = "the cat sat on the mat, and the dog sat on the log.\n" * 30


def losses(events):
    return [event.loss for event in events if isinstance(event, (Step, Validated))]


@pytest.mark.few(2)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("names", [("reference", "compiled"), ("compiled", "reference")], ids="-".join)
def test_a_run_begun_on_one_engine_goes_on_on_the_other(cell, names):
    settings = settings_of(cell, epochs=0.8, recurrent_dropout=0.1, averaging=0.9)
    whole, first, second = (Trainer(settings, text(), V, 1, name) for name in (names[0], *names))
    expected = losses(whole.events())
    begun = losses(advance(first, 12))
    arrays, progress = first.state()
    second.restore(arrays, TrainingProgress.from_dict(progress.to_dict()))
    np.testing.assert_allclose(begun + losses(second.events()), expected, rtol=5e-5)


def test_from_python_and_through_checkpoints(tmp_path):
    given = {"text": TEXT, "folder": tmp_path, "hidden": 12, "layers": 1, "batch": 4, "window": 10, "epochs": 1,
             "precision": "float32"}
    models = [charrnn.train(name=name, engine=name, keep_last=1, **given) for name in ("compiled", "reference")]
    assert models[0].loss(TEXT) == pytest.approx(models[1].loss(TEXT), rel=1e-4)
    assert len(models[1].sample(50, seed=1)) == 50
    assert models[0].settings == models[1].settings  # the engine is no part of a checkpoint
    assert [array.dtype for array in models[1].parameters.values()] == [np.float32] * len(models[1].parameters)
    assert len(list((tmp_path / "reference").glob("step-*.safetensors"))) == 1


def test_automatic_settings_suit_the_engine(tmp_path):
    model = charrnn.train(text=TEXT, folder=tmp_path, engine="reference", hidden=5, epochs=0.1)
    assert model.settings.training.precision == "float32"
    with pytest.raises(SettingsError, match="contradicts --engine reference"):
        charrnn.train(text=TEXT, folder=tmp_path, engine="reference", precision="bf16")
    with pytest.raises(SettingsError, match="engine"):
        charrnn.train(text=TEXT, folder=tmp_path, engine="steam")
