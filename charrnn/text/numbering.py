"""Layer text: the units of a growing text, numbered in the order of their first appearance.

Text comes in, piece by piece, and numbers go out; what was learned last can be forgotten.
"""

import numpy as np

from charrnn.text.tokenizers import bytes_as_characters, tokens_of, words_of
from charrnn.text.vocabulary import code_points

_CODE_POINTS = 0x110000


class Numbering:
    """What all kinds of units share."""

    rest = ""  # text whose units depend on what comes

    def numbers(self, text: str, is_last: bool = False) -> np.ndarray:
        """The numbers of the units in `text`, int32; unless it is the last, some may come with the next piece."""
        raise NotImplementedError

    def number(self, unit: str) -> int:
        """The number of `unit`, -1 if it was not met."""
        raise NotImplementedError

    def forget(self, count: int, rest: str) -> None:
        """Goes back to the first `count` units, and to the rest there was."""
        raise NotImplementedError

    @property
    def units(self) -> list[str]:
        """All units met, in the order of their numbers."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError


class Characters(Numbering):
    """Characters, each of which is a unit as soon as it is there."""

    def __init__(self) -> None:
        self._codes: list[int] = []  # code points, in the order of their numbers
        self._numbers = np.full(_CODE_POINTS, -1, np.int32)  # by code point

    def numbers(self, text: str, is_last: bool = False) -> np.ndarray:
        codes = code_points(text)
        numbers = self._numbers.take(codes, mode="clip")  # quicker than a check of bounds that can't be left
        if len(numbers) and numbers.min() < 0:
            new = np.unique(codes[numbers < 0])
            self._numbers[new] = np.arange(len(self._codes), len(self._codes) + len(new))
            self._codes += new.tolist()
            numbers = self._numbers.take(codes, mode="clip")
        return numbers

    def number(self, unit: str) -> int:
        return int(self._numbers[ord(unit)])

    def forget(self, count: int, rest: str) -> None:
        self._numbers[self._codes[count:]] = -1
        del self._codes[count:]

    @property
    def units(self) -> list[str]:
        return [chr(code) for code in self._codes]

    def __len__(self) -> int:
        return len(self._codes)


class ByteNumbers(Characters):
    """Bytes, as characters up to U+00FF."""

    def numbers(self, text: str, is_last: bool = False) -> np.ndarray:
        return super().numbers(bytes_as_characters(text))


class Strings(Numbering):
    """Tokens or words, of which the last ones of a piece may go on in the next."""

    def __init__(self, unit: str) -> None:
        self._split = tokens_of if unit == "token" else words_of
        # so many units at the end of a piece may become others: a word, and an apostrophe behind it
        self._open = 1 if unit == "token" else 2
        self._known: dict[str, int] = {}

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

    def forget(self, count: int, rest: str) -> None:
        for unit in list(self._known)[count:]:
            del self._known[unit]
        self.rest = rest

    @property
    def units(self) -> list[str]:
        return list(self._known)

    def __len__(self) -> int:
        return len(self._known)


def numbering_of(unit: str) -> Numbering:
    """What numbers texts in `unit`, one of TextSettings'."""
    if unit in ("token", "word"):
        return Strings(unit)
    return ByteNumbers() if unit == "byte" else Characters()
