"""Samples through the Python interface: the same text whatever it is made with, endings, surprisal, refusals."""

import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.engine.threads import Workers
from charrnn.errors import SettingsError, VocabularyError
from charrnn.settings import SampleSettings
from charrnn.settings.sampling import SampleOptions
from tests.cli.tiny import train_tiny

LINES = ["abd", "abc", "ab", "dcba"]
TINY = {"hidden": 12, "dropout": 0.0, "batch": 2, "window": 10, "lr": 0.02, "epochs": 30.0, "validations": 1,
        "shards": 2, "precision": "float32", "averaging": 0.0, "recurrent_dropout": 0.0, "layers": 1}
EVERYTHING: SampleOptions = {"temp": 1.1, "top_k": 9, "top_p": 0.95, "min_p": 0.01, "bias": ("e=+1",), "ban": ("b",),
                             "clamp": ("L1:0=0.5", "L1:3=+1sd@20:50"), "min_length": 10, "stop": ("xyz",)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> charrnn.Model:
    return charrnn.load(train_tiny(tmp_path_factory.mktemp("runs")))


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> charrnn.Model:
    folder = tmp_path_factory.mktemp("documents")
    return charrnn.train(text="\n".join(LINES * 40), folder=folder, documents="line", **TINY)


def test_options_are_those_of_the_settings() -> None:
    assert {*SampleOptions.__annotations__, "samples", "length"} == set(SampleSettings.__dataclass_fields__)


@pytest.mark.parametrize("options", [{}, EVERYTHING], ids=["plain", "everything"])
def test_one_text_whatever_it_is_made_with(model: charrnn.Model, options: SampleOptions) -> None:
    text = model.sample(120, seed=7, prime="the ", **options)
    assert text == "".join(model.stream(120, seed=7, prime="the ", **options))
    for count in (1, 3, 40):
        assert model.samples(count, 120, seed=7, prime="the ", **options)[0] == text
    drawn = model.generate(2, 120, seed=7, prime="the ", **options)
    assert drawn[0].text == text != drawn[1].text
    own = {name: value for name, value in options.items() if name != "temp"}
    temps = model.generate(2, 120, seed=7, prime="the ", temps=(0.5, options.get("temp", 0.8)), **own)
    assert [sample.text for sample in temps[2:]] == [sample.text for sample in drawn]
    assert [(sample.temp, sample.number) for sample in temps] == [
        (0.5, 0), (0.5, 1), (options.get("temp", 0.8), 0), (options.get("temp", 0.8), 1)]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_nothing(model: charrnn.Model, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = model.sample(200, seed=7, **EVERYTHING)
    monkeypatch.setattr(model, "_workers", Workers(threads))
    assert model.sample(200, seed=7, **EVERYTHING) == text


def test_a_sample_tells_how_to_repeat_it(model: charrnn.Model) -> None:
    first, second = model.generate(2, 50, prime="cat")
    again = model.generate(2, 50, prime="cat", seed=first.seed)
    assert [sample.text for sample in again] == [first.text, second.text]
    assert (second.number, second.prime, second.temp, second.ending) == (1, "cat", 0.8, "length")
    assert model.generate(1)[0].seed != model.generate(1)[0].seed


def test_surprise_is_the_loss(model: charrnn.Model) -> None:
    [sample] = model.generate(1, 60, prime="the cat", temp=1.5, bias="a=2", seed=1)
    assert "".join(sample.units) == sample.text
    scored = model.score("the cat" + sample.text, rows=1)
    np.testing.assert_allclose(sample.nats, scored.surprisals[-60:] * np.log(2), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sample.probabilities, np.exp(-sample.nats), rtol=1e-5)
    record = json.loads(json.dumps(sample.to_dict()))
    assert len(record["probabilities"]) == len(record["text"]) == 60
    assert "units" not in record
    assert record["stop"] == "length"


def test_bans_and_biases(model: charrnn.Model) -> None:
    plain = model.sample(400, seed=1, temp=1.0)
    assert "e" in plain
    assert not set("aeiou") & set(model.sample(400, seed=1, temp=1.0, ban=("aei", "ou")))
    assert model.sample(400, seed=1, bias="e=+3").count("e") > 2 * plain.count("e")
    assert model.sample(50, seed=1, bias="e=+500") == "e" * 50


def test_a_clamp_steers(model: charrnn.Model) -> None:
    texts = [model.sample(100, seed=1, clamp=clamp) for clamp in ("L1:0=-1", "L1:0=1", "L1:0=0", "L1:0=+1sd")]
    assert len(set(texts)) > 2
    # from the 30th character on, and not before
    assert model.sample(100, seed=1)[:30] == model.sample(100, seed=1, clamp="L1:0=1@30:")[:30]
    low, mean, high = (model.session(SampleSettings(seed=1, clamp=f"L1:3={number}sd")).rule.clamps[0].value
                       for number in ("-1", "0", "+1"))
    assert -1 < low < mean - 1e-4
    np.testing.assert_allclose(high - mean, mean - low, rtol=1e-6)
    deviation = {model.sample(100, seed=1, clamp="L1:0=+1sd") for _ in range(2)}
    assert len(deviation) == 1  # what is measured is always the same


@pytest.mark.parametrize("length", [0, 300])
def test_stops(model: charrnn.Model, length: int) -> None:
    plain = model.sample(300, seed=1)
    [sample] = model.generate(1, length, seed=1, stop=("\n", "zzz"))
    assert sample.text == plain[:plain.index("\n")]
    assert sample.ending == "stop"
    assert len(sample.nats) == len(sample.text)
    [later] = model.generate(1, length, seed=1, stop=r"\n", min_length=plain.index("\n") + 1)
    assert later.text == plain[:plain.index("\n", plain.index("\n") + 1)]
    [at_the_edge] = model.generate(1, length, seed=1, stop=r"\n", min_length=plain.index("\n"))
    assert at_the_edge.text == sample.text


def test_documents_end_where_they_may(documents: charrnn.Model) -> None:
    texts = documents.generate(60, seed=1, temp=1.0)
    assert {sample.text for sample in texts} >= {"abd", "abc", "dcba"}
    assert {sample.ending for sample in texts} == {"document"}
    longer = documents.generate(60, 9, seed=1, temp=1.0, min_length=5)
    assert min(len(sample.text) for sample in longer) >= 5
    assert {len(sample.nats) == len(sample.text) for sample in longer} == {True}
    assert {sample.ending for sample in documents.generate(20, 2, seed=1)} <= {"document", "length"}
    exactly = documents.generate(20, 5, seed=1, min_length=5)
    assert {len(sample.text) for sample in exactly} == {5}


def test_a_text_without_end_is_a_stream(model: charrnn.Model, documents: charrnn.Model) -> None:
    endless = model.stream(0, seed=1)
    text = "".join(itertools.islice(endless, 20))
    assert text == model.sample(len(text), seed=1)
    with pytest.raises(SettingsError, match="a text of length 0 never ends"):
        model.sample(0)
    with pytest.raises(SettingsError, match="a text of length 0 never ends"):
        model.generate(2, 0)
    with pytest.raises(SettingsError, match="a text of length 0 never ends"):
        documents.sample(0, ban=(r"\n",))
    assert documents.sample(0, ban=("a",), seed=1)
    assert documents.sample(0, seed=1) == documents.sample(10**6, seed=1)


def test_one_text_has_one_temperature(model: charrnn.Model) -> None:
    for method in (model.sample, model.stream):
        with pytest.raises(SettingsError, match="2 temperatures make as many texts"):
            method(10, temps=(0.5, 1.0))
    assert len(model.samples(2, 10, temps=(0.5, 1.0, 2.0))) == 6


def test_a_prime_that_is_not_known(model: charrnn.Model) -> None:
    with pytest.raises(VocabularyError, match="--unknown fold would read 'e' for 'é'"):
        model.sample(10, prime="thé")
    assert model.sample(10, prime="thé", unknown="fold", seed=1) == model.sample(10, prime="the", seed=1)
    assert model.sample(10, prime="th✓e", unknown="skip", seed=1) == model.sample(10, prime="the", seed=1)


def test_a_long_prime_is_read_to_its_end(model: charrnn.Model) -> None:
    words = random.Random(1).choices("the cat sat on a mat and then it ran".split(), k=2000)
    prime = " ".join(words)  # longer than one call, and nowhere the same
    for size in range(4090, 4100):
        cut = prime[:size]
        assert model.samples(2, 5, prime=cut, seed=1, temp=0.0)[1] == model.sample(5, prime=cut, seed=1, temp=0.0)
    several = model.samples(3, 40, prime=prime, seed=1, temp=0.0)
    assert several[0] == model.sample(40, prime=prime, seed=1, temp=0.0)
    assert model.sample(40, prime=prime + several[0], temp=0.0) == model.sample(80, prime=prime, temp=0.0)[40:]


def test_words_tell_their_units(tmp_path: Path) -> None:
    text = "the cat sat. the dog ran.\n" * 60
    model = charrnn.train(text=text, folder=tmp_path, unit="word", **TINY | {"epochs": 2.0})
    [sample] = model.generate(1, 12, seed=1, prime="the")
    record = sample.to_dict()
    assert "".join(record["units"]) == record["text"]
    assert len(record["units"]) == len(record["probabilities"]) == 12
