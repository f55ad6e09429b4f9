"""Layer novelty: how much of a sample also occurs in the training text, so that the network may have copied it.

Text that occurs only in the held-out part is no copy, because the network never saw that part. The share of the
held-out part that occurs in the training part is what to expect of new text of the same kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.errors import CorpusError
from charrnn.novelty.matching import Match, find_matches
from charrnn.novelty.places import SourcePlace, source_places
from charrnn.novelty.sample_documents import SampleDocument, sample_documents
from charrnn.runs.training_text import TrainingText

LONGEST = 50  # characters of the longest n-grams that are counted
PASSAGES = 3
# Characters of the held-out part that are compared, if the sample has no more: fewer give a rough share.
HELD_OUT = 10_000


@dataclass(frozen=True)
class Grams:
    """The n-grams of a text, its substrings of n characters.

    count             how many it has, one at each position
    copied            how many of them occur in the training text
    held_out          how many the held-out text has
    held_out_copied   how many of those occur in the training text
    """

    n: int
    count: int
    copied: int
    held_out: int
    held_out_copied: int

    @property
    def share(self) -> float | None:
        """The share of the text's n-grams that occur in the training text, from 0 to 1; None if it has none."""
        return self.copied / self.count if self.count else None

    @property
    def held_out_share(self) -> float | None:
        """The same for the held-out text."""
        return self.held_out_copied / self.held_out if self.held_out else None


@dataclass(frozen=True)
class CopiedPassage:
    """A passage that also occurs in the training text, and can't be extended at either end.

    sample     number of the sample it is in, from 0
    document   number in the sample, from 1; None if the model was not trained on documents
    line       in the sample, from 1
    position   characters before it in its document, or else in its sample
    place      its first occurrence in the training text
    """

    text: str
    sample: int
    document: int | None
    line: int
    position: int
    place: SourcePlace


@dataclass(frozen=True)
class Novelty:
    """How much of a sample occurs in the training text.

    grams                the n-grams, for n from 1 to 50
    passages             the longest copied passages, at most three, the longest first; they don't overlap
    characters           the length of the sample; of documents, without what is between them
    documents            how many documents it has; None if the model was not trained on documents
    copied_documents     those of them that are documents of the training text, each once
    new_documents        how many are not
    held_out_documents   of the new ones, how many are documents of the held-out text
    repeated_documents   how many repeat an earlier document of the sample
    corpus               name of the training text
    training             its length without the held-out part; of documents, with one character for the end of each
    is_changed           whether that text has changed since training
    """

    grams: tuple[Grams, ...]
    passages: tuple[CopiedPassage, ...]
    characters: int
    documents: int | None
    copied_documents: tuple[str, ...]
    new_documents: int | None
    held_out_documents: int | None
    repeated_documents: int | None
    corpus: str
    training: int
    is_changed: bool


def novelty_of(texts: str | Sequence[str], trained: TrainingText) -> Novelty:
    """How much of a sample, or of several, occurs in the training text.

    The samples are normalized and cut into documents as in training. An n-gram or a passage is within one sample, or
    within one document.

    Raises CorpusError for samples without a character, and for more than 2,000,000.
    """
    documents = sample_documents([texts] if isinstance(texts, str) else texts, trained.settings.text)
    characters = sum(len(document.text) for document in documents)
    if not characters:
        raise CorpusError("there is nothing in the sample; give a text with something in it")
    held_out = trained.held_out(max(characters, HELD_OUT))
    found, training = find_matches([document.text for document in documents] + held_out, trained.blocks(), trained.mark,
                                   trained.corpus.vocabulary.stand_in >= 0)
    own, others = found[:len(documents)], found[len(documents):]
    new = [match.text for match in own if not match.is_whole]
    is_documents = trained.mark is not None
    return Novelty(
        grams=_grams(own, others), passages=_copied_passages(documents, own, trained), characters=characters,
        documents=len(own) if is_documents else None,
        copied_documents=tuple(dict.fromkeys(match.text for match in own if match.is_whole)),
        new_documents=len(new) if is_documents else None,
        held_out_documents=_held_out_documents(new, trained) if is_documents else None,
        repeated_documents=len(own) - len({match.text for match in own}) if is_documents else None,
        corpus=trained.corpus.name, training=training, is_changed=trained.is_changed)


def _held_out_documents(texts: list[str], trained: TrainingText) -> int:
    """How many of the texts are documents of the held-out part."""
    if not texts:
        return 0
    found, _ = find_matches(texts, trained.held_out_blocks(), trained.mark, trained.corpus.vocabulary.stand_in >= 0)
    return sum(match.is_whole for match in found)


def _grams(own: list[Match], others: list[Match]) -> tuple[Grams, ...]:
    counted = [column for matches in (own, others) for column in _counts(matches)]
    return tuple(Grams(n, *(int(column[n]) for column in counted)) for n in range(1, LONGEST + 1))


def _counts(found: list[Match]) -> tuple[np.ndarray, np.ndarray]:
    """How many n-grams the texts have, and how many of them occur in the training text, for n up to LONGEST."""
    counts, copied = np.zeros(LONGEST + 1, np.int64), np.zeros(LONGEST + 1, np.int64)
    sizes = np.arange(LONGEST + 1)
    for match in found:
        counts += np.maximum(len(match.text) + 1 - sizes, 0)
        copied += np.bincount(np.minimum(match.lengths, LONGEST), minlength=LONGEST + 1)[::-1].cumsum()[::-1]
    return counts, copied


def _copied_passages(
    documents: list[SampleDocument], own: list[Match], trained: TrainingText
) -> tuple[CopiedPassage, ...]:
    """The longest passages; no two overlap, and none is part of another."""
    found = sorted((candidate for number, match in enumerate(own) for candidate in _longest(match, number)),
                   key=lambda each: -each[0])
    chosen: list[tuple[int, int, int]] = []
    for length, number, stop in found:
        text = own[number].text[stop - length:stop]
        if len(chosen) < PASSAGES and all(
                text not in own[other].text[end - size:end]
                and (other != number or end <= stop - length or stop <= end - size) for size, other, end in chosen):
            chosen.append((length, number, stop))
    places = source_places([int(own[number].ends[stop - 1]) + 1 - length for length, number, stop in chosen], trained)
    passages = []
    for (length, number, stop), place in zip(chosen, places, strict=True):
        document, start = documents[number], stop - length
        passages.append(CopiedPassage(document.text[start:stop], document.sample, document.document,
                                document.line + document.text.count("\n", 0, start), start, place))
    return tuple(passages)


def _longest(match: Match, number: int) -> list[tuple[int, int, int]]:
    """The matches of a text that can't be extended: length, number of the text, end."""
    lengths = match.lengths
    is_last = np.append(lengths[1:] <= lengths[:-1], True) if len(lengths) else np.zeros(0, bool)
    stops = np.flatnonzero(is_last & (lengths > 0))
    return [(int(lengths[stop]), number, int(stop) + 1) for stop in stops]
