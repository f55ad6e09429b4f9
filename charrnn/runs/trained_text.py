"""Layer runs: the text that a network was trained on, as characters: the part for training, and the part held out.

A corpus comes in; code points go out, block by block, so that it may be of any size.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from charrnn.settings import Settings
from charrnn.text.corpus import Corpus
from charrnn.text.cutting import Text, parts, size
from charrnn.text.documents import Documents
from charrnn.text.splitter import RECORD, mark_of
from charrnn.text.vocabulary import code_points

BLOCK = 1 << 20
# Places in the part held out that a stretch is taken from, where all of it is not needed.
STRETCHES = 10


@dataclass(frozen=True)
class Trained:
    """A corpus, as it was trained on.

    is_changed   whether it is known to be another than it was when it was trained on
    """

    corpus: Corpus
    settings: Settings
    is_changed: bool = False

    @classmethod
    def of(cls, corpus: Corpus, settings: Settings, known: Mapping[str, Any]) -> "Trained":
        """With `settings`, and compared with what a checkpoint knows of it (its `corpus`)."""
        return cls(corpus, settings, corpus.fingerprint != known.get("fingerprint"))

    @property
    def mark(self) -> str | None:
        """What stands behind each of its documents, if it is one of documents."""
        return mark_of(self.settings.text)

    @property
    def part(self) -> Text:
        """What was trained on."""
        return self._parts[0]

    @cached_property
    def _parts(self) -> tuple[Text, Text]:
        return parts(self.corpus.content, self.settings.windows.val_fraction)

    def blocks(self) -> Iterator[np.ndarray]:
        """The code points of the training part, block by block; of documents with a mark behind each."""
        write = self.corpus.vocabulary.writer()
        for ids in _id_blocks(self.part):
            text = write(ids)
            if self.settings.text.unit == "token":  # a mark is a token, but nothing was put before it
                text = text.replace(" " + RECORD, RECORD)
            yield code_points(text)

    def held_out(self, characters: int) -> list[str]:
        """About so many characters of the part held out, from all over it; all of it if it has no more."""
        part = self._parts[1]
        units = -(-characters * len(self.corpus) // self.corpus.characters)
        if isinstance(part, Documents):
            count = -(-units * len(part) // max(1, part.transitions))
            return [self._written(part.ids.take(np.arange(part.marks[number] + 1, part.marks[number + 1])))
                    for number in part.which[_spread(len(part), count)]]
        if not units < size(part):
            stretches = [part] if size(part) else []
        else:
            length = -(-units // STRETCHES)
            stretches = [part[start:start + length] for start in _spread(size(part) - length + 1, STRETCHES)]
        return [self._written(stretch.take(np.arange(len(stretch)))) for stretch in stretches]

    def _written(self, ids: np.ndarray) -> str:
        text = self.corpus.vocabulary.decode(ids)
        # bytes may be cut in the middle of a character
        return text.strip("\ufffd") if self.settings.text.unit == "byte" else text


def _spread(count: int, wanted: int) -> np.ndarray:
    """Up to `wanted` of the numbers below `count`, at equal distances."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64))


def _id_blocks(part: Text) -> Iterator[np.ndarray]:
    """The ids of a part, block by block; of documents with the mark behind each."""
    if not isinstance(part, Documents):
        for start in range(0, len(part), BLOCK):
            yield part.take(np.arange(start, min(start + BLOCK, len(part))))
        return
    stops = np.cumsum(part.lengths(part.which))
    # how far each document's ids lie from where they would lie if the others were not there
    shifts = part.marks[part.which + 1] + 1 - stops
    for start in range(0, part.transitions, BLOCK):
        stop = min(start + BLOCK, part.transitions)
        first, last = np.searchsorted(stops, [start, stop - 1], side="right")
        counts = np.diff(np.minimum(stops[first:last + 1], stop), prepend=start)
        yield part.take(np.arange(start, stop) + np.repeat(shifts[first:last + 1], counts), len(counts))
