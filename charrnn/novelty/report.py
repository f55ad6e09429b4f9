"""Layer novelty: how much of a text a network may have copied from the text that it was trained on.

A text and what was trained on come in; a Novelty goes out. What stands in the part that was held out for validation is
no copy: the network never learned it. The share of that part itself which stands in the training part tells what is to
be expected of new text of the same kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.errors import CorpusError
from charrnn.novelty.matching import Match, matches
from charrnn.novelty.pieces import Piece, pieces_of
from charrnn.novelty.places import Place, places_of
from charrnn.runs.training_text import TrainingText

LONGEST = 50  # characters of the longest n-grams that are counted
PASSAGES = 3
# Characters of the part held out that are looked at, if the text has no more itself: fewer make a rough share.
HELD_OUT = 10_000


@dataclass(frozen=True)
class Grams:
    """The n-grams of a text, its substrings of n characters.

    count             how many it has, each place one
    copied            how many of them stand in the training text
    held_out          how many the text held out has
    held_out_copied   how many of those stand in the training text
    """

    n: int
    count: int
    copied: int
    held_out: int
    held_out_copied: int

    @property
    def share(self) -> float | None:
        """Of the text's n-grams, those that stand in the training text, from 0 to 1; None if it has none."""
        return self.copied / self.count if self.count else None

    @property
    def held_out_share(self) -> float | None:
        """The same of the text held out."""
        return self.held_out_copied / self.held_out if self.held_out else None


@dataclass(frozen=True)
class Passage:
    """A passage that stands in the training text too, and can't be made longer at either end.

    sample     number of the text it is in, from 0, if there are several
    document   of that text, from 1; None where a text is not one of documents
    line       in that text, from 1
    position   characters before it in its document, else in its text
    place      where it stands in the training text for the first time
    """

    text: str
    sample: int
    document: int | None
    line: int
    position: int
    place: Place


@dataclass(frozen=True)
class Novelty:
    """How much of a text stands in the training text, character by character.

    grams              the n-grams, for n from 1 to 50
    passages           the longest that stand there, at most three, the longest first; they don't overlap
    characters         looked at: those of documents, without what stands between them
    documents          how many documents it has; None where the model was not trained on documents
    copied_documents   those of them, each but once, that are documents of the training text
    new_documents      how many are not
    corpus             name of the text that was trained on
    training           its characters without those held out; of documents with one for the end of each
    is_changed         whether that text is known to have changed since
    """

    grams: tuple[Grams, ...]
    passages: tuple[Passage, ...]
    characters: int
    documents: int | None
    copied_documents: tuple[str, ...]
    new_documents: int | None
    corpus: str
    training: int
    is_changed: bool


def novelty_of(texts: str | Sequence[str], trained: TrainingText) -> Novelty:
    """How much of a text, or of several, stands in the part of a text that was trained on.

    Letters are made alike, and documents are told apart, as in training. An n-gram or a passage lies in one text and,
    where there are documents, in one of them, here and there.

    Raises CorpusError for texts without a character, and for more than 2,000,000.
    """
    pieces = pieces_of([texts] if isinstance(texts, str) else texts, trained.settings.text)
    characters = sum(len(piece.text) for piece in pieces)
    if not characters:
        raise CorpusError("there is nothing in the sample; give a text with something in it")
    held_out = trained.held_out(max(characters, HELD_OUT))
    found, training = matches([piece.text for piece in pieces] + held_out, trained.blocks(), trained.mark,
                              trained.corpus.vocabulary.stand_in >= 0)
    own, others = found[:len(pieces)], found[len(pieces):]
    is_documents = trained.mark is not None
    return Novelty(
        _grams(own, others), _passages(pieces, own, trained), characters, len(pieces) if is_documents else None,
        tuple(dict.fromkeys(match.text for match in own if match.is_whole)),
        sum(not match.is_whole for match in own) if is_documents else None, trained.corpus.name, training,
        trained.is_changed)


def _grams(own: list[Match], others: list[Match]) -> tuple[Grams, ...]:
    counted = [column for matches in (own, others) for column in _counts(matches)]
    return tuple(Grams(n, *(int(column[n]) for column in counted)) for n in range(1, LONGEST + 1))


def _counts(found: list[Match]) -> tuple[np.ndarray, np.ndarray]:
    """How many n-grams the texts have, and how many of them stand in the training text, for n up to LONGEST."""
    counts, copied = np.zeros(LONGEST + 1, np.int64), np.zeros(LONGEST + 1, np.int64)
    sizes = np.arange(LONGEST + 1)
    for match in found:
        counts += np.maximum(len(match.text) + 1 - sizes, 0)
        copied += np.bincount(np.minimum(match.lengths, LONGEST), minlength=LONGEST + 1)[::-1].cumsum()[::-1]
    return counts, copied


def _passages(pieces: list[Piece], own: list[Match], trained: TrainingText) -> tuple[Passage, ...]:
    """The longest passages, no two of which overlap or say the same."""
    found = sorted((candidate for number, match in enumerate(own) for candidate in _longest(match, number)),
                   key=lambda each: -each[0])
    chosen: list[tuple[int, int, int]] = []
    for length, number, stop in found:
        text = own[number].text[stop - length:stop]
        if len(chosen) < PASSAGES and all(
                text not in own[other].text[end - size:end]
                and (other != number or end <= stop - length or stop <= end - size) for size, other, end in chosen):
            chosen.append((length, number, stop))
    places = places_of([int(own[number].ends[stop - 1]) + 1 - length for length, number, stop in chosen], trained)
    passages = []
    for (length, number, stop), place in zip(chosen, places, strict=True):
        piece, start = pieces[number], stop - length
        passages.append(Passage(piece.text[start:stop], piece.sample, piece.document,
                                piece.line + piece.text.count("\n", 0, start), start, place))
    return tuple(passages)


def _longest(match: Match, number: int) -> list[tuple[int, int, int]]:
    """The matches of a text that can't be made longer: length, the text's number, where it ends."""
    lengths = match.lengths
    is_last = np.append(lengths[1:] <= lengths[:-1], True) if len(lengths) else np.zeros(0, bool)
    stops = np.flatnonzero(is_last & (lengths > 0))
    return [(int(lengths[stop]), number, int(stop) + 1) for stop in stops]
