"""Text normalized chunk by chunk is the whole text normalized at once."""

import io
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.errors import CorpusError
from charrnn.settings import TextSettings
from charrnn.text import normalize as module
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.normalize import normalized, normalized_chunks
from tests.text.test_chunks import chunks_of
from tests.text.test_corpus import text_of

# Marks of several classes, one that is made of two and one that blocks nothing; jamo, and syllables that take one more;
# vowels that join as starters; sigma with what it looks past; letters that change their length.
SPECIAL = [
    "\u0301", "\u0323", "\u0344", "\u034f", "\u05b0", "\u0f71", "\u0f72", "\u0f73", "\u3099", "ᄀ", "ᅡ", "ᆨ", "가", "각",
    "ﾡ", "ﾤ", "ￂ", "ﾞ", "か", "ｶ", "\u09c7", "\u09be", "\u09d7", "\u1025", "\u102e", "\U00011131", "\U00011127",
    "Σ", "ς", "\u03c3", "Λ",
    "ʰ", "'", ".", "\u00ad", "İ", "J", "\u030c", "ẞ", "ﬃ", "\u210c", "Å", "\u212b", "ǅ", "e", "E", " ", "\n", "1", "字"]
special = st.lists(st.sampled_from(SPECIAL), max_size=12).map("".join)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
forms = st.sampled_from(["none", "NFC", "NFKC"])


def plainly(text: str, form: str, lowercase: bool) -> str:
    """The text normalized in one go."""
    normalize = (lambda text: text) if form == "none" else lambda text: unicodedata.normalize(form, text)
    return normalize(normalize(text).lower()) if lowercase else normalize(text)


@given(st.lists(special | any_text, max_size=6), forms, st.booleans())
@example(["ΛΣ", "Λ"], "none", True)
@example(["ΛΣ", "'", "'", "Λ"], "none", True)
@example(["Λ", "'", "Σ"], "none", True)
@example(["e", "\u0323" * 5, "\u0301" * 5, "\u0323"], "NFC", False)
@example(["각", "\u11a8"], "NFC", False)
@example(["ᄀ", "ᅡ", "ᆨ"], "NFC", False)
@example(["ﾡ", "ￂ"], "NFKC", False)
@example(["J", "\u030c"], "NFC", True)
def test_any_chunks(parts: list[str], form: str, lowercase: bool) -> None:
    settings, whole = TextSettings(normalize=form, lowercase=lowercase), plainly("".join(parts), form, lowercase)
    chunks = list(normalized_chunks([part for part in parts if part], settings))
    assert "".join(chunks) == whole == normalized("".join(parts), settings)
    assert all(chunks)


@given(special | any_text, forms, st.booleans())
def test_what_is_normalized_stays_so(text: str, form: str, lowercase: bool) -> None:
    settings = TextSettings(normalize=form, lowercase=lowercase)
    once = normalized(text, settings)
    assert normalized(once, settings) == once


@pytest.mark.slow
@pytest.mark.parametrize("form", ["NFC", "NFKC"])
def test_every_character_before_and_behind_every_kind(form: str) -> None:
    """Where a cut is allowed before a character, nothing that stands before it makes a difference."""
    wrong = []
    for code in range(0x20000):
        character = chr(code)
        if 0xD800 <= code < 0xE000 or not module._begins_anew(character):
            continue
        alone = unicodedata.normalize(form, character)
        wrong += [character + before for before in ("e", "가", "ᄀ", "か", "\u09c7", "\u1025", "\u0301")
                  if unicodedata.normalize(form, before + character) != unicodedata.normalize(form, before) + alone]
    assert wrong == []
    composed = [chr(code) for code in range(0x20000) if (pair := unicodedata.decomposition(chr(code)).split())
                and len(pair) == 2 and not pair[0].startswith("<")
                and module._begins_anew(chr(int(pair[1], 16)))]
    assert composed == []


def test_a_long_line_is_not_held_back() -> None:
    settings = TextSettings(normalize="NFKC", lowercase=True)
    for piece in ("ACGT", "漢字", "가각", "éü", "٣"):
        chunks = normalized_chunks([piece * 50] * 20, settings)
        longest = max(map(len, chunks))
        assert longest <= 50 * len(piece) + 8


def test_long_runs_that_can_not_be_cut() -> None:
    marks = ["\u0301\u0323\u05b0"[number % 3] for number in range(3000)]
    settings = TextSettings(normalize="NFC", lowercase=True)
    assert "".join(normalized_chunks(["Σ" * 500, *marks, "Σ" * 500], settings)) == plainly(
        "Σ" * 500 + "".join(marks) + "Σ" * 500, "NFC", True)


@given(special, st.integers(1, 5), forms, st.booleans())
def test_a_corpus(text: str, size: int, form: str, lowercase: bool) -> None:
    settings = TextSettings(normalize=form, lowercase=lowercase)
    whole = plainly("x" + text, form, lowercase)
    with chunks_of(size):
        read = read_corpus(["-"], io.BytesIO(("x" + text).encode()), settings=settings)
        assert text_of(read) == whole
        assert read.fingerprint == Corpus.of("x" + text, settings=settings).fingerprint == Corpus.of(whole).fingerprint


def test_between_files_nothing_becomes_one() -> None:
    """What a file begins with is not put upon the last letter of the file before."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "1").write_text("e\n", encoding="utf-8")
        Path(folder, "2").write_text("\u0301a", encoding="utf-8")
        assert text_of(read_corpus([folder], settings=TextSettings(normalize="NFC"))) == "e\n\u0301a"


def test_a_separator_is_normalized_too() -> None:
    text = "One\n<END>\nTwo\n<END>\nThree"
    read = read_corpus(["-"], io.BytesIO(text.encode()), settings=TextSettings(documents=r"\n<END>\n", lowercase=True))
    assert text_of(read).strip("\x1e") == "one\x1etwo\x1ethree"
    assert read.marks is not None
    assert np.array_equal(read.marks, [0, 4, 8, 14])


@pytest.mark.slow
def test_the_table_of_pairs_is_whole() -> None:
    beyond = [chr(code) for code in range(0x20000, sys.maxunicode + 1)
              if len(pair := unicodedata.decomposition(chr(code)).split()) == 2 and not pair[0].startswith("<")]
    assert beyond == []


def test_a_separator_keeps_its_meaning() -> None:
    with pytest.raises(CorpusError, match="'LINE' never stands between documents"):
        read_corpus(["-"], io.BytesIO(b"one\ntwo"), settings=TextSettings(documents="LINE", lowercase=True))
