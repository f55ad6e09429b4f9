"""What a fine-tuned run does: every kind of network begins where the old one stood, a foreign script can be learned,
presets and rates go together, and what is no such network is refused."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.cells.registry import CELLS
from charrnn.engine.vocabulary_growth import grow_vocabulary
from charrnn.errors import CheckpointError, SettingsError
from charrnn.runs.checkpoint import load_checkpoint, save_checkpoint
from charrnn.runs.finetune import RATE_SHARE, FineTuning
from charrnn.runs.run import Run
from charrnn.settings import Settings
from charrnn.settings.presets import PRESETS, preset_values
from charrnn.storage.run_folders import BEST, LAST
from charrnn.text.corpus import Corpus
from charrnn.training.events import RolledBack, Step
from charrnn.training.schedules import fitting_rate
from tests.cli.tiny import SETTINGS, TEXT, train_tiny

GREEK = TEXT.translate({ord(c): 0x3B1 + k for k, c in enumerate("abcdefghijklmnopqrstuvwxyz")})


def settings_with(**network: object) -> Settings:
    return dataclasses.replace(SETTINGS, network=dataclasses.replace(SETTINGS.network, **network),
                               training=dataclasses.replace(SETTINGS.training, epochs=0.3, validations=1))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny(tmp_path_factory.mktemp("old")) / BEST


@pytest.mark.few(4)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("others", [{"embedding": 5, "layers": 2}, {"learn_initial_state": True}], ids=str)
def test_it_begins_where_the_old_network_stood(cell: str, others: dict, tmp_path: Path) -> None:
    settings = settings_with(cell=cell, **others)
    path = train_tiny(tmp_path, settings) / BEST
    with Run.start(Corpus.of(TEXT), settings, "new", tmp_path, parent=FineTuning(path)) as run:
        assert run.trainer.evaluation.loss() == charrnn.load(path).loss(TEXT[int(len(TEXT) * 0.9):])
        fresh = Run(Corpus.of(TEXT), settings, run.vocabulary, 1, None).trainer
        fresh.engine.load(load_checkpoint(path).arrays)
        first = [next(event for event in trainer.events() if isinstance(event, Step))
                 for trainer in (run.trainer, fresh)]
        assert first[0].loss == first[1].loss  # the carried state and the draws are those of a new run
        assert run.trainer.engine.settings == settings.network


@pytest.fixture(scope="module")
def sure(old: Path) -> Path:
    """A network that is far surer of what it writes: it all but excludes what it does not know."""
    checkpoint = load_checkpoint(old)
    for name in ("weight_out", "bias_out"):
        checkpoint.arrays[name] *= 6
    save_checkpoint(old.parent.parent / "sure.safetensors", checkpoint)
    return old.parent.parent / "sure.safetensors"


def test_a_text_in_another_script_is_learned(sure: Path, tmp_path: Path) -> None:
    events: list = []
    model = charrnn.train(text=GREEK, init_from=sure, folder=tmp_path, epochs=3, batch=2, window=10, lr=0.01,
                          dropout=0.0, precision="float32", on_event=events.append)
    steps = [event for event in events if isinstance(event, Step)]
    units = len(model.vocabulary)
    assert steps[0].loss > np.log(units) + 1  # worse than knowing nothing
    assert not any(isinstance(event, RolledBack) for event in events)
    assert model.loss(GREEK) < 0.8 * np.log(units)
    assert set(model.sample(200, seed=1)) & set(GREEK) - set(TEXT)


def test_a_run_stopped_while_it_is_still_that_bad_goes_on(sure: Path, tmp_path: Path) -> None:
    with Run.start(Corpus.of(GREEK), settings_with(), "new", tmp_path, parent=FineTuning(sure)) as run:
        for event in run.events():
            if isinstance(event, Step):
                run.trainer.stop()
    with Run.resume(run.folder / LAST, Corpus.of(GREEK)) as run:
        events = list(run.events())
    losses = [event.loss for event in events if isinstance(event, Step)]
    assert losses[0] > np.log(len(run.vocabulary)) + 1
    assert not any(isinstance(event, RolledBack) for event in events)


def test_a_network_that_gets_worse_than_it_began_is_still_taken_back(sure: Path, tmp_path: Path) -> None:
    with Run.start(Corpus.of(GREEK), settings_with(), "new", tmp_path, parent=FineTuning(sure)) as run:
        causes = []
        for event in run.trainer.events():
            if isinstance(event, Step) and event.step == 5 and not causes:
                run.trainer.engine.network.parameters.stored("weight_out")[2, 1] = 1e6
                run.trainer.engine.network.refresh()
            if isinstance(event, RolledBack):
                causes.append(event.cause)
    assert causes == ["the loss explodes"]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_gives_way_but_its_rate_and_rule_count(old: Path, preset: str) -> None:
    values = preset_values(preset)
    inherited = FineTuning(old).settings({}, values)
    assert (inherited["cell"], inherited["hidden"], inherited["layers"]) == ("lstm", 8, 1)
    usual = values.get("lr") or fitting_rate(SETTINGS.network, "adam")
    assert inherited["lr"] == pytest.approx(RATE_SHARE * usual, rel=0.05)
    slow = FineTuning(old).settings({"optimizer": "sgd"}, {})
    assert slow["lr"] == pytest.approx(RATE_SHARE * fitting_rate(SETTINGS.network, "sgd"), rel=0.05)


@pytest.mark.parametrize(("given", "words"), [
    ({"lowercase": True}, "--lowercase contradicts tiny, which has --no-lowercase; leave --lowercase out"),
    ({"documents": "line"}, "--documents line contradicts tiny, which has no --documents; leave --documents out"),
    ({"embedding": 3}, "--embedding 3 contradicts tiny, which has --embedding 0;")])
def test_a_contradiction_is_told_as_it_is_typed(old: Path, given: dict, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        FineTuning(old).settings(given, {})
    assert words in str(caught.value)


def test_a_run_has_its_name_from_inside_its_folder_too(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(old.parent)
    assert FineTuning(Path(BEST)).name == "tiny"


@pytest.mark.parametrize("name", ["weight_out", "bias_out", "weight_ih_l0"])
@pytest.mark.parametrize("change", [lambda array: None, lambda array: array[:1], lambda array: array[..., :-1],
                                    lambda array: array.reshape(-1, 1, 1, 1)], ids=["lacks", "one", "short", "folded"])
def test_what_does_not_hold_its_network_is_refused_by_name(old: Path, tmp_path: Path, name: str, change) -> None:
    checkpoint = load_checkpoint(old)
    array = change(checkpoint.arrays.pop(name))
    if array is not None:
        checkpoint.arrays[name] = np.ascontiguousarray(array)
    path = tmp_path / "odd.safetensors"
    save_checkpoint(path, checkpoint)
    with pytest.raises(CheckpointError) as caught:
        Run.start(Corpus.of(GREEK), settings_with(), "new", tmp_path / "runs", parent=FineTuning(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert name in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_what_is_not_of_the_vocabulary_is_copied_as_it_is() -> None:
    rng = np.random.default_rng(4)
    shapes = {"weight_ih_l0": (6, 3), "h0_l0": (3,), "weight_peep_l0": (9,), "weight_ih_l1": (6, 3),
              "weight_out": (3, 2), "bias_out": (3,)}
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    grown = grow_vocabulary(arrays, np.array([1, 2, 4]), 5)
    assert grown.keys() == arrays.keys()
    for name in ("h0_l0", "weight_peep_l0", "weight_ih_l1"):
        assert grown[name] is arrays[name]
    assert np.array_equal(grown["weight_ih_l0"][:, [1, 2, 4]], arrays["weight_ih_l0"])
    assert np.allclose(grown["weight_ih_l0"][:, [0, 3]], arrays["weight_ih_l0"].mean(1, keepdims=True))
    assert np.array_equal(grown["bias_out"][[0, 3]], np.full(2, arrays["bias_out"].min()))
    assert np.allclose(grown["weight_out"][[0, 3]], arrays["weight_out"].mean(0))
