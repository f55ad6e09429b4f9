"""Layer scoring: how well a model foretells a text: as a whole, by lines or documents, and character by character."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn

import numpy as np

from charrnn.errors import SettingsError
from charrnn.text.vocabulary import Vocabulary


def refuse_documents() -> NoReturn:
    """Says that a model knows of none."""
    raise SettingsError("there are no documents: the model was trained on a text without; score it by line")


@dataclass(frozen=True)
class Measured:
    """How surprising a text was.

    total        nats, of all units together
    predicted    units (characters, bytes, tokens or words) that were foretold
    characters   those of the units' text
    """

    total: float
    predicted: int
    characters: int

    @property
    def nats(self) -> float:
        """A unit, on average; what training calls the loss."""
        return self.total / self.predicted

    @property
    def bits(self) -> float:
        """A unit, on average."""
        return self.nats / math.log(2)

    @property
    def bits_per_character(self) -> float:
        return self.total / math.log(2) / self.characters if self.characters else math.nan

    @property
    def perplexity(self) -> float:
        """The model was as unsure as between so many units of equal chance."""
        return math.exp(self.nats) if self.nats < 700 else math.inf


@dataclass(frozen=True)
class Part(Measured):
    """A line or a document: number `number`, from 1, the units start to stop of the text."""

    number: int
    start: int
    stop: int
    text: str


@dataclass(frozen=True, eq=False)
class Score(Measured):
    """What a model said of a text of n units. What was not foretold, a text's first unit, has NaN, 0 and -1.

    unit         what one is called: character, byte, token, word
    ids          (n,)   int32
    surprises    (n,)   float32  bits: -log2 of the probability that the model gave to what came
    entropies    (n,)   float32  bits that it expected
    ranks        (n,)   int32    1 where it held what came for the likeliest; equals share the best rank
    guesses      (n, K) int32    what it held for the likeliest, the likeliest first
    chances      (n, K) float32  and their probabilities
    starts       (M,)   int64    places that were read without what stands before them
    notes        on what was not read as it stands, or left out
    """

    unit: str
    ids: np.ndarray = field(repr=False)
    surprises: np.ndarray = field(repr=False)
    entropies: np.ndarray = field(repr=False)
    ranks: np.ndarray = field(repr=False)
    guesses: np.ndarray = field(repr=False)
    chances: np.ndarray = field(repr=False)
    starts: np.ndarray = field(repr=False)
    notes: list[str] = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)
    mark: int  # the id of what stands for the end of a document; -1 in a text without documents

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def pieces(self) -> Sequence[str]:
        """The text of each unit; together they are the text."""
        if self.vocabulary.kind == "character":
            return self.vocabulary.decode(self.ids)
        write = self.vocabulary.writer()
        return [write(self.ids[place:place + 1]) for place in range(len(self))]

    def guesses_at(self, place: int) -> list[tuple[str, float]]:
        """The likeliest units at a place, with their probabilities."""
        return [(self.vocabulary.units[number], float(chance))
                for number, chance in zip(self.guesses[place], self.chances[place], strict=True) if number >= 0]

    def by(self, kind: str) -> list[Part]:
        """Each "line" or "document" in which anything was foretold, in the order of the text.

        The end of a line or a document belongs to it. Raises SettingsError for another kind, and for documents where
        the model was trained on a text without any.
        """
        stops = np.flatnonzero(self.ids == self._end_of(kind)) + 1
        if not len(stops) or stops[-1] < len(self):
            stops = np.append(stops, len(self))
        starts = np.concatenate([[0], stops[:-1]])
        is_predicted = self.ranks > 0
        totals = np.add.reduceat(np.where(is_predicted, self.surprises, 0).astype(np.float64), starts) * math.log(2)
        counts = np.add.reduceat(is_predicted.astype(np.int64), starts)
        return [self._part(*values) for values in
                zip(range(1, len(starts) + 1), starts.tolist(), stops.tolist(), totals.tolist(), counts.tolist(),
                    strict=True) if values[-1]]

    def _part(self, number: int, start: int, stop: int, total: float, predicted: int) -> Part:
        text = "".join(self.pieces[start:stop])
        unseen = sum(map(len, self.pieces[start:stop - predicted]))  # only what stands first can be unpredicted
        return Part(total, predicted, len(text) - unseen, number, start, stop, text)

    def _end_of(self, kind: str) -> int:
        if kind == "document":
            if self.mark < 0:
                refuse_documents()
            return self.mark
        if kind != "line":
            raise SettingsError(f"a text can be scored by line or by document, not by {kind!r}")
        return -1 if self.vocabulary.unknown("\n") else int(self.vocabulary.encode("\n")[0])
