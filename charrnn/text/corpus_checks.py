"""Layer text: corpus checks: warnings about what looks wrong in a text, before hours are spent on it.

Each warning is a sentence: what was found, and what to do about it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from charrnn.errors import shortened
from charrnn.settings import TextSettings
from charrnn.text.corpus import Corpus
from charrnn.text.documents import Documents
from charrnn.text.vocabulary import listed

# In a shorter text every character may be rare; what occurs so seldom is a stray one.
LONG, STRAY = 10_000, 3
# So many different characters, or other units, take a good part of the network.
MANY_CHARACTERS, MANY_UNITS = 2_000, 20_000
# Characters that are searched for wrongly decoded ones, and how many of those make a warning.
LOOKED_AT, PIECE, OFTEN = 4_000_000, 100_000, 3

# What the first byte of a character in UTF-8 becomes, and the others, where bytes are taken for characters.
_MISREAD = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
                      "\u2013-\u203a\u20ac\u2122]{1,3}")
# No-break space and quotation marks: in French they follow letters that look like such first bytes.
_AFTER_LETTERS = "\u00a0\u00ab\u00bb\u2018\u2019\u201c\u201d\u2039\u203a"


def corpus_warnings(corpus: Corpus, settings: TextSettings) -> Iterator[str]:
    """A warning for each thing that looks wrong."""
    yield from _single(corpus)
    if settings.unit != "char":
        yield from _many(corpus.counts, settings)
    if settings.unit == "byte":
        return
    counts = _characters(corpus.counts)
    controls = [c for c in counts if unicodedata.category(c) == "Cc" and c not in "\n\t\x1e"]
    if controls:
        yield f"the text has control characters: {_named(controls)}; they are learned like letters, if they stay in it"
    if settings.unit == "char":
        yield from _stray(counts, set(controls), settings)
        yield from _many(corpus.counts, settings)
    yield from _misread(corpus, counts)
    yield from _two_forms(counts)


def _single(corpus: Corpus) -> Iterator[str]:
    """Labels with one document: it cannot be both trained on and validated."""
    content = None if corpus.labels is None else corpus.content
    found = content.labels_of_one() if isinstance(content, Documents) else []
    if found:
        has, them = ("1 label has", "it") if len(found) == 1 else (f"{len(found):,} labels have", "them")
        yield (f"{has} only one document, which is trained on but not validated: {listed([*map(shortened, found)])}; "
               f"add documents of {them}, or leave {them} out")


def _characters(units: Mapping[str, int]) -> Counter[str]:
    """How often each character occurs in the units, which do so as often as `units` says."""
    counts: Counter[str] = Counter()
    for unit, count in units.items():
        for character in unit:
            counts[character] += count
    return counts


def _stray(counts: Counter[str], named_already: set[str], settings: TextSettings) -> Iterator[str]:
    """Characters that are hardly ever there; the usual ones of a keyboard may be rare."""
    found = [c for c in sorted(counts, key=lambda c: (counts[c], c))
             if settings.min_count <= counts[c] <= STRAY and not c.isascii() and c not in named_already]
    if found and counts.total() >= LONG and len(counts) < MANY_CHARACTERS:
        what = ("1 character occurs", "reads it as") if len(found) == 1 else (f"{len(found)} characters occur",
                                                                              "reads them all as")
        yield (f"{what[0]} {STRAY} times at most, too rarely to be learned: {_named(found)}; --min-count {STRAY + 1} "
               f"{what[1]} U+FFFD")


def _many(units: Mapping[str, int], settings: TextSettings) -> Iterator[str]:
    """A vocabulary that takes most of the network."""
    most = MANY_CHARACTERS if settings.unit == "char" else MANY_UNITS
    counts = np.array(list(units.values()))
    kept = int(np.count_nonzero(counts >= settings.min_count))
    if kept <= most:
        return
    least = next((k for k in (2, 3, 5, 10, 20, 50, 100) if np.count_nonzero(counts >= k) <= most), 100)
    left = int(np.count_nonzero(counts >= least)) + 1
    advice = ["--unit byte reads their UTF-8, of 256 different bytes at most"] if settings.unit == "char" else []
    if left > kept // 10:  # else most of the text would be lost
        advice.append(f"--min-count {least} would leave {left:,}")
    yield (f"{kept:,} different {settings.unit_name}s make a large table and a slow output layer; "
           f"{', and '.join(advice) or 'a longer text would have each of them more often'}")


def _misread(corpus: Corpus, counts: Counter[str]) -> Iterator[str]:
    """UTF-8 that was read as Windows' Western European and written as UTF-8 again."""
    if not any("\u00c2" <= c <= "\u00f4" for c in counts):
        return
    found: Counter[tuple[str, str]] = Counter()
    for text in _pieces(corpus):
        found.update((wrong, right) for wrong in _MISREAD.findall(text) if (right := _reread(wrong)))
    if found.total() >= OFTEN:
        (wrong, right), _ = found.most_common(1)[0]
        yield (f"the text looks as if it had been decoded wrongly: {found.total():,} times something like {wrong!r}, "
               f"which would be {right!r}; encode it back, for example with iconv -f UTF-8 -t CP1252")


def _pieces(corpus: Corpus) -> Iterator[str]:
    """The beginning of the text, a piece at a time: in memory as a whole it would be much larger than on disk."""
    stop = min(len(corpus.ids), LOOKED_AT)
    for start in range(0, stop, PIECE):
        yield corpus.vocabulary.decode(corpus.ids.take(np.arange(start, min(start + PIECE, stop))))


def _reread(wrong: str) -> str:
    """The one character that was misread as several; empty if there is none, or if a letter may well be followed so."""
    if not wrong[1:].strip(_AFTER_LETTERS):
        return ""
    for encoding in ("cp1252", "latin-1"):
        try:
            right = wrong.encode(encoding).decode()
        except UnicodeError:
            continue
        if len(right) == 1 and (right < "\u0250" or "\u0370" <= right < "\u0500" or "\u2010" <= right < "\u2123"):
            return right
    return ""


def _two_forms(counts: Counter[str]) -> Iterator[str]:
    """Accented letters that are one character here, and a letter and a mark there."""
    marks = {c for c in counts if unicodedata.combining(c)}
    for character in sorted(counts, key=counts.__getitem__, reverse=True) if marks else ():
        parts = unicodedata.normalize("NFD", character)
        if parts != character and marks.intersection(parts):
            mark = next(part for part in parts if part in marks)
            yield (f"accents come in two forms: {character!r} is one character, and elsewhere the accent is another of "
                   f"its own (U+{ord(mark):04X}, {counts[mark]:,} times); --normalize NFC makes them one")
            return


def _named(characters: list[str]) -> str:
    """The first few, so that they can be found."""
    return listed([f"U+{ord(c):04X}" + (f" {c}" if c.isprintable() else "") for c in characters])
