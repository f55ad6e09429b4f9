"""Layer sampling: ids to text, piece by piece as they are drawn, up to where a text ends.

A text is over where its document ends, or before a text that was asked to stop it. What may still turn out to be the
beginning of such a stop is held back until that is known.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from charrnn.sampling.sampler import Drawn
from charrnn.text.vocabulary import Vocabulary

# What ended a text.
DOCUMENT, STOP, LENGTH = "document", "stop", "length"


class Piece(NamedTuple):
    """What one stream adds; where surprise was asked for also its units, whose texts make up the text, and their nats.

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


class Writer:
    """One stream's text; `ending` is None until it is over."""

    def __init__(self, vocabulary: Vocabulary, ends: Ends = _NO_ENDS, after: str = "") -> None:
        self.ending: str | None = None
        self._ends, self._write = ends, vocabulary.writer(after)
        self._is_plain = vocabulary.kind == "character"
        self._held: str | list[str] = "" if self._is_plain else []
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
            return Piece(self._write(ids))
        if isinstance(self._held, str):
            self._held += self._write(ids)
        else:
            self._held += [self._write(ids[at : at + 1]) for at in range(len(ids))]
        if nats is not None:
            self._held_nats = np.concatenate([self._held_nats, nats[: len(ids)]])
        return self._release(self._ready(), nats is not None)

    def close(self, with_nats: bool = False) -> Piece:
        """What was held back when no more ids come."""
        if self.ending is None:
            self.ending = LENGTH
        return self._release(len("".join(self._held)), with_nats)

    def _ready(self) -> int:
        """How many characters of what is held can't be part of a stop; finds the stop."""
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

    def _release(self, ready: int, with_nats: bool) -> Piece:
        """Lets `ready` characters go, the last unit shortened where the text ends in its middle."""
        units: str | list[str]
        if isinstance(self._held, str):
            units, self._held = self._held[:ready], self._held[ready:]
        else:
            units = []
            while self._held and ready >= len(self._held[0]):
                units.append(self._held.pop(0))
                ready -= len(units[-1])
            if ready and self.ending is not None:
                units.append(self._held.pop(0)[:ready])
        nats, self._held_nats = self._held_nats[: len(units)], self._held_nats[len(units):]
        self._released += len(units)
        if self.ending is not None:
            self._held, self._held_nats = self._held[:0], self._held_nats[:0]
        return Piece("".join(units), units, nats) if with_nats else Piece("".join(units))


def written(pieces: Iterable[Drawn], writers: Sequence[Writer]) -> Iterator[list[Piece]]:
    """What each of N streams adds to its text, piece by piece; ends when all texts have, asking for nothing further."""
    with_nats = False
    for ids, nats in pieces:
        with_nats = nats is not None
        yield [writer.write(ids[:, n], None if nats is None else nats[:, n]) for n, writer in enumerate(writers)]
        if all(writer.ending is not None for writer in writers):
            return
    yield [writer.close(with_nats) for writer in writers]
