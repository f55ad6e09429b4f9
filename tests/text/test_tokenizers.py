"""Texts as bytes, tokens and words: what is a unit, and that none is lost or changed on its way to ids and back."""

import io
from collections import Counter
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.errors import SettingsError, VocabularyError
from charrnn.settings import TextSettings
from charrnn.text import decode, sources
from charrnn.text import documents as documents_module
from charrnn.text import encode as encoder
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.documents import Documents
from charrnn.text.tokenizers import Bytes, Tokens, Words, tokens_of, vocabulary_of, words_of
from charrnn.text.vocabulary import STAND_IN, Vocabulary

real_text = st.text(st.characters(exclude_categories=["Cs"]))
# What may be torn apart by a border between chunks.
PIECES = ["don't", "'", "\u2019", "a", "bc", " ", "   ", "\t", "\n", ".", "...", "e\u0301", "हिन्दी", "é", "🐈", "_1"]
torn_text = st.lists(st.sampled_from(PIECES), min_size=1, max_size=15).map("".join)
UNITS = st.sampled_from(["char", "byte", "token", "word"])


@given(real_text)
@example("Don't — «a  b»\n\n\tc'd' e\u0301")
def test_words_lose_nothing(text: str) -> None:
    assert "".join(words_of(text)) == text


def test_what_is_a_word() -> None:
    assert words_of("Don't stop, she said...  \n\n3.5 rock'n'roll' well-known") == [
        "Don't", " ", "stop", ",", " ", "she", " ", "said", ".", ".", ".", "  ", "\n", "\n", "3", ".", "5", " ",
        "rock'n'roll", "'", " ", "well", "-", "known"]
    assert words_of("cafe\u0301 हिन्दी a\x1e b") == ["cafe\u0301", " ", "हिन्दी", " ", "a", "\x1e", " ", "b"]


def test_what_is_a_token() -> None:
    assert tokens_of("X:1 M:4/4\n\n  |: A2\u00a0b \x1eC\n") == [
        "X:1", "M:4/4", "\n", "\n", "|:", "A2", "b", "\x1e", "C", "\n"]


@given(torn_text | real_text, st.sampled_from(["byte", "word"]))
def test_bytes_and_words_come_back_as_they_were(text: str, unit: str) -> None:
    settings = TextSettings(unit=unit)
    found = text.encode().decode("latin-1") if unit == "byte" else words_of(text)
    known = vocabulary_of(settings, found)
    ids = known.encode(text)
    assert ids.dtype == np.int32
    assert [known.units[number] for number in ids] == list(found)
    assert known.decode(ids) == known.decode(ids.tolist()) == text
    assert known == vocabulary_of(settings, reversed(found))


@given(torn_text, st.lists(st.integers(0, 30)), UNITS)
def test_a_text_written_in_pieces_is_the_text_written_whole(text: str, cuts: list[int], unit: str) -> None:
    known = Corpus.of(text, settings=TextSettings(unit=unit)).vocabulary
    ids = known.encode(text)
    write = known.writer()
    assert "".join(write(piece) for piece in np.split(ids, sorted(cut for cut in cuts if cut < len(ids)))) == (
        known.decode(ids))


def test_tokens_have_one_space_between_them() -> None:
    known = Tokens(["a", "b", "\n"])
    assert known.decode(known.encode(" a  b\t\n\n b a ")) == "a b\n\nb a"
    assert known.writer("a")(known.encode("b\na")) == " b\na"
    assert known.writer("a ")(known.encode("b")) == known.writer("a\n")(known.encode("b")) == "b"
    assert known.writer("b")(known.encode("\na")) == "\na"


def test_a_character_is_written_when_its_last_byte_is_there() -> None:
    known = Bytes("é€".encode().decode("latin-1"))
    write, ids = known.writer(), known.encode("é€é")
    assert [write(ids[n:n + 1]) for n in range(len(ids))] == ["", "é", "", "", "€", "", "é"]
    assert known.decode(ids[1:]) == "\ufffd€é"
    assert known.writer()(ids[:4]) == "é"  # no half of a character at the end


def test_unknown_units_are_named() -> None:
    with pytest.raises(VocabularyError) as caught:
        Tokens(["a", "b", "\n"]).encode("a zz b\nzz y1 y2 y3 y4 y5")
    assert str(caught.value) == ("the text has tokens that the model has never seen: 'zz', 'y1', 'y2', 'y3', 'y4' and "
                                 "1 more, the first at position 1; leave them out, or train on a text that has them")
    with pytest.raises(VocabularyError, match="has words that the model has never seen: 'dog', the first at pos"):
        Words(["the", " ", "cat"]).encode("the dog")
    with pytest.raises(VocabularyError, match="has bytes that the model has never seen: 0xC3, 0xA9, the first"):
        Bytes("caf").encode("café")
    assert len({Tokens("ab"), Words("ab"), Vocabulary("ab"), Bytes("ab"), Tokens("ba")}) == 4


