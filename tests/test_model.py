"""The Python interface: train, load, sample, measure; and what it refuses."""

import copy
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.cells.registry import CELLS as KINDS
from charrnn.runs.checkpoint import as_stored, load_checkpoint, save_checkpoint
from charrnn.runs.run import Run
from charrnn.settings import NetworkSettings
from charrnn.storage.run_folders import BEST
from charrnn.text.corpus import Corpus
from charrnn.training.events import Finished, Saved, Started, Step, Validated
from tests.cli.tiny import SETTINGS, TEXT, train_tiny

TINY = {"hidden": 8, "dropout": 0.0, "batch": 2, "window": 10, "lr": 0.01, "epochs": 1.0, "validations": 4,
        "shards": 2, "precision": "float32", "averaging": 0.0, "recurrent_dropout": 0.0}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def model(folder: Path) -> charrnn.Model:
    return charrnn.load(folder)


@pytest.mark.parametrize("cell", KINDS)
def test_train_load_and_sample(cell: str) -> None:
    events = []
    trained = charrnn.train(text=TEXT, cell=cell, name="mine", on_event=events.append, **TINY)
    assert {Started, Step, Validated, Saved, Finished} <= {type(event) for event in events}
    assert isinstance(events[-1], Finished)
    assert trained.settings.network == NetworkSettings(cell, hidden=8, dropout=0.0)
    for loaded in (charrnn.load(), charrnn.load("mine"), charrnn.load(Path("checkpoints/mine")),
                   charrnn.load("checkpoints/mine/best.safetensors")):
        assert loaded.sample(100, seed=1) == trained.sample(100, seed=1)


def test_train_on_files_and_another_folder() -> None:
    Path("a.txt").write_text(TEXT)
    model = charrnn.train("a.txt", Path("a.txt"), folder="there", threads=1, **TINY)
    assert model.corpus.sources == ("a.txt", "a.txt")
    assert sorted(path.name for path in Path("there").iterdir()) == ["a-gru-1x8"]
    assert repr(model).startswith("<Model of 'a': NetworkSettings(cell='gru', hidden=8")


def test_sample_and_stream(model: charrnn.Model) -> None:
    text = model.sample(200, seed=3, temp=0.9, top_k=5, prime="the ")
    assert len(text) == 200
    assert set(text) <= set(model.vocabulary.characters)
    pieces = list(model.stream(200, seed=3, temp=0.9, top_k=5, prime="the "))
    assert "".join(pieces) == text
    assert len(pieces) > 1
    assert len(model.sample(1)) == 1
    assert len(model.sample()) == 500
    assert model.sample(50, temp=0) == model.sample(50, temp=0)
    # of one value too
    assert model.samples(2, 50, temps=(0.1,), seed=3) == model.samples(2, 50, temp=0.1, seed=3)
    assert model.sample(50, temps=0.5, seed=3) == model.sample(50, temp=0.5, seed=3)
    with pytest.raises(charrnn.SettingsError, match="2 temperatures make as many texts"):
        model.sample(50, temps=(0.5, 0.6))


def test_streams_of_one_model_do_not_disturb_each_other(model: charrnn.Model) -> None:
    expected = model.sample(60, seed=1)
    one, other = model.stream(60, seed=1), model.stream(60, seed=2)
    mixed = next(one) + next(one) if next(other) else ""
    assert mixed + "".join(one) == expected


def test_loss_is_the_trainers_validation_loss(folder: Path, model: charrnn.Model) -> None:
    best = load_checkpoint(folder / BEST)
    points = [point for point in best.progress["history"]["points"] if point["val"] is not None]
    assert model.loss(TEXT[int(len(TEXT) * 0.9):]) == points[-1]["val"]
    assert model.loss(TEXT) == pytest.approx(np.log(2) * 3.4, rel=0.3)


def test_loss_of_a_perfect_and_a_surprised_model(model: charrnn.Model) -> None:
    assert model.loss(model.sample(300, temp=0)) < model.loss("xw" * 150)


