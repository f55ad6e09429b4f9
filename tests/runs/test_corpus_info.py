"""What a checkpoint says of its corpus: the JSON that it has always been, and nothing else is taken for it."""

import json
from typing import Any

import pytest

from charrnn.runs.corpus_info import CorpusInfo, Parent
from charrnn.runs.run import run_name
from charrnn.settings import NetworkSettings, TextSettings
from charrnn.text.corpus import Corpus

OLD: list[dict[str, Any]] = [
    {"name": "t", "sources": ["t.txt"], "characters": 9, "fingerprint": "ab"},
    {"name": "text", "sources": [], "characters": 9, "fingerprint": "ab", "units": 3, "rare_units": 0},
    {"name": "n", "sources": ["n", "-"], "characters": 9, "fingerprint": "ab", "documents": 4, "different_documents": 2,
     "origin": {"name": "old", "step": 7, "text": None, "fingerprint": None}}]


@pytest.mark.parametrize("values", OLD)
def test_the_json_is_what_it_was(values: dict[str, Any]) -> None:
    info = CorpusInfo.from_dict(json.loads(json.dumps(values)))
    assert info.to_dict() == values
    assert info.can_be_read_again == (values["sources"] == ["t.txt"])
    assert hash(info) == hash(CorpusInfo.from_dict(values))


def test_what_is_missing_has_its_default() -> None:
    assert CorpusInfo.from_dict({"sha256": "unknown keys are ignored"}) == CorpusInfo()
    assert CorpusInfo.from_dict({"name": "a", "origin": {"name": "b", "step": 1}}).parent == Parent("b", 1)


@pytest.mark.parametrize("values", [
    {"name": 3}, {"sources": "t.txt"}, {"sources": [3]}, {"characters": "9"}, {"fingerprint": []}, {"documents": 1.5},
    {"origin": {"name": "b"}}, {"origin": "b"}])
def test_what_is_no_such_json_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises((TypeError, LookupError)):
        CorpusInfo.from_dict(values)


@pytest.mark.parametrize(("settings", "rest"), [
    (TextSettings(), {}), (TextSettings(unit="word"), {"units": 12}),
    (TextSettings(min_count=2), {"rare_units": 1}),
    (TextSettings(documents="line"), {"documents": 3, "different_documents": 2})])
def test_that_of_a_corpus(settings: TextSettings, rest: dict[str, int]) -> None:
    corpus = Corpus.of("ab ba\nc ab\nab ba\n", ["t.txt"], "t", settings)
    info = CorpusInfo.of(corpus, settings.unit, corpus.vocabulary)
    assert info.to_dict() == {"name": "t", "sources": ["t.txt"], "characters": corpus.characters,
                              "fingerprint": corpus.fingerprint, **rest}


def test_a_runs_name() -> None:
    assert run_name("alice", NetworkSettings("gru", hidden=64, layers=2)) == "alice-gru-2x64"
