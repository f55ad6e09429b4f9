"""Layer text: characters and their ids: text to int32 ids and back.

The ids count the characters in the order of their code points, so a vocabulary is its characters and nothing else.
"""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from charrnn.errors import VocabularyError

CHUNK = 1 << 20
NAMED = 5
# What rare units are written as.
STAND_IN = "\ufffd"


class Vocabulary:
    """The characters a model knows; equal to any other of the same characters."""

    kind = "character"

    def __init__(self, characters: str, stand_in: bool = False) -> None:
        """Sorts `characters`; drops repeats, and half surrogates, which no file holds and no model learns.

        With `stand_in`, STAND_IN stands for every other character too, if it is among them.
        """
        self.characters = "".join(sorted(c for c in set(characters) if not "\ud800" <= c <= "\udfff"))
        self.units: Sequence[str] = self.characters
        self._set_stand_in(stand_in)
        self._codes = code_points(self.characters)
        # The last entry belongs to no character: every higher code point is clipped to it.
        self._ids = np.full(int(self._codes[-1]) + 2 if len(self) else 1, self.stand_in, np.int32)
        self._ids[self._codes] = np.arange(len(self), dtype=np.int32)

    @classmethod
    def of(cls, text: str) -> "Vocabulary":
        """The characters that occur in `text`."""
        return cls(text)

    def encode(self, text: str) -> np.ndarray:
        """The ids of `text`, int32, one a character; raises VocabularyError where a character is unknown."""
        spelled = cast(str, self.units_of(text))
        ids = np.empty(len(spelled), np.int32)
        for start in range(0, len(spelled), CHUNK):  # because the way there takes 12 bytes a character
            codes = code_points(spelled[start:start + CHUNK])
            self._ids.take(codes, mode="clip", out=ids[start:start + CHUNK])
        if len(ids) and ids.min() < 0:
            raise self._refusal(text)
        return ids

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """The text whose ids these are."""
        wanted = np.asarray(ids, dtype=np.intp)
        self._check(wanted)
        return self._codes[wanted].tobytes().decode("utf-32-le")

    def writer(self, after: str = "") -> Callable[[np.ndarray], str]:
        """A function that turns ids, piece by piece, into the text that continues `after`."""
        return self.decode

    def places_in(self, other: "Vocabulary") -> np.ndarray:
        """The id that each unit has in a vocabulary that has them all, (V,) int32; else raises VocabularyError."""
        places = {unit: number for number, unit in enumerate(other.units)}
        if missing := [self.named(unit) for unit in self.units if unit not in places]:
            raise VocabularyError(f"the text has {self.kind}s that the network's vocabulary lacks: {listed(missing)}; "
                                  "it was trained on another text")
        return np.array([places[unit] for unit in self.units], np.int32)

    def unknown(self, text: str) -> list[tuple[str, int]]:
        """Each character of `text` that has no id, with its first position (from 0), in that order."""
        spelled = self.units_of(text)
        strangers = set(spelled).difference(self.characters)
        return sorted(((c, spelled.index(c)) for c in strangers), key=lambda found: found[1])

    def rare(self, text: str) -> list[str]:
        """The units of `text`, by the names that messages give them, that are read as the stand-in."""
        return [self.named(unit) for unit, _ in self.unknown(text)] if self.stand_in >= 0 else []

    def units_of(self, text: str) -> Sequence[str]:
        """The units that `text` consists of, known or not; of characters and bytes a string."""
        return text

    def named(self, unit: str) -> str:
        """A unit as it is written in a message."""
        return f"{unit!r} (U+{ord(unit):04X})"

    def _set_stand_in(self, is_wanted: bool) -> None:
        """The id of what stands for unknown units; -1 if nothing does."""
        self.stand_in = self.units.index(STAND_IN) if is_wanted and STAND_IN in self.units else -1

    def _check(self, ids: np.ndarray) -> None:
        if ids.size and not 0 <= ids.min() <= ids.max() < len(self):
            raise IndexError(f"ids run from 0 to {len(self) - 1}; got {ids.min()} to {ids.max()}")

    def unknown_words(self, text: str) -> str:
        """A message that names the units of `text` that have no id."""
        found = self.unknown(text)
        names = listed([self.named(unit) for unit, _ in found])
        return (f"the text has {self.kind}s that the model has never seen: {names}, the first at position "
                f"{found[0][1]:,}")

    def _refusal(self, text: str) -> VocabularyError:
        return VocabularyError(f"{self.unknown_words(text)}; leave them out, or train on a text that has them")

    def __len__(self) -> int:
        return len(self.units)

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Vocabulary) and (self.kind, self.units, self.stand_in)
                == (other.kind, other.units, other.stand_in))

    def __hash__(self) -> int:
        return hash(self.units)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.units!r})"


def listed(names: Sequence[str]) -> str:
    """`a, b, c, d, e and 7 more`."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")


def code_points(text: str) -> np.ndarray:
    """The code points of `text`, half surrogates among them, as little-endian 32-bit numbers."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
