"""What is told of a sample, against Python's own search in what was trained on."""

import dataclasses
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError
from charrnn.novelty import report
from charrnn.novelty.report import LONGEST, PASSAGES, Novelty, novelty_of
from charrnn.runs import training_text as module
from charrnn.runs.training_text import TrainingText
from tests.novelty.texts import text_of, trained_on

TEXT = "the cat sat on the mat and the dog sat on the cat, and so the mat was sat on by all of them\n" * 3
OTHER = "what was held out has the dog in it, but never what is in the rest: a zebra, and quite a few of them\n" * 2


@pytest.fixture(autouse=True)
def blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 5)


def grams_of(texts: list[str], n: int) -> Iterator[str]:
    return (text[start:start + n] for text in texts for start in range(len(text) - n + 1))


def check_grams(found: Novelty, texts: list[str], held_out: list[str], parts: list[str]) -> None:
    """Each figure is that of a search; `parts` are what was trained on, in which a passage may lie."""
    assert [grams.n for grams in found.grams] == list(range(1, LONGEST + 1))
    for grams in found.grams:
        for pieces, count, copied in ((texts, grams.count, grams.copied),
                                      (held_out, grams.held_out, grams.held_out_copied)):
            every = list(grams_of(pieces, grams.n))
            assert count == len(every)
            assert copied == sum(any(gram in part for part in parts) for gram in every)


@given(st.text("ab\n", min_size=1, max_size=60) | st.text("abcd\n", min_size=1, max_size=60),
       st.text("abc\n", min_size=12, max_size=200), st.sampled_from([0, .3]))
def test_shares_are_those_of_a_search(text: str, large: str, fraction: float) -> None:
    trained = trained_on(large, fraction)
    found = novelty_of(text, trained)
    training = text_of(trained)
    assert found.training == len(training)
    assert found.characters == len(text)
    check_grams(found, [text], trained.held_out(10**6), [training])
    for passage in found.passages:
        start, length = passage.position, len(passage.text)
        assert text[start:start + length] == passage.text
        assert passage.line == 1 + text.count("\n", 0, start)
        assert passage.place.position == training.index(passage.text)
        assert passage.place.line == 1 + training.count("\n", 0, passage.place.position)
        # it can't be made longer at either end
        assert start == 0 or text[start - 1:start + length] not in training
        assert start + length == len(text) or text[start:start + length + 1] not in training
    check_passages(found, text, training)


def check_passages(found: Novelty, text: str, training: str) -> None:
    """They are the longest of those that can't be made longer, none of which overlaps with a longer one or repeats it.
    """
    begins = [next(begin for begin in range(stop + 1) if text[begin:stop] in training) for stop in range(len(text) + 1)]
    whole = [(begin, stop) for stop, begin in enumerate(begins)
             if begin < stop and (stop == len(text) or text[begin:stop + 1] not in training)]
    chosen: list[tuple[int, int]] = []
    for begin, stop in sorted(whole, key=lambda each: each[0] - each[1]):
        if len(chosen) < PASSAGES and not any(text[begin:stop] in text[first:last] or (begin < last and first < stop)
                                              for first, last in chosen):
            chosen.append((begin, stop))
    assert [(passage.position, passage.text) for passage in found.passages] == [
        (begin, text[begin:stop]) for begin, stop in chosen]


@given(st.lists(st.text("abc", max_size=5), min_size=2, max_size=40).filter(lambda names: len({*names} - {""}) > 1),
       st.lists(st.text("abc", max_size=6), max_size=12).filter(any))
def test_documents_are_looked_at_one_by_one(names: list[str], sample: list[str]) -> None:
    trained = trained_on("\n".join(names), 0.4, documents="line")
    found = novelty_of("\n".join(sample), trained)
    documents, parts = [text for text in sample if text], text_of(trained).split("\n")[:-1]
    check_grams(found, documents, trained.held_out(10**6), parts)
    assert found.documents == len(documents)
    assert found.new_documents == sum(text not in parts for text in documents)
    assert found.copied_documents == tuple(dict.fromkeys(text for text in documents if text in parts))
    assert found.held_out_documents == sum(text not in parts and text in trained.held_out(10**6) for text in documents)
    assert found.repeated_documents == len(documents) - len(set(documents))
    for passage in found.passages:
        line = sample[passage.line - 1]
        assert passage.document == 1 + sum(map(bool, sample[:passage.line - 1]))
        assert line[passage.position:][:len(passage.text)] == passage.text
        whole = [name for name in names if name]
        assert passage.place.document is not None
        assert passage.text in whole[passage.place.document - 1]


