"""Layer text: texts in other units than characters: bytes, tokens between spaces, words and what stands between them.

A vocabulary of each kind does what that of characters does: text comes in and ids go out, or the other way round.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import numpy as np

from charrnn.settings import TextSettings
from charrnn.text.vocabulary import Vocabulary

# U+001E, a mark between documents, is white space to Python; here it is a unit of its own, as a line end is.
_TOKEN = re.compile(r"[\n\x1e]|\S+")


def vocabulary_of(settings: TextSettings, units: Iterable[str]) -> Vocabulary:
    """The vocabulary of `units`, whatever their order, for texts made ready as `settings` say."""
    stand_in = settings.min_count > 1
    if settings.unit == "token":
        return Tokens(units, stand_in)
    if settings.unit == "word":
        return Words(units, stand_in)
    return (Bytes if settings.unit == "byte" else Vocabulary)("".join(units), stand_in)


def bytes_as_characters(text: str) -> str:
    """The UTF-8 of `text`, each byte as the character of the same number, U+0000 to U+00FF."""
    return text.encode(errors="surrogatepass").decode("latin-1")


def piece_pattern(vocabulary: "Tokens") -> re.Pattern[str]:
    """What one unit of a vocabulary of tokens or words is."""
    return _word() if isinstance(vocabulary, Words) else _TOKEN


def tokens_of(text: str) -> list[str]:
    """What stands between white space, and each line end."""
    return _TOKEN.findall(text)


def words_of(text: str) -> list[str]:
    """Words, runs of spaces, and any other character by itself; joined they are the text."""
    return _word().findall(text)


@cache
def _word() -> re.Pattern[str]:
    """A word may have apostrophes inside; accents and vowel signs that are characters of their own belong to it."""
    # those beyond U+FFFF, of scripts long out of use, would make the search three times as long
    marks = "".join(c for c in map(chr, range(0x10000)) if unicodedata.category(c)[0] == "M")
    return re.compile(rf"\w+(?:['\u2019]\w+|[{marks}]+\w*)*|[^\S\n\x1e]+|\W")


class Bytes(Vocabulary):
    """The bytes of UTF-8, each as the character of the same number."""

    kind = "byte"

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """The text whose ids these are; bytes that are no UTF-8 become U+FFFD."""
        return super().decode(ids).encode("latin-1").decode(errors="replace")

    def writer(self, after: str = "") -> Callable[[np.ndarray], str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        return lambda ids: decoder.decode(super(Bytes, self).decode(ids).encode("latin-1"))

    def named(self, unit: str) -> str:
        return f"0x{ord(unit):02X}"

    def _spelled(self, text: str) -> str:
        return bytes_as_characters(text)


class Tokens(Vocabulary):
    """Tokens between white space, and line ends; written out there is one space between tokens of a line."""

    kind = "token"
    split = staticmethod(tokens_of)

    def __init__(self, units: Iterable[str], stand_in: bool = False) -> None:
        self.units = tuple(sorted(set(units)))
        self._ids_by_unit = {unit: number for number, unit in enumerate(self.units)}
        self._set_stand_in(stand_in)

    def encode(self, text: str) -> np.ndarray:
        units = self.split(text)
        ids = np.fromiter((self._ids_by_unit.get(unit, self.stand_in) for unit in units), np.int32, len(units))
        if len(ids) and ids.min() < 0:
            raise self._refusal(self.unknown(text))
        return ids

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        return self.writer()(np.asarray(ids))

    def units_of(self, text: str) -> Sequence[str]:
        return self.split(text)

    def unknown(self, text: str) -> list[tuple[str, int]]:
        """Each unit of `text` that has no id, with the number of units before it, in that order."""
        found: dict[str, int] = {}
        for place, unit in enumerate(self.split(text)):
            if unit not in self._ids_by_unit:
                found.setdefault(unit, place)
        return list(found.items())

    def writer(self, after: str = "") -> Callable[[np.ndarray], str]:
        last = after[-1:]

        def write(ids: np.ndarray) -> str:
            nonlocal last
            text = ""
            for unit in self._written(ids):
                text += unit if not last or last.isspace() or unit == "\n" else " " + unit
                last = unit[-1]
            return text

        return write

    def named(self, unit: str) -> str:
        return repr(unit)

    def _written(self, ids: np.ndarray) -> list[str]:
        self._check(ids)
        return [self.units[number] for number in ids]


class Words(Tokens):
    """Words and what stands between them; nothing of the text is lost."""

    kind = "word"
    split = staticmethod(words_of)

    def writer(self, after: str = "") -> Callable[[np.ndarray], str]:
        return lambda ids: "".join(self._written(ids))
