"""Layer sampling: ids to text, piece by piece as they are drawn, up to where a text ends.

A text ends where its document ends, or before a stop string. What may still turn out to be the beginning of a stop
string is held back until that is known.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from charrnn.sampling.sampler import DrawnIds
from charrnn.text.vocabulary import Vocabulary

# What ended a text.
DOCUMENT, STOP, LENGTH = "document", "stop", "length"


class Piece(NamedTuple):
    """What is added to one text; where surprisal was asked for also its units, which make up the text, and their nats.

    units   one string for each number in nats (S,); a string where every unit is one character
    """

    text: str
    units: Sequence[str] = ""
    nats: np.ndarray | None = None


class Ends(NamedTuple):
    """What ends a text: the id `mark` (-1: none), and any of `stops` that begins after min_length units."""

    mark: int = -1
    stops: tuple[str, ...] = ()
    min_length: int = 0


_NO_ENDS = Ends()


class TextWriter:
    """Makes one stream's ids into text; `ending` is None until the text is over."""

    def __init__(self, vocabulary: Vocabulary, ends: Ends = _NO_ENDS, after: str = "") -> None:
        """after   the text that this one goes on from"""
        self.ending: str | None = None
        self._ends, self._decode = ends, vocabulary.writer(after)
        self._held: str | list[str] = "" if vocabulary.kind == "character" else []
        self._held_nats = np.zeros(0, np.float32)
        self._released = 0  # units

    def write(self, ids: np.ndarray, nats: np.ndarray | None = None) -> Piece:
        """What further ids (S,), with their nats (S,) if wanted, add to the text."""
        if self.ending is not None:
            ids = ids[:0]
        marks = np.flatnonzero(ids == self._ends.mark)
        if len(marks):
            ids, self.ending = ids[: marks[0]], DOCUMENT
        if nats is None and not self._ends.stops:
            return Piece(self._decode(ids))
        if isinstance(self._held, str):
            self._held += self._decode(ids)
        else:
            self._held += [self._decode(ids[at : at + 1]) for at in range(len(ids))]
        if nats is not None:
            self._held_nats = np.concatenate([self._held_nats, nats[: len(ids)]])
        return self._release(self._certain(), nats is not None)

    def close(self, with_nats: bool = False) -> Piece:
        """What was held back, when no more ids come."""
        self.ending = self.ending or LENGTH
        return self._release(len("".join(self._held)), with_nats)

    def _certain(self) -> int:
        """How many of the held characters can't be part of a stop string; sets `ending` where one is found."""
        text = "".join(self._held)
        first = len("".join(self._held[: max(0, self._ends.min_length - self._released)]))
        found = [place for stop in self._ends.stops if (place := text.find(stop, first)) >= 0]
        if found:
            self.ending = STOP
            return min(found)
        if self.ending is not None:
            return len(text)
        begun = (size for stop in self._ends.stops for size in range(min(len(stop) - 1, len(text) - first), 0, -1)
                 if text.endswith(stop[:size]))
        return len(text) - max(begun, default=0)

    def _release(self, certain: int, with_nats: bool) -> Piece:
        """Releases `certain` held characters, the last unit shortened where the text ends inside it."""
        units: str | list[str]
        if isinstance(self._held, str):
            units, self._held = self._held[:certain], self._held[certain:]
        else:
            units = []
            while self._held and certain >= len(self._held[0]):
                units.append(self._held.pop(0))
                certain -= len(units[-1])
            if certain and self.ending is not None:
                units.append(self._held.pop(0)[:certain])
        nats, self._held_nats = self._held_nats[: len(units)], self._held_nats[len(units):]
        self._released += len(units)
        if self.ending is not None:
            self._held, self._held_nats = self._held[:0], self._held_nats[:0]
        return Piece("".join(units), units, nats) if with_nats else Piece("".join(units))


def write_texts(pieces: Iterable[DrawnIds], writers: Sequence[TextWriter]) -> Iterator[list[Piece]]:
    """What each of N streams adds to its text, piece by piece; stops asking for ids once all texts have ended."""
    with_nats = False
    for ids, nats in pieces:
        with_nats = nats is not None
        yield [writer.write(ids[:, n], None if nats is None else nats[:, n]) for n, writer in enumerate(writers)]
        if all(writer.ending is not None for writer in writers):
            return
    yield [writer.close(with_nats) for writer in writers]