def test_what_was_held_out_is_not_copied() -> None:
    trained = trained_on(TEXT + OTHER, len(OTHER) / len(TEXT + OTHER))
    assert text_of(trained) == TEXT
    found = novelty_of("a zebra, and the mat was sat on", trained)
    [first, *_] = found.passages
    assert first.text == " the mat was sat on"
    assert all("zebra" not in passage.text for passage in found.passages)
    assert found.grams[0].copied == found.grams[0].count - 2  # z and r
    check_grams(found, ["a zebra, and the mat was sat on"], [OTHER], [TEXT])


def test_a_copy_is_one_passage() -> None:
    found = novelty_of(TEXT[20:200], trained_on(TEXT, 0.0))
    assert [(passage.text, passage.position, passage.place.position) for passage in found.passages] == [
        (TEXT[20:200], 0, 20)]
    assert all(grams.share == 1.0 and grams.held_out_share is None for grams in found.grams)


def test_several_texts_are_looked_at_by_themselves() -> None:
    found = novelty_of(["the mat", "", " was sat\non"], trained_on(TEXT, 0.0))
    assert found.characters == 18
    assert found.documents is found.new_documents is found.held_out_documents is found.repeated_documents is None
    assert found.copied_documents == ()
    assert [(passage.text, passage.sample, passage.line, passage.position) for passage in found.passages] == [
        (" was sat", 2, 1, 0), ("the mat", 0, 1, 0), ("on", 2, 2, 9)]
    assert found.grams[7].count == 4
    assert found.grams[7].copied == 1


def test_documents_of_several_texts() -> None:
    trained = trained_on("one two\n\nthree\nfour\n\nfive", 0.0, documents="blank")
    found = novelty_of(["\nthree\nfour\n\n\none two", "five\n\n  \nsix\n five"], trained)
    assert (found.documents, found.new_documents) == (4, 1)
    assert (found.held_out_documents, found.repeated_documents) == (0, 0)
    assert found.copied_documents == ("three\nfour", "one two", "five")
    assert [(passage.text, passage.sample, passage.document, passage.line, passage.place.document)
            for passage in found.passages] == [
        ("three\nfour", 0, 1, 2, 2), ("one two", 0, 2, 6, 1), ("five", 1, 1, 1, 3)]


@pytest.mark.parametrize("unit", ["char", "byte", "token", "word"])
def test_units_are_compared_as_characters(unit: str) -> None:
    trained = trained_on("Ähnlich  war's da;\n \U0001f600 so\n" * 20, 0.0, unit=unit, lowercase=True)
    found = novelty_of("ihr, ÄHNLICH  wars", trained)
    space = " " if unit == "token" else "  "
    assert found.passages[0].text == f"ähnlich{space}war"
    assert found.passages[0].position == 5
    check_grams(found, [f"ihr, ähnlich{space}wars"], [], [text_of(trained)])
    assert novelty_of("\U0001f600", trained).grams[0].share == 1.0


def test_token_models_know_documents_too() -> None:
    trained = trained_on("a b c\n\nd  e\n\nf", 0.0, unit="token", documents="blank")
    found = novelty_of("d e\n\na   b c\n\ng", trained)
    assert found.copied_documents == ("d e", "a b c")
    assert found.new_documents == 1


def test_rare_characters_are_not_known() -> None:
    found = novelty_of("a\ufffdab", trained_on("aabbcabd", 0.0, min_count=2))
    assert found.grams[0].copied == 3
    assert found.passages[0].text == "ab"


def test_a_text_held_out_is_as_long_as_the_sample_but_no_less_than_a_share_needs(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "HELD_OUT", 40)
    trained = trained_on(TEXT + OTHER, 0.5)
    assert novelty_of("the", trained).grams[0].held_out == 40
    assert novelty_of(TEXT[:60], trained).grams[0].held_out == 60


def test_it_can_be_told_as_plain_data() -> None:
    found = novelty_of("the mat", trained_on(TEXT, 0.0))
    assert dataclasses.asdict(found)["passages"][0]["place"] == {"source": "", "document": None, "line": 1,
                                                                 "position": TEXT.index("the mat")}


@pytest.mark.parametrize("texts", ["", [], ["", ""]])
def test_nothing_is_refused(texts: str | list[str]) -> None:
    with pytest.raises(CorpusError, match="nothing in the sample"):
        novelty_of(texts, trained_on(TEXT, 0.0))


def test_what_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charrnn.novelty.matching.LONGEST", 100)
    trained = trained_on(TEXT, 0.0)
    novelty_of("a" * 99, trained)
    with pytest.raises(CorpusError, match="101 characters is too long; at most 100 can be searched for"):
        novelty_of("a" * 100, trained)


def test_documents_of_blanks_are_nothing() -> None:
    trained: TrainingText = trained_on("a\nb\nc", 0.0, documents="line")
    with pytest.raises(CorpusError, match="nothing in the sample"):
        novelty_of(" \n\n", trained)
