"""Layer text: the units of a text: characters, bytes, tokens between spaces, or words and what stands between them.

A vocabulary of each kind does what that of characters does: text comes in and ids go out, or the other way round. While
a text is read and its vocabulary is not yet known, a numbering numbers its units.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import numpy as np

from charrnn.settings import TextSettings
from charrnn.text.vocabulary import Vocabulary, code_points

# U+001E, a mark between documents, is white space to Python; here it is a unit of its own, as a line end is.
_TOKEN = re.compile(r"[\n\x1e]|\S+")
_CODE_POINTS = 0x110000


def vocabulary_of(settings: TextSettings, units: Iterable[str]) -> Vocabulary:
    """The vocabulary of `units`, whatever their order, for texts with these settings."""
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

    def units_of(self, text: str) -> str:
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
            raise self._refusal(text)
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


class CharacterNumbering:
    """Numbers the characters of a growing text in the order of their first appearance."""

    rest = ""  # text whose units depend on what comes
    waiting = 0  # units in it, as far as can be told

    def __init__(self) -> None:
        self._codes: list[int] = []  # code points, in the order of their numbers
        self._numbers = np.full(_CODE_POINTS, -1, np.int32)  # by code point

    def known(self, text: str) -> np.ndarray | None:
        """The numbers of the units in `text`, int32, if all of them were met; None if not, or if that is not known yet.

        Another thread may ask, while numbers() is at work on what comes before this text: a unit keeps its number.
        """
        # clipping is quicker than a check of bounds that can't be left
        numbers = self._numbers.take(code_points(text), mode="clip")
        return numbers if not len(numbers) or numbers.min() >= 0 else None

    def numbers(self, text: str, is_last: bool = False) -> np.ndarray:
        """The numbers of the units in `text`, int32; unless it is the last, some may come with the next piece."""
        numbers = CharacterNumbering.known(self, text)
        if numbers is None:
            codes = code_points(text)
            new = np.unique(codes[self._numbers.take(codes, mode="clip") < 0])
            self._numbers[new] = np.arange(len(self._codes), len(self._codes) + len(new))
            self._codes += new.tolist()
            numbers = self._numbers.take(codes, mode="clip")
        return numbers

    def number(self, unit: str) -> int:
        """The number of `unit`, -1 if it was not met."""
        return int(self._numbers[ord(unit)])

    def forget(self, count: int, rest: str) -> None:
        """Returns to the first `count` units, and to the rest there was."""
        self._numbers[self._codes[count:]] = -1
        del self._codes[count:]

    @property
    def units(self) -> list[str]:
        """All units met, in the order of their numbers."""
        return [chr(code) for code in self._codes]

    def __len__(self) -> int:
        return len(self._codes)


class ByteNumbering(CharacterNumbering):
    """Bytes, as characters up to U+00FF."""

    def known(self, text: str) -> np.ndarray | None:
        return super().known(bytes_as_characters(text))

    def numbers(self, text: str, is_last: bool = False) -> np.ndarray:
        return super().numbers(bytes_as_characters(text))


class StringNumbering:
    """The same for tokens or words; the last ones of a piece may go on in the next."""

    def __init__(self, unit: str) -> None:
        self._split = tokens_of if unit == "token" else words_of
        # so many units at the end of a piece may become others: a word, and an apostrophe behind it
        self._open = 1 if unit == "token" else 2
        self._known: dict[str, int] = {}
        self.rest = ""

    def known(self, text: str) -> None:
        """Nothing: where the units of a text begin depends on what comes before it."""

    def numbers(self, text: str, is_last: bool = False) -> np.ndarray:
        text = self.rest + text
        units = self._split(text)
        self.rest = ""
        if not is_last and units:
            if self._open == 2:
                self.rest = "".join(units[-2:])
                del units[-2:]
            elif not text[-1].isspace():
                self.rest = units.pop()
        for unit in units:
            if unit not in self._known:
                self._known[unit] = len(self._known)
        return np.fromiter(map(self._known.__getitem__, units), np.int32, len(units))

    def number(self, unit: str) -> int:
        return self._known.get(unit, -1)

    @property
    def waiting(self) -> int:
        return len(self._split(self.rest))

    def forget(self, count: int, rest: str) -> None:
        for unit in list(self._known)[count:]:
            del self._known[unit]
        self.rest = rest

    @property
    def units(self) -> list[str]:
        return list(self._known)

    def __len__(self) -> int:
        return len(self._known)


def numbering_of(unit: str) -> CharacterNumbering | StringNumbering:
    """What numbers texts in `unit`, one of TextSettings'."""
    if unit in ("token", "word"):
        return StringNumbering(unit)
    return ByteNumbering() if unit == "byte" else CharacterNumbering()