def test_parameters_are_copies_in_pytorchs_shapes(folder: Path, model: charrnn.Model) -> None:
    before, V = model.sample(50, seed=1), len(model.vocabulary)
    parameters = model.parameters
    assert {name: array.shape for name, array in parameters.items()} == {
        "weight_ih_l0": (32, V), "weight_hh_l0": (32, 8), "bias_l0": (32,), "weight_out": (V, 8), "bias_out": (V,)}
    stored = load_checkpoint(folder / BEST).arrays
    for name, array in parameters.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, stored[name])
        array[...] = 0
    assert model.sample(50, seed=1) == before


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"length": -1}, charrnn.SettingsError, "length is -1; it must be at least 0"),
    ({"length": 1.5}, charrnn.SettingsError, "length is 1.5; it must be a whole number"),
    ({"temp": -0.1}, charrnn.SettingsError, "temp is -0.1; it must be at least 0"),
    ({"temp": float("nan")}, charrnn.SettingsError, "temp is nan; it must be a number"),
    ({"top_k": -1}, charrnn.SettingsError, "top_k is -1; it must be at least 0"),
    ({"seed": -1}, charrnn.SettingsError, "seed is -1; it must be at least 0"),
    ({"prime": "the é"}, charrnn.VocabularyError, "'é' (U+00E9), the first at position 4")])
def test_sample_refuses(model: charrnn.Model, given: dict, error: type[Exception], words: str) -> None:
    for call in (model.sample, model.stream):  # at once, not when the first piece is asked for
        with pytest.raises(error) as caught:
            call(**given)
        assert words in str(caught.value)


@pytest.mark.parametrize(("text", "error", "words"), [
    ("", charrnn.CorpusError, "'' is too short: a loss needs at least 2 characters"),
    ("a", charrnn.CorpusError, "'a' is too short"),
    ("abé", charrnn.VocabularyError, "'é' (U+00E9)")])