@given(torn_text, UNITS, st.integers(1, 9), st.sampled_from([None, "line", "blank"]), st.integers(1, 3))
@example("don'\nt", "word", 4, None, 1)
@example("a'\n\nb'c", "word", 1, "blank", 1)
def test_a_corpus_in_any_chunks(text: str, unit: str, size: int, documents: str | None, least: int) -> None:
    settings = TextSettings(unit=unit, documents=documents, min_count=1 if unit == "byte" else least)
    if documents is not None:
        text = "a\n\nb\n" + text
    whole = Corpus.of(text, settings=settings)
    with (mock.patch.object(decode, "CHUNK", size), mock.patch.object(sources, "CHUNK", size),
          mock.patch.object(encoder, "BLOCK", size), mock.patch.object(documents_module, "CHUNK", size)):
        found = read_corpus(["-"], io.BytesIO(text.encode()), settings=settings)
    ids = found.ids.take(np.arange(len(found.ids)))
    assert (found.vocabulary, found.fingerprint, found.characters) == (
        whole.vocabulary, whole.fingerprint, whole.characters)
    assert np.array_equal(ids, whole.ids.take(np.arange(len(whole.ids))))
    if documents is None:
        assert np.array_equal(ids, found.vocabulary.encode(text))
        assert len(found) == len(ids)
        split = {"char": list, "byte": lambda text: list(text.encode().decode("latin-1")), "token": tokens_of,
                 "word": words_of}[unit]
        assert found.counts == Counter(split(text))
        assert found.characters == len(text)
    else:
        assert isinstance(found.content, Documents)
        assert found.marks is not None
        assert np.array_equal(found.marks, np.flatnonzero(ids == found.content.mark))
        assert len(found) == len(ids) - 1 == found.content.transitions


def test_rare_units_become_the_stand_in() -> None:
    text = "aaa bbb cc d\n" * 2 + "xyz"
    found = Corpus.of(text, settings=TextSettings(min_count=2))
    assert found.vocabulary.characters == "\n abcd" + STAND_IN
    assert found.vocabulary.decode(found.ids.take(np.arange(len(text)))) == text[:-3] + STAND_IN * 3
    assert found.counts["x"] == 1
    assert np.array_equal(found.vocabulary.encode("bxß"), found.vocabulary.encode("b" + STAND_IN * 2))
    assert found.vocabulary.rare("bxß") == ["'x' (U+0078)", "'ß' (U+00DF)"]
    words = Corpus.of("a b a c", settings=TextSettings(unit="word", min_count=2))
    assert words.vocabulary.units == (" ", "a", STAND_IN)
    assert words.vocabulary.decode(words.ids.take(np.arange(7))) == f"a {STAND_IN} a {STAND_IN}"


def test_without_rare_units_there_is_no_stand_in() -> None:
    found = Corpus.of("abab", settings=TextSettings(min_count=2)).vocabulary
    assert found.characters == "ab"
    assert found.rare("z") == []
    with pytest.raises(VocabularyError, match="'z'"):
        found.encode("az")
    # one that the text itself holds is a character like any other
    held = Corpus.of(f"ab{STAND_IN}", settings=TextSettings()).vocabulary
    with pytest.raises(VocabularyError, match="'z'"):
        held.encode("az")


def test_the_mark_is_never_rare() -> None:
    found = Corpus.of("ab%ab%ab", settings=TextSettings(documents="%", min_count=100))
    assert found.vocabulary.characters == "\x1e" + STAND_IN
    assert len(found.content) == 3


@pytest.mark.parametrize("unit", ["char", "byte", "token", "word"])
def test_a_file_that_is_left_out_leaves_no_units_behind(tmp_path: Path, unit: str) -> None:
    Path(tmp_path / "1.txt").write_text("one's two")
    Path(tmp_path / "2.txt").write_bytes(b"' three four" * 3 + b"\xff")
    Path(tmp_path / "3.txt").write_text("'s five")
    settings = TextSettings(unit=unit)
    with mock.patch.object(decode, "CHUNK", 5):
        found = read_corpus([str(tmp_path)], settings=settings)
    whole = Corpus.of("one's two\n's five", settings=settings)
    assert (found.vocabulary, found.counts, len(found)) == (whole.vocabulary, whole.counts, len(whole))
    assert np.array_equal(*(corpus.ids.take(np.arange(len(corpus))) for corpus in (found, whole)))


def test_contradictions() -> None:
    with pytest.raises(SettingsError, match="--min-count has no effect with --unit byte"):
        TextSettings(unit="byte", min_count=2)
