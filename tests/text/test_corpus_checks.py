"""What looks wrong in a text is told, and nothing is said of a text that is as texts are."""

import unicodedata
from pathlib import Path

import pytest

from charrnn.settings import TextSettings
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.corpus_checks import corpus_warnings

CORPORA = Path(__file__).parents[2] / "corpora"
PLAIN = "The quick brown fox jumps over the lazy dog; 12 boxes!\n" * 300
FRENCH = ("« Où est passé l'été\u00a0» demanda Zoé à l'abbé\u00a0: «\u00a0À\u00a0» ou «\u00a0là-bas\u00a0»\u00a0? "
          "É» È» Å»\n") * 200
IDEOGRAPHS = "".join(map(chr, range(0x4E00, 0x4E00 + 2_500))) * 2


def said(text: str, **settings: object) -> list[str]:
    chosen = TextSettings(**settings)
    return list(corpus_warnings(Corpus.of(text, settings=chosen), chosen))


@pytest.mark.parametrize("path", sorted(CORPORA.glob("*.[ta]*")), ids=lambda path: path.name)
@pytest.mark.parametrize("unit", ["char", "byte", "token", "word"])
def test_nothing_of_our_own_texts(path: Path, unit: str) -> None:
    settings = TextSettings(unit=unit)
    assert list(corpus_warnings(read_corpus([str(path)], settings=settings), settings)) == []


def test_nothing_of_good_texts() -> None:
    for text in (PLAIN, FRENCH, "Zwölf Boxkämpfer jagen Viktor über den großen Deich.\n" * 250, "a\u0301b" * 9,
                 "ESPAÑA «NIÑA» ÑANDÚ — ¿Qué?" * 500, "Это простой текст, не более.\n" * 400):
        assert said(text) == []
    assert said("\n\n".join([PLAIN, FRENCH]), documents="blank") == []  # of the mark neither


def test_stray_characters() -> None:
    assert said(PLAIN + "é") == ["1 character occurs 3 times at most, too rarely to be learned: U+00E9 é; "
                                 "--min-count 4 reads it as U+FFFD"]
    assert said(PLAIN + "éΩΩ…ßßßøøøøčěřž\u200b") == [
        "9 characters occur 3 times at most, too rarely to be learned: U+00E9 é, U+010D č, U+011B ě, U+0159 ř, "
        "U+017E ž and 4 more; --min-count 4 reads them all as U+FFFD"]
    assert said(PLAIN + "é", min_count=2) == []
    assert len(said(PLAIN + "ééΩ", min_count=2)) == 1
    assert said("é" + PLAIN[:5_000]) == []  # of a short text nothing is common
    assert said(PLAIN + "@") == []


def test_control_characters() -> None:
    assert said(PLAIN + "\f\x07" * 9) == [
        "the text has control characters: U+0007, U+000C; they are learned like letters, if they stay in it"]
    assert len(said(PLAIN + "\x85")) == 1  # and not twice, as stray ones too
    assert said(PLAIN + "\t" * 9) == []


@pytest.mark.parametrize(("text", "wrong", "right"), [
    ("café über naïve", "Ã©", "é"), ("It\u2019s \u201cfine\u201d \u2014 really", "\u00e2\u20ac\u2122", "\u2019"),
    ("привет, друг", "\u00d1\u20ac", "\u0440"), ("5 £", "Â£", "£")], ids=["café", "quotes", "Cyrillic", "pound"])
@pytest.mark.parametrize("unit", ["char", "word"])
def test_wrongly_decoded_texts(text: str, wrong: str, right: str, unit: str) -> None:
    misread = text.encode().decode("cp1252", "replace")
    [line] = [line for line in said((misread + "\n") * 400, unit=unit) if "decoded wrongly" in line]
    assert f"something like {wrong!r}, which would be {right!r}; encode it back" in line
    assert said((text + "\n") * 400, unit=unit) == []


def test_many_characters() -> None:
    many = ("2,500 different characters make a large table and a slow output layer; --unit byte reads their UTF-8, of "
            "256 different bytes at most")
    assert said(IDEOGRAPHS) == [many]
    assert said(IDEOGRAPHS + IDEOGRAPHS[:900]) == [f"{many}, and --min-count 3 would leave 901"]
    assert said(IDEOGRAPHS + IDEOGRAPHS[:900], min_count=3) == []
    assert said(IDEOGRAPHS, unit="byte") == []


def test_many_words() -> None:
    words, twice = " ".join(f"w{n}" for n in range(20_500)), " ".join(f"w{n}" for n in range(5_000))
    many = "20,500 different tokens make a large table and a slow output layer"
    assert said(f"{words} {twice}", unit="token") == [f"{many}; --min-count 2 would leave 5,001"]
    assert said(words, unit="token") == [f"{many}; a longer text would have each of them more often"]


def test_accents_in_two_forms() -> None:
    mixed = ("café crème\n" + unicodedata.normalize("NFD", "café à\n")) * 300
    assert said(mixed) == ["accents come in two forms: 'è' is one character, and elsewhere the accent is another of "
                           "its own (U+0300, 300 times); --normalize NFC makes them one"]
    for form in ("NFC", "NFD"):
        assert said(unicodedata.normalize(form, mixed)) == []
