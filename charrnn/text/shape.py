"""Layer text: what automatic settings look at in a text: its length, its vocabulary, how long its lines are."""

from dataclasses import dataclass

import numpy as np

from charrnn.text.corpus import Corpus

# Lines are measured at the beginning of a text, in so many units.
SAMPLED = 1 << 20


@dataclass(frozen=True)
class TextShape:
    """The sizes of a text, in units.

    length       of the whole; of documents with the end of each
    vocabulary   how many units there are
    line         how long the line is that a unit most often stands in; None where there are no lines
    files        in how many files it lies; 1 for documents
    """

    length: int
    vocabulary: int = 256
    line: int | None = None
    files: int = 1

    @classmethod
    def of(cls, corpus: Corpus) -> "TextShape":
        files = len(corpus.ids.file_starts) if corpus.marks is None else 1
        return cls(len(corpus), len(corpus.vocabulary), _usual_line(corpus), files)


def _usual_line(corpus: Corpus) -> int | None:
    """Half of the text stands in lines at least so long: empty and short lines count for little."""
    ends = [unit for unit, text in enumerate(corpus.vocabulary.units) if "\n" in text]
    sample = corpus.ids.take(np.arange(min(len(corpus.ids), SAMPLED)))
    places = np.flatnonzero(np.isin(sample, ends))
    if len(places) < 2:
        return None
    lengths = np.sort(np.diff(places))
    return int(lengths[np.searchsorted(np.cumsum(lengths), lengths.sum() / 2)])
