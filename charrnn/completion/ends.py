"""Layer completion: where a continuation ends, and what it may contain: a walk over units from the end of a prefix.

"word"    Ends before the first unit that is no part of a word, once a letter has come. A word is made of letters,
          digits, underscores, combining accents, and apostrophes right after a letter; bytes beyond ASCII count as
          letters. What stands before the word belongs to the continuation: " not" after "To be or", "not" after
          "To be or ". Where units are words or tokens, it ends after the first that has a letter.
"line"    Ends before the first line end, which may be at once.
"length"  Ends after that many units.

Each also ends with its document and at its length; where units are bytes, a character that was begun is finished. The
stand-in and bytes that are no UTF-8 never occur, and end no word. So each continuation is one walk and no walk goes on
beyond another's end: their probabilities add up to 1, less what never occurs.
"""

import codecs
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from charrnn.text.vocabulary import Vocabulary

_APOSTROPHES = "'\u2019"


class Place(NamedTuple):
    """What decides how a walk may go on; `begun` holds the bytes of an incomplete character."""

    has_letter: bool = False  # in the continuation
    is_after_letter: bool = False
    begun: bytes = b""


class Ways(NamedTuple):
    """Which units do what after a place, (V,) of bool each; the others never follow."""

    over: np.ndarray  # the continuation ends before it
    last: np.ndarray  # it ends with it
    on: np.ndarray  # it goes on with it


class Ending:
    """Where continuations in one vocabulary end."""

    def __init__(self, vocabulary: Vocabulary, mark: str | None, until: str, length: int) -> None:
        self._until, self._length = until, length
        self._units, self._is_bytes = vocabulary.units, vocabulary.kind == "byte"
        self._is_spelled = vocabulary.kind in ("character", "byte")
        self._letters = np.array([self._has_letter(unit) for unit in self._units], bool)
        self._apostrophes = np.array([unit in _APOSTROPHES for unit in self._units], bool)
        self._ends = np.array([unit == mark or (unit == "\n" and until == "line") for unit in self._units], bool)
        self._never = np.arange(len(self._units)) == vocabulary.stand_in
        self._ways: dict[tuple[Place, bool], Ways] = {}

    def first(self, prefix: str) -> Place:
        """Where a continuation of `prefix` begins."""
        return Place(is_after_letter=self._has_letter(prefix[-1:]))

    def after(self, place: Place, unit: int) -> Place:
        """The place after `unit`, with which the continuation goes on."""
        is_letter = bool(self._letters[unit])
        begun = b""
        if self._is_bytes:
            follows = place.begun + self._units[unit].encode("latin-1")
            begun = follows if _is_begun(follows) else b""
        return Place(place.has_letter or is_letter, is_letter, begun)

    def ways(self, place: Place, length: int) -> Ways:
        """What each unit does after `place`, where `length` units are written."""
        key = place, length + 1 >= self._length
        if key not in self._ways:
            self._ways[key] = self._ways_of(*key)
        return self._ways[key]

    def reason(self, place: Place) -> str:
        """Why a continuation ended before a unit at `place`: "word", "line" or "document"."""
        is_document = self._until == "length" or (self._until == "word" and not place.has_letter)
        return "document" if is_document else self._until

    def last_reason(self, length: int) -> str:
        """Why a continuation ended with its last unit, which `length` others precede: "word" or "length"."""
        return "length" if self._is_spelled or self._until != "word" or length + 1 >= self._length else "word"

    def _ways_of(self, place: Place, is_last: bool) -> Ways:
        over, never = self._ends.copy(), self._never
        if self._until == "word" and self._is_spelled and place.has_letter:
            over |= ~(self._letters | self._apostrophes & place.is_after_letter)
        last = np.full(len(self._units), is_last)
        if self._is_bytes:
            follows = np.array([place.begun + unit.encode("latin-1") for unit in self._units], object)
            never = ~np.array([_is_utf8(text) for text in follows], bool)
            last &= ~np.array([_is_begun(text) for text in follows], bool)
        elif self._until == "word" and not self._is_spelled:
            last |= self._letters
        over &= ~never
        last &= ~never & ~over
        return Ways(over, last, ~(over | last | never))

    def _has_letter(self, unit: str) -> bool:
        if self._is_bytes and any(character > "\x7f" for character in unit):
            return True
        return any(c == "_" or c.isalnum() or unicodedata.category(c)[0] == "M" for c in unit)


@lru_cache(maxsize=1 << 12)
def _is_utf8(text: bytes) -> bool:
    """Whether `text` is UTF-8, or begins so."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=1 << 12)
def _is_begun(text: bytes) -> bool:
    """Whether `text` is the beginning of a character, in UTF-8."""
    return _is_utf8(text) and not codecs.getincrementaldecoder("utf-8")().decode(text)
