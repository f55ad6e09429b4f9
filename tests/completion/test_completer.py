"""What is typed is completed: as probable as plain NumPy says, the same warm and cold, in every unit."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.cells.registry import CELLS as KINDS
from charrnn.completion import prefix_cache
from charrnn.completion.completer import Completer, Completion
from charrnn.completion.prefix_cache import NetworkSteps
from charrnn.errors import SettingsError, VocabularyError
from charrnn.sampling import streams
from charrnn.sampling.session import LanguageModel, mark_id
from charrnn.settings import CompleteSettings, NetworkSettings, Settings, TextSettings
from charrnn.text.documents import mark_of
from charrnn.text.tokenizers import vocabulary_of
from charrnn.text.vocabulary import STAND_IN
from tests.completion.exhaustive import Plain, every_text
from tests.engine.compiled import compiled_engine

MARK = "\x1e"


def completer_and_plain(settings: Settings, units: str | list[str], seed: int = 3) -> tuple[Completer, Plain]:
    """A completer of random weights, and the same network in NumPy."""
    vocabulary, mark = vocabulary_of(settings.text, units), mark_of(settings.text)
    plain = Plain(len(vocabulary), seed, 2.0, settings.network)
    engine = compiled_engine(settings.network, plain.parameters, start=mark_id(mark, vocabulary))
    return Completer(LanguageModel(engine, settings, vocabulary)), plain


def completer_of(units: str | list[str] = "a' \n", seed: int = 3, network: NetworkSettings | None = None,
                 **text: object) -> Completer:
    settings = Settings(network or NetworkSettings(hidden=5, dropout=0.0), text=TextSettings(**text))
    return completer_and_plain(settings, units, seed)[0]


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize(("layers", "embedding", "learned", "documents"),
                         [(1, 0, False, False), (2, 3, True, True), (3, 0, True, False)])
def test_probabilities_are_those_of_plain_numpy(cell: str, layers: int, embedding: int, learned: bool,
                                                documents: bool) -> None:
    shape = NetworkSettings(cell=cell, hidden=5, layers=layers, embedding=embedding, learn_initial_state=learned)
    settings = Settings(shape, text=TextSettings(documents="blank" if documents else None))
    units = "abc" + (MARK if documents else "d")
    completer, plain = completer_and_plain(settings, units)
    letters = sorted(units)
    read = [letters.index(letter) for letter in (MARK if documents else "") + "abca"]
    texts = every_text(plain, read, 5)
    every: dict[str, float] = {}
    for path, probability in texts.items():
        text = "".join(letters[unit] for unit in path).split(MARK)[0]
        every[text] = every.get(text, 0.0) + probability
    best = sorted(every.values(), reverse=True)[:6]
    for beams, prove in ((2, 0), (7, 500)):
        found = completer.complete("abca", 6, until="length", length=5, beams=beams, prove=prove)
        assert len(found) == 6
        for one in found:
            assert one.probability == pytest.approx(every[one.text], abs=1e-6)
            assert one.nats == pytest.approx(-math.log(one.probability))
            assert one.end == ("length" if len(one.text) == 5 else "document")
    assert all(one.proven for one in found)
    assert [one.probability for one in found] == pytest.approx(best, abs=1e-6)


EDITS = st.lists(st.tuples(st.integers(0, 12), st.text("a' \n", max_size=12)), min_size=1, max_size=6)


@given(edits=EDITS, until=st.sampled_from(["word", "line", "length"]))
def test_a_text_that_changes_is_completed_as_if_it_were_new(edits: list[tuple[int, str]], until: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix_cache, "_KEPT", 4)
        patch.setattr(streams, "_READ_AT_ONCE", 3)
        warm, text = completer_of(), ""
        for taken, typed in edits:
            text = text[: max(0, len(text) - taken)] + typed
            same(warm.complete(text, 3, until=until, length=4), completer_of().complete(text, 3, until=until, length=4))


def same(some: list[Completion], others: list[Completion]) -> None:
    for one, other in zip(some, others, strict=True):
        assert dataclasses.replace(one, probability=0, nats=0) == dataclasses.replace(other, probability=0, nats=0)
        assert one.probability == pytest.approx(other.probability, rel=1e-5)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many paths each step reads."""
    rows: list[int] = []
    step = NetworkSteps.step

    def counted(self: NetworkSteps, states: list[np.ndarray], units: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        rows.append(len(states))
        return step(self, states, units)

    monkeypatch.setattr(NetworkSteps, "step", counted)
    return iter([rows])  # type: ignore[return-value]


def test_a_further_letter_costs_one_step(read: Iterator[list[int]]) -> None:
    [rows] = read
    completer = completer_of()
    options: dict[str, object] = {"until": "length", "length": 1}  # the search itself takes no step
    completer.complete("a' " * 50, **options)
    for text in ("a' " * 50 + "a", "a' " * 50 + "aa", "a' " * 50 + "a\n"):
        rows.clear()
        completer.complete(text, **options)
        assert rows == [1]
    for text in ("a' " * 50 + "a\n", "a' " * 50 + "a", "a' " * 40):
        rows.clear()
        completer.complete(text, **options)
        assert rows == []


def test_a_search_that_was_stopped_leaves_nothing_wrong_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    completer, step, left = completer_of(), NetworkSteps.step, 5

    def stopping(self: NetworkSteps, states: list[np.ndarray],
                 units: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return step(self, states, units)

    completer.complete("a a")
    for stop in (1, 3, 6, 9):
        left = stop
        with monkeypatch.context() as patch:
            patch.setattr(NetworkSteps, "step", stopping)
            with pytest.raises(KeyboardInterrupt):
                completer.complete("a a'''a a", until="length", length=20)
        same(completer.complete("a a'''"), completer_of().complete("a a'''"))


def test_a_search_never_takes_more_streams_than_it_has_beams(read: Iterator[list[int]]) -> None:
    [rows] = read
    completer_of("abcdefgh").complete("a", until="length", beams=5)
    assert max(rows) == 5


def test_a_document_may_be_over() -> None:
    completer = completer_of("ab" + MARK, documents="blank")
    every = completer.complete("", 1000, until="length", length=3)
    assert all(one.proven for one in every)
    assert sorted({one.end for one in every}) == ["document", "length"]
    assert len(every) == 1 + 2 + 4 + 8
    assert math.fsum(one.probability for one in every) == pytest.approx(1.0, abs=1e-6)
    assert MARK not in "".join(one.text for one in every)


def test_the_stand_in_is_never_written_and_its_share_is_missing() -> None:
    settings = Settings(NetworkSettings(hidden=5), text=TextSettings(min_count=2))
    completer, plain = completer_and_plain(settings, ["a", "b", STAND_IN])
    every = completer.complete("az", 1000, until="length", length=1)
    assert sorted(one.text for one in every) == ["a", "b"]
    expected = every_text(plain, [0, 2], 1)
    found = {one.text: one.probability for one in every}
    assert found == pytest.approx({"a": expected[0,], "b": expected[1,]}, abs=1e-6)
    assert math.fsum(one.probability for one in every) < 0.99


def test_tokens_get_their_spaces() -> None:
    completer = completer_of(["be,", "not", "--", "\n"], unit="token")
    texts = {one.text for one in completer.complete("not", 50, length=2)}
    assert {" be,", " not", " -- be,", "\nnot", " --\n", " -- --"} <= texts
    assert all(one.text == one.text.lstrip(" ") for one in completer.complete("", 50, length=2))


def test_words_are_units() -> None:
    completer = completer_of(["be", "not", " ", ",", "\n"], unit="word")
    every = completer.complete("not", 100, length=3)
    assert {" be", ",be", "\n\nbe", "be"} <= {one.text for one in every}
    assert {one.end for one in every} == {"word", "length"}


def test_bytes_are_text() -> None:
    completer = completer_of([chr(byte) for byte in "aé€ ".encode()], unit="byte")
    every = completer.complete("é", 1000, until="length", length=2)
    texts = [one.text for one in every]
    assert len(set(texts)) == len(texts)
    assert {"aa", "é", "€", "aé", "a€"} <= set(texts)
    assert STAND_IN not in "".join(texts)


def test_letters_are_normalized() -> None:
    completer = completer_of("a \n", lowercase=True)
    same(completer.complete("A A"), completer_of("a \n").complete("a a"))


def test_nothing_is_the_start_of_a_line() -> None:
    same(completer_of().complete(""), completer_of().complete("\n"))


@pytest.mark.parametrize(("prefix", "options", "error", "words"), [
    ("", {}, SettingsError, "nothing to complete"),
    ("ax", {}, VocabularyError, "never seen: 'x'"),
    ("a", {"count": 0}, SettingsError, "at least 1"),
    ("a", {"until": "page"}, SettingsError, "one of word, line, length"),
    ("a", {"length": 0}, SettingsError, "at least 1"),
    ("a", {"beams": 513}, SettingsError, "at most 512"),
    ("a", {"unknown": "guess"}, SettingsError, "one of error"),
])
def test_what_is_refused(prefix: str, options: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        completer_of("ab ").complete(prefix, **options)


def test_a_prefix_may_not_go_past_its_document() -> None:
    with pytest.raises(SettingsError, match="past the end of a document"):
        completer_of("ab\n", documents="line").complete("a\nb")


def test_what_the_model_never_saw_may_be_left_out() -> None:
    same(completer_of().complete("aXa", unknown="skip"), completer_of().complete("aa"))


def test_each_kind_of_continuation_has_a_length_of_its_own() -> None:
    assert [CompleteSettings(until=until).most for until in ("word", "line", "length")] == [32, 60, 10]
    assert CompleteSettings(until="line", length=7).most == 7


def test_a_completion_cannot_be_changed() -> None:
    [one] = completer_of().complete("a", 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.text = "b"  # type: ignore[misc]
