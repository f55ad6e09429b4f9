"""A new run that begins with what another has learned, on a text that may have characters of its own."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import charrnn
from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.vocabulary_growth import grow_vocabulary
from charrnn.errors import CheckpointError, SettingsError
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.runs.finetune import FineTuning
from charrnn.runs.run import Run
from charrnn.settings import NetworkSettings
from charrnn.storage.run_folders import BEST, LAST
from charrnn.text.corpus import Corpus
from charrnn.text.vocabulary import Vocabulary
from tests.cli.tiny import SETTINGS, TEXT, train_tiny

NEW = TEXT.replace("the", "€é").replace("mat", "\tΩ")  # new ones before, between and after those that are known


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny(tmp_path_factory.mktemp("old")) / BEST


def started(old: Path, text: str, folder: Path, **training: float) -> Run:
    settings = dataclasses.replace(SETTINGS, training=dataclasses.replace(SETTINGS.training, **training))
    return Run.start(Corpus.of(text, ["text.txt"]), settings, "new", folder, parent=FineTuning(old))


@pytest.mark.few(2)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("embedding", [0, 5])
@given(old_units=st.sets(st.characters(codec="utf-8"), min_size=1, max_size=30),
       new_units=st.sets(st.characters(codec="utf-8"), max_size=20))
def test_what_an_old_character_does_is_kept(cell, embedding, old_units, new_units) -> None:
    settings = NetworkSettings(cell=cell, hidden=6, layers=2, embedding=embedding)
    before, after = Vocabulary("".join(old_units)), Vocabulary("".join(old_units | new_units))
    places = before.places_in(after)
    assert "".join(after.units[place] for place in places) == before.characters
    small = Network(settings, len(before), np.random.default_rng(1))
    large = Network(settings, len(after))
    large.parameters.from_arrays(grow_vocabulary(small.parameters.to_arrays(), places, len(after)))
    large.refresh()
    ids = np.random.default_rng(2).integers(len(before), size=(7, 3)).astype(np.int32)
    outputs = []
    for network, tokens in ((small, ids), (large, places[ids])):
        [shard] = CompiledStreams(network, 3, 7, 1).shards
        outputs.append(shard.read(tokens)[:, :, :6])
        arrays = network.parameters.to_arrays()
        logits = outputs[-1] @ arrays["weight_out"].T + arrays["bias_out"]
        outputs.append(logits[..., places] if network is large else logits)
    # matrix products of another shape may end in another last bit
    np.testing.assert_allclose(outputs[2], outputs[0], rtol=0, atol=1e-6 if embedding else 0)
    np.testing.assert_allclose(outputs[3], outputs[1], rtol=0, atol=1e-6)


def test_without_new_characters_it_begins_where_the_other_stood(old: Path, tmp_path: Path) -> None:
    with started(old, TEXT, tmp_path) as run:
        last = load_checkpoint(old).progress["history"]["points"][-1]
        assert run.trainer.evaluation.loss() == pytest.approx(last["val"])
        for name, array in run.trainer.engine.parameters().items():
            np.testing.assert_array_equal(array, load_checkpoint(old).arrays[name])


def test_it_learns_new_characters_and_goes_on_to_the_bit(old: Path, tmp_path: Path) -> None:
    for folder in ("whole", "torn"):
        with started(old, NEW, tmp_path / folder) as run:
            for number, _ in enumerate(run.events()):
                if folder == "torn" and number == 12:
                    run.trainer.stop()
    with Run.resume(run.folder / LAST, Corpus.of(NEW, ["text.txt"])) as run:
        for _ in run.events():
            pass
    kept = [(tmp_path / folder / "new" / LAST).read_bytes() for folder in ("whole", "torn")]
    assert kept[0] == kept[1]
    model = charrnn.load(tmp_path / "whole" / "new")
    assert set(model.vocabulary.characters) == set(TEXT) | set(NEW)
    assert model.corpus.parent.name == "tiny"
    assert model.corpus.parent.step == load_checkpoint(old).progress["step"]
    assert model.loss(NEW) < 4


def test_from_python_and_with_less_of_a_rate(old: Path, tmp_path: Path) -> None:
    model = charrnn.train(text=NEW, init_from=old, folder=tmp_path, epochs=0.5, batch=2, window=10, dropout=0.0)
    assert (model.settings.network.hidden, model.settings.network.layers) == (8, 1)
    plain = charrnn.train(text=NEW, folder=tmp_path, cell="lstm", hidden=8, layers=1, epochs=0.5, batch=2, window=10,
                          dropout=0.0)
    assert 0 < model.settings.training.lr < plain.settings.training.lr * 0.6
    assert charrnn.train(text=NEW, init_from=old, folder=tmp_path, epochs=0.1, lr=0.03, batch=2, window=10
                         ).settings.training.lr == 0.03


@pytest.mark.parametrize(("given", "words"), [
    ({"hidden": 9}, "--hidden 9 contradicts tiny, which has --hidden 8; leave --hidden out"),
    ({"cell": "gru"}, "--cell gru contradicts tiny, which has --cell lstm"),
    ({"unit": "word"}, "--unit word contradicts tiny, which has --unit char")])
def test_what_contradicts_is_refused(old: Path, tmp_path: Path, given: dict, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        charrnn.train(text=NEW, init_from=old, folder=tmp_path, **given)
    assert not list(tmp_path.iterdir())


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint at nothing"):
        charrnn.train(text=NEW, init_from="nothing", folder=tmp_path)
