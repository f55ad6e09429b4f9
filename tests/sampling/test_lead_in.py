"""A text without a prime begins where a paragraph, a line or a word could, and does not show what was read before."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import charrnn
from charrnn.sampling.lead_in import LEAD_IN_STREAMS, lead_ins
from charrnn.sampling.sampler import Sampler
from charrnn.text.tokenizers import Bytes, Tokens, Words
from charrnn.text.vocabulary import Vocabulary
from tests.cli.tiny import train_tiny

TINY: dict[str, Any] = {
    "hidden": 16, "layers": 1, "dropout": 0.0, "recurrent_dropout": 0.0, "batch": 4, "window": 20, "lr": 0.02,
    "epochs": 12.0, "validations": 1, "shards": 1, "precision": "float32", "averaging": 0.0}


class Scripted:
    """What a sampler would write, given as ids (P, N)."""

    def __init__(self, columns: list[np.ndarray]) -> None:
        length = max(map(len, columns))
        # a stream that is over repeats its first unit
        self.ids = np.stack([np.concatenate([own, np.full(length - len(own), own[0])]) for own in columns], axis=1)
        self.begun: list[list[int]] = []
        self.written = 0

    def begin(self, ids: np.ndarray) -> None:
        self.begun = ids.tolist()

    def generate(self, prime: np.ndarray, draws: np.ndarray, rule: object) -> np.ndarray:
        assert prime.shape == (0, LEAD_IN_STREAMS)
        self.written += len(draws)
        places = np.arange(self.written - len(draws), self.written)
        return np.asarray(self.ids[np.minimum(places, len(self.ids) - 1)], np.int32)


def found(vocabulary: Vocabulary, *texts: str) -> tuple[list[str], Scripted]:
    """The lead-ins where the streams write `texts`, and the others the first one's first unit for ever."""
    columns = [vocabulary.encode(text) for text in texts]
    script = Scripted(columns + [columns[0][:1]] * (LEAD_IN_STREAMS - len(columns)))
    ids = lead_ins(cast(Sampler, script), vocabulary)
    return [vocabulary.decode(ids[:, n]) for n in range(ids.shape[1])], script


def test_the_ends_of_paragraphs_are_first() -> None:
    a, b = "a" * 150, "b" * 140
    texts, script = found(Vocabulary("ab \n"), a + "\n" + a + " a\n", b + "\n\nb\n", b + "b\n\n", "a\n\n" + b,
                          b + "a\n\n", "b\n\n" + b + "\n\na")
    assert texts == [b[-126:] + "\n\n", b[-126:] + "\n\n", b[-125:] + "a\n\n", b[-126:] + "\n\n"]
    assert script.begun == [[0] * LEAD_IN_STREAMS]
    assert script.written == 256


def test_one_paragraph_will_do() -> None:
    a = "a" * 300
    texts, script = found(Vocabulary("a \n"), a + " a\na", "a\n\n" + a, a + "\n\n")
    assert texts == [a[-126:] + "\n\n"]
    assert script.written == 1024
    texts, script = found(Vocabulary("a \n"), a + " a\na", "a\n\n" + a)
    assert texts == [a[-125:] + " a\n"]


@pytest.mark.parametrize("vocabulary", [Vocabulary("ab \n"), Bytes("ab \n"), Words(["a", "b", " ", "\n"])],
                         ids=lambda vocabulary: vocabulary.kind)
def test_without_paragraphs_a_line_and_without_lines_a_word(vocabulary: Vocabulary) -> None:
    a = "a b " * 70
    assert found(vocabulary, a + "\na", a[:200] + "b\na")[0] == [a[-127:] + "\n", (a[:200] + "b\n")[-128:]]
    assert found(vocabulary, a + "a", a[:100])[0] == [a[-128:]]


def test_vocabularies_without_line_ends() -> None:
    texts, script = found(Vocabulary("ab "), "ab " * 60 + "ab")
    assert (texts, script.begun) == ([("ab " * 60)[-128:]], [[0] * LEAD_IN_STREAMS])
    texts, script = found(Vocabulary("ab"), "ab" * 512)
    assert script.begun == [[0, 1] * (LEAD_IN_STREAMS // 2)]
    assert texts == ["ab" * 64] + ["a" * 128] * 7
    texts, script = found(Tokens(["ab", "b"]), "ab b " * 600)  # every token is a beginning
    assert len(texts[0].split()) == 128


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> charrnn.Model:
    return charrnn.load(train_tiny(tmp_path_factory.mktemp("runs")))


def test_it_is_read_and_not_shown(model: charrnn.Model) -> None:
    ids = model.lead_ins()
    before = [model.vocabulary.decode(ids[:, n]) for n in range(ids.shape[1])]
    assert len(set(before)) == len(before) > 2
    assert {len(text) for text in before} == {128}
    assert all(text.endswith("\n") for text in before)
    for seed in (3, 4, 11):
        text = model.sample(80, seed=seed)
        assert text == model.sample(80, prime=before[seed % len(before)], seed=seed) != model.sample(
            80, prime="\n", seed=seed)
        assert text == "".join(model.stream(80, seed=seed)) == model.samples(20, 80, seed=seed)[0]
    assert [sample.prime for sample in model.generate(2, 10)] == ["", ""]
    assert model.samples(9, 10, seed=2, temps=(0.5, 0.8))[9:] == model.samples(9, 10, seed=2)
    assert len({*model.samples(9, 80, temp=0.0), model.sample(80, temp=0.0)}) == 1  # no seed has a part in it


@pytest.mark.parametrize("between", ["\n\n", "\n", " "])
def test_a_text_begins_where_one_could(between: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    parts = ["O" + "".join(generator.choice([*"abcd"], 9)) for _ in range(900)]
    model = charrnn.train(text=between.join(parts), folder=tmp_path, **TINY)
    assert model.samples(100, 1, seed=1).count("O") > 95
