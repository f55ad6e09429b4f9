"""Layer inspection: the text that a network is inspected on: the held-out part of its corpus, or any other text.

A passage of T + 1 units has T places. Features are of characters; where a unit is a word, its value is that at its last
character.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from charrnn.errors import CorpusError
from charrnn.inspection.features.builtin import features
from charrnn.inspection.features.feature import Feature
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import Settings, TextSettings
from charrnn.text.corpus import Corpus
from charrnn.text.documents import Documents, mark_of
from charrnn.text.vocabulary import Vocabulary
from charrnn.text.windows import Text, size, split

_MOST_TRAINING = 5_000_000  # units of the training text whose n-grams are counted


@dataclass(frozen=True)
class Passage:
    """ids       (T + 1,) int32
    pieces    the text of each id
    units     the units of the vocabulary
    mark      the document separator, if the text is one of documents
    origin    where the text is from, for reports
    kind      that of the vocabulary: character, byte, word or token
    training  the text that the network was trained on, where it is known
    labels    that of each document, where it has one
    """

    ids: np.ndarray
    pieces: list[str] = field(repr=False)
    units: Sequence[str] = field(repr=False)
    mark: str | None
    origin: str
    kind: str = "character"
    training: Text | None = field(default=None, repr=False, compare=False)
    labels: Sequence[str] = ()

    @classmethod
    def of(cls, ids: np.ndarray, vocabulary: Vocabulary, mark: str | None, origin: str) -> "Passage":
        """The passage of ids; with `mark` they begin and end with one."""
        return cls(ids, _pieces(ids, vocabulary.units, vocabulary.kind, mark), vocabulary.units, mark, origin,
                   vocabulary.kind)

    def pieces_of(self, ids: np.ndarray) -> list[str]:
        """The text of each of other ids of the same vocabulary, one after the other."""
        return _pieces(ids, self.units, self.kind, self.mark)

    def __len__(self) -> int:
        """How many places it has."""
        return len(self.ids) - 1

    @property
    def text(self) -> str:
        """The text that is read, without the last unit, which is only predicted; a document begins with a line end."""
        return "".join(self.pieces[:-1])

    @property
    def training_ids(self) -> np.ndarray | None:
        """The ids of the training text, of a very long one those of its beginning."""
        return None if self.training is None else _beginning(self.training, _MOST_TRAINING)

    def features(self) -> list[Feature]:
        """The built-in features, with a value for each place."""
        following = "\n" if self.mark is not None else self.pieces[-1][:1]
        return self.at_places(features(self._texts, following))

    def at_places(self, of_characters: Sequence[Feature]) -> list[Feature]:
        """Features of the characters of `text` as features of the places."""
        if all(len(piece) == 1 for piece in self.pieces):
            return list(of_characters)
        ends = np.cumsum([len(piece) for piece in self.pieces[:-1]]) - 1
        return [feature.with_values(feature.values[ends]) for feature in of_characters]

    @property
    def _texts(self) -> list[str]:
        """The documents, or the one text."""
        if self.mark is None:
            return [self.text]
        starts = np.flatnonzero(self.ids[:-1] == self.ids[0])
        return ["".join(self.pieces[start:stop])
                for start, stop in zip(starts, [*starts[1:], len(self)], strict=True)]


def _pieces(ids: np.ndarray, units: Sequence[str], kind: str, mark: str | None) -> list[str]:
    named = ["\n" if units[number] == mark else units[number] for number in ids]
    if kind == "token":
        return [unit if not n or unit == "\n" or named[n - 1] == "\n" else " " + unit for n, unit in enumerate(named)]
    return named


def held_out(corpus: Corpus, known: CorpusInfo, settings: Settings, vocabulary: Vocabulary,
             count: int) -> Passage:
    """The first `count` places of the validation part of a corpus; of a corpus without one, the end.

    known   the corpus information of the checkpoint

    Raises CorpusError if the corpus has changed.
    """
    if not known.is_of(corpus):
        names = " + ".join(corpus.sources) or "the text"
        raise CorpusError(f"{names} has changed since the network was trained on it, so its held-out part is unknown; "
                          "give another text with --text FILE")
    content = corpus.within(vocabulary).content
    training, kept = split(content, settings.windows)
    mark = mark_of(settings.text)
    if size(kept) >= 2:
        passage = Passage.of(_beginning(kept, count), vocabulary, mark, "held-out text")
        return replace(passage, training=training, labels=_labels(kept, passage.ids))
    return Passage.of(_end(content, count), vocabulary, mark, "the end of its training text (nothing was held out)")


def _labels(text: Text, ids: np.ndarray) -> list[str]:
    """The labels of those of the documents that `ids` has, from the first on; none where they are no names."""
    if not isinstance(text, Documents) or text.labels is None or not text.labels.scheme.names:
        return []
    which = text.which[:int(np.count_nonzero(ids == text.mark)) - 1]
    return [text.labels.scheme.names[number] for number in text.labels.numbers[which]]


def of_text(text: Text, settings: TextSettings, vocabulary: Vocabulary, count: int, origin: str) -> Passage:
    """The first `count` places of any text; 0 takes all."""
    return Passage.of(_beginning(text, count or size(text)), vocabulary, mark_of(settings), origin)


def joined(texts: Sequence[str], vocabulary: Vocabulary, mark: str | None) -> Text:
    """Several texts as documents, or as one text for a model without documents."""
    if mark is None:
        return vocabulary.encode("".join(texts))
    ids = vocabulary.encode(mark + "".join(text + mark for text in texts))
    return Documents.of(ids, int(ids[0]))


def _beginning(text: Text, count: int) -> np.ndarray:
    """The ids of the first `count` places; of documents, as many whole ones as fit, but at least one."""
    if not isinstance(text, Documents):
        whole: np.ndarray = text[:count + 1].take(np.arange(min(count + 1, len(text))))
        return whole
    return _joined(text, text.which, count)


def _end(text: Text, count: int) -> np.ndarray:
    if not isinstance(text, Documents):
        start = max(0, len(text) - count - 1)
        return np.asarray(text.take(np.arange(start, len(text))))
    lengths = text.lengths(text.which[::-1])
    last = int(np.searchsorted(np.cumsum(lengths), count, side="right"))
    return _joined(text, text.which[len(text) - max(1, last):], count)


def _joined(text: Documents, which: np.ndarray, count: int) -> np.ndarray:
    """The documents `which`, as many as `count` places hold, with a separator before, between and after them."""
    ids, taken = [], 0
    for number in which:
        start, stop = int(text.marks[number]), int(text.marks[number + 1])
        if taken and taken + stop - start > count:
            break
        ids.append(text.take(np.arange(start, stop), 1))
        taken += stop - start
    return np.concatenate([*ids, np.array([text.mark], np.int32)])
