"""Floor 1: characters and their ids.

Text comes in and int32 ids go out, or the other way round. The ids count the characters in the order of their
code points, so a vocabulary is its characters and nothing else.
"""

from collections.abc import Sequence

import numpy as np

from charrnn.errors import VocabularyError

CHUNK = 1 << 20
NAMED = 5


class Vocabulary:
    """The characters a model knows; equal to any other of the same characters."""

    def __init__(self, characters: str) -> None:
        """Sorts `characters`; drops repeats, and half surrogates, which no file holds and no model learns."""
        self.characters = "".join(sorted(c for c in set(characters) if not "\ud800" <= c <= "\udfff"))
        self._codes = code_points(self.characters)
        # One entry past the last character stays -1: every higher code point is clipped to it.
        self._ids = np.full(int(self._codes[-1]) + 2 if len(self) else 1, -1, np.int32)
        self._ids[self._codes] = np.arange(len(self), dtype=np.int32)

    @classmethod
    def of(cls, text: str) -> "Vocabulary":
        """The characters that occur in `text`."""
        return cls(text)

    def encode(self, text: str) -> np.ndarray:
        """The ids of `text`, int32, one a character; raises VocabularyError where a character is unknown."""
        ids = np.empty(len(text), np.int32)
        for start in range(0, len(text), CHUNK):  # because the way there takes 12 bytes a character
            codes = code_points(text[start:start + CHUNK])
            self._ids.take(codes, mode="clip", out=ids[start:start + CHUNK])
        if len(ids) and ids.min() < 0:
            raise VocabularyError(self._refusal(text))
        return ids

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """The text whose ids these are."""
        wanted = np.asarray(ids, dtype=np.intp)
        if wanted.size and not 0 <= wanted.min() <= wanted.max() < len(self):
            raise IndexError(f"ids run from 0 to {len(self) - 1}; got {wanted.min()} to {wanted.max()}")
        return self._codes[wanted].tobytes().decode("utf-32-le")

    def unknown(self, text: str) -> list[tuple[str, int]]:
        """Each character of `text` that has no id, with its first position (from 0), in that order."""
        strangers = set(text).difference(self.characters)
        return sorted(((c, text.index(c)) for c in strangers), key=lambda found: found[1])

    def _refusal(self, text: str) -> str:
        found = self.unknown(text)
        names = ", ".join(f"{c!r} (U+{ord(c):04X})" for c, _ in found[:NAMED])
        more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
        return (f"text has characters that the model has never seen: {names}{more}, the first at position "
                f"{found[0][1]:,}; leave them out, or train on a text that has them")

    def __len__(self) -> int:
        return len(self.characters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        return f"Vocabulary({self.characters!r})"


def code_points(text: str) -> np.ndarray:
    """The code points of `text`, half surrogates among them, as little-endian 32-bit numbers."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