def test_loss_refuses(model: charrnn.Model, text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        model.loss(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(("given", "error", "words"), [
    ({}, charrnn.SettingsError, "train() takes either the names of texts or text=..., and one of them"),
    ({"text": ""}, charrnn.CorpusError, "the text is empty"),
    ({"text": "aaaa"}, charrnn.CorpusError, "there is nothing to learn"),
    ({"text": TEXT[:50]}, charrnn.CorpusError, "--batch 2 --window 2 will do"),
    ({"text": TEXT, "hiden": 3}, charrnn.SettingsError, "unknown setting 'hiden'; did you mean hidden?"),
    ({"text": TEXT, "cell": "x"}, charrnn.SettingsError, "cell is 'x'; it must be one of rnn, lstm, gru"),
    ({"text": TEXT, "epochs": 0}, charrnn.SettingsError, "a run of length 0 trains nothing"),
    ({"text": TEXT, "threads": 0}, charrnn.SettingsError, "threads is 0; it must be at least 1"),
    ({"text": TEXT, "name": "a/b"}, charrnn.SettingsError, "'a/b' can't name a folder")])
def test_train_refuses(given: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        charrnn.train(**{**TINY, "batch": 2, "window": 30, **given})
    assert words in str(caught.value)
    assert not Path("checkpoints").exists()


def test_names_in_a_list_and_a_text_in_place_of_a_name() -> None:
    Path("a.txt").write_text(TEXT)
    Path("b.txt").write_text(TEXT)
    alike = [charrnn.train(*sources, name=name, **TINY).parameters for sources, name in (
        ((["a.txt", Path("b.txt")],), "list"), (("a.txt", "b.txt"), "names"))]
    assert all(np.array_equal(alike[0][name], alike[1][name]) for name in alike[0])
    with pytest.raises(charrnn.SettingsError, match=r"is a text, and train\(\) takes .*; give it as text=") as caught:
        charrnn.train(TEXT)
    assert len(str(caught.value)) < 300


def test_what_does_not_exist_and_what_is_no_text(model: charrnn.Model) -> None:
    for call in (model.sample, model.samples, model.generate, model.stream):
        with pytest.raises(charrnn.SettingsError, match=r"unknown setting 'tmp'; did you mean temp\?"):
            call(tmp=1)
    with pytest.raises(charrnn.SettingsError, match=r"unknown setting 'prediction'; did you mean predictions\?"):
        model.score(TEXT, prediction=3)
    with pytest.raises(charrnn.SettingsError, match=r"unknown setting 'leng'; did you mean length\?"):
        model.complete("the", leng=3)
    for call in (model.loss, model.score, model.complete):
        for wrong in (None, 5, b"abc", ["a", "b"]):
            with pytest.raises(charrnn.CorpusError, match="is no text; give a string"):
                call(wrong)


def test_sources_and_text_are_one_too_many() -> None:
    with pytest.raises(charrnn.SettingsError, match="one of them"):
        charrnn.train("a.txt", text=TEXT)
    with pytest.raises(charrnn.CorpusError, match=r"no file or folder 'a\.txt'"):
        charrnn.train("a.txt")


def test_an_error_while_told_leaves_no_empty_folder() -> None:
    def bored(event: object) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        charrnn.train(text=TEXT, on_event=bored, **TINY)
    assert not list(Path("checkpoints").iterdir())


def test_load_refuses(folder: Path) -> None:
    with pytest.raises(charrnn.CheckpointError, match="no checkpoint at nosuch"):
        charrnn.load("nosuch")
    checkpoint = load_checkpoint(folder / BEST)
    for name, change in (("lacks", {}), ("misshapen", {"bias_out": np.zeros(3, np.float32)})):
        damaged = copy.copy(checkpoint)
        damaged.arrays = {**{k: v for k, v in checkpoint.arrays.items() if k != "bias_out"}, **change}
        save_checkpoint(f"{name}.safetensors", damaged)
        with pytest.raises(charrnn.CheckpointError, match=rf"^{name}\.safetensors: parameter bias_out "):
            charrnn.load(f"{name}.safetensors")


def test_settings_of_the_same_run_are_the_same() -> None:
    assert charrnn.train(text=TEXT, cell="lstm", optimizer="adam", beta1=0.9, beta2=0.999, **TINY).settings == SETTINGS


def test_score_keeps_as_many_predictions_as_are_asked_for() -> None:
    model = charrnn.train(text=TEXT, **TINY)
    scored = model.score(TEXT[:200], predictions=2)
    assert scored.predictions.top.shape[-1] == 2
    with pytest.warns(DeprecationWarning, match="predictions="):
        assert model.score(TEXT[:200], guesses=2).predictions.top.shape == scored.predictions.top.shape


@pytest.mark.parametrize(("dtype", "rounded"), [("float32", 0.0), ("float16", 2.0**-11)])
def test_a_saved_model_is_loaded_as_it_was(folder: Path, model: charrnn.Model, dtype: str, rounded: float) -> None:
    path = model.save("mine.safetensors", dtype)
    assert path == Path("mine.safetensors")
    loaded = charrnn.load(path)
    for name, array in model.state_dict().items():
        assert loaded.parameters[name].dtype == np.float32
        assert np.allclose(loaded.parameters[name], array, rtol=rounded, atol=0)
    assert (loaded.settings, loaded.corpus, loaded.vocabulary) == (model.settings, model.corpus, model.vocabulary)
    assert loaded.progress["history"] == model.progress["history"]
    assert loaded.loss(TEXT) == pytest.approx(model.loss(TEXT), rel=10 * rounded)
    assert path.stat().st_size < (folder / BEST).stat().st_size / 2
    again = path.read_bytes()
    loaded.save(path, dtype)
    assert path.read_bytes() == again


def test_a_saved_model_is_refused_where_it_does_not_fit(model: charrnn.Model) -> None:
    with pytest.raises(charrnn.SettingsError, match="dtype is 'int8'; it must be float32 or float16"):
        model.save("mine.safetensors", dtype="int8")
    with pytest.raises(charrnn.StorageError, match="nowhere does not exist; nothing was changed"):
        model.save("nowhere/mine.safetensors")
    arrays = model.parameters
    arrays["bias_out"][0] = 1e6
    with pytest.raises(charrnn.CheckpointError, match="bias_out has values that are too large for float16"):
        as_stored(arrays, "float16")
    assert not Path("mine.safetensors").exists()


def test_a_saved_model_is_not_resumed(model: charrnn.Model) -> None:
    Path("alone").mkdir()
    model.save("alone/last.safetensors")
    with pytest.raises(charrnn.CheckpointError, match=r"last\.safetensors: array state\.h_l0 is missing"):
        Run.resume(Path("alone/last.safetensors"), Corpus.of(TEXT, ["text.txt"]))
