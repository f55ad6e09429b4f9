"""Documents in the Python interface: samples end with theirs, and losses are measured one document after the other."""

from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.errors import CorpusError, SettingsError, VocabularyError
from tests.training.test_documents import one_by_one

# Two of which begin alike, so that it takes memory to end the second rightly.
LINES = ["abc", "abd", "dcba", "b"]
TINY = {"cell": "gru", "hidden": 12, "dropout": 0.0, "batch": 3, "window": 9, "lr": 0.02, "validations": 1, "shards": 2}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> charrnn.Model:
    """One that knows LINES by heart."""
    return charrnn.train(text="\n".join(LINES), documents="line", folder=tmp_path_factory.mktemp("runs"), epochs=150,
                         val_fraction=0, **TINY)


def test_samples_end_with_their_documents(model: charrnn.Model) -> None:
    texts = model.samples(40, seed=1)
    assert set(texts) == set(LINES)
    assert texts[0] == model.sample(seed=1) == "".join(model.stream(seed=1))
    assert texts[:7] == model.samples(7, seed=1)
    assert set(model.samples(30, prime="ab", seed=2)) == {"c", "d"}
    assert model.sample(prime="dc", seed=1) == "ba"
    assert {len(text) for text in model.samples(30, 2, seed=3)} == {1, 2}  # the length is a bound
    assert model.samples(40, 0, seed=1) == texts  # without a length only their ends end them
    assert set(model.samples(40, seed=1, precision="bf16")) == set(LINES)


def test_a_prime_in_one_document(model: charrnn.Model) -> None:
    for call in (model.sample, model.stream, lambda prime: model.samples(2, prime=prime)):
        with pytest.raises(SettingsError, match=r"the prime goes past the end of a document: it holds '\\n'"):
            call(prime="ab\nc")
        with pytest.raises(VocabularyError, match="'z'"):
            call(prime="z")


def test_the_loss_of_documents(model: charrnn.Model) -> None:
    text = "abd\n\nbcda\n  \nb\n"
    documents = model._encoded(text)
    parameters = {name: array.astype(float) for name, array in model.parameters.items()}
    expected = one_by_one(model.settings.network, parameters, documents)[0] / (4 + 5 + 2)
    assert model.loss(text) == pytest.approx(expected, rel=1e-5)
    assert model.loss("b") < model.loss("ba")
    # the order of documents makes no difference, that of characters does
    assert model.loss("b\nabd\nbcda") == pytest.approx(expected, rel=1e-5)
    assert model.loss("b\ndba\nbcda") > expected + 0.1
    with pytest.raises(CorpusError, match="holds no document"):
        model.loss("\n \n")


def test_the_position_of_what_was_never_seen(model: charrnn.Model) -> None:
    for call in (model.loss, model.score):
        with pytest.raises(VocabularyError, match=r"'z' \(U\+007A\), the first at position 5;"):
            call("abc\nbzd")


def test_tunes_between_other_marks() -> None:
    tunes = [f"T:{letter}\n{letter * 3}\n" for letter in "abcdef"]
    trained = charrnn.train(text="%%\n".join(tunes), documents="%%", epochs=60, **TINY)
    assert trained.mark == "\x1e"
    assert trained.corpus.documents == 6
    for text in trained.samples(10, 50, seed=1):
        assert "%" not in text
        assert "\x1e" not in text
    assert np.isfinite(trained.loss("T:a\naaa%%\nT:b\nbbb"))
    assert charrnn.load().settings.text.documents == "%%"
