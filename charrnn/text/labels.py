"""Layer text: the labels of documents: what stands before a tab, or what a file is called, and the vector that a
network reads for it at every step.

A category is a one-hot vector. Numbers are standardized: each column has mean 0 and deviation 1 over the documents.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePath

import numpy as np

from charrnn.errors import CorpusError, SettingsError, shortened
from charrnn.settings import TextSettings
from charrnn.text.sources import lines_of

COLUMN, PATH, NUMBERS = "column", "path", "numbers"
TAB = "\t"
MOST_CATEGORIES = 10_000


@dataclass(frozen=True)
class LabelScheme:
    """Which labels a text has: categories with their shares of the documents, or columns of numbers.

    names, shares    of the categories, the most frequent first; empty where labels are numbers
    means, scales    of the columns of numbers; empty where labels are categories
    """

    names: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """The length of a label's vector."""
        return len(self.names) or len(self.means)

    def vector(self, label: str) -> np.ndarray:
        """The vector (width,) float32 of a label: `Irish`, `Irish:0.7,Greek:0.3`, or for numbers `0.2,0.4,0.9`.

        Raises SettingsError for a label that does not exist, and for another count of numbers.
        """
        if not self.names:
            numbers = _numbers(label)
            if numbers is None or len(numbers) != self.width:
                raise SettingsError(f"label {shortened(label)} does not fit; this network takes {self.width} numbers "
                                    f"with commas between, such as {','.join(f'{mean:.3g}' for mean in self.means)}")
            row: np.ndarray = self.standardized(np.array([numbers]))[0]
            return row
        vector = np.zeros(self.width, np.float32)
        for name, weight in self._parts(label):
            vector[self.names.index(name)] += weight
        return vector

    def standardized(self, numbers: np.ndarray) -> np.ndarray:
        """Rows of numbers (K, width) as the network reads them, float32."""
        rows: np.ndarray = ((numbers - np.array(self.means)) / np.array(self.scales)).astype(np.float32)
        return rows

    def check_all(self, labels: Sequence[str]) -> None:
        """Raises SettingsError unless all are single labels that the network knows."""
        for label in dict.fromkeys(labels):
            if not label:
                raise SettingsError("a line has no label; give label, tab and text in each, or leave --score out")
            if self.names and label not in self.names:
                raise SettingsError(self._refusal(label))
            self.vector(label)

    @property
    def average(self) -> np.ndarray:
        """The vector of no label in particular: the mean over the documents."""
        return np.array(self.shares or [0.0] * self.width, np.float32)

    def _parts(self, label: str) -> list[tuple[str, float]]:
        """The names in a label with their weights; a name alone has the weight 1."""
        if label in self.names:
            return [(label, 1.0)]
        parts = []
        for part in label.split(","):
            name, colon, weight = part.rpartition(":")
            number = _numbers(weight) if colon else None
            name = name.strip() if number else part.strip()
            if name not in self.names:
                raise SettingsError(self._refusal(name))
            if number is None or len(number) > 1:
                raise SettingsError(f"label {shortened(label)} needs one weight for each part: "
                                    f"'{self.names[0]}:0.7,{self.names[1]}:0.3'")
            parts.append((name, number[0]))
        return parts

    def _refusal(self, label: str) -> str:
        close = get_close_matches(label, self.names, n=1)
        meant = f"did you mean {close[0]!r}?" if close else "there are " + ", ".join(self.names[:20]) + (
            f" and {len(self.names) - 20:,} more" if len(self.names) > 20 else "")
        return f"label {shortened(label)} was not in the training text; {meant}"


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of D documents: numbers (D,) int32 are rows of vectors (K, width) float32."""

    scheme: LabelScheme
    numbers: np.ndarray = field(repr=False)
    vectors: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, labels: Sequence[str], kind: str) -> "Labels":
        """Those of documents, one text each; raises CorpusError for numbers that are none, or not equally many."""
        return _of_numbers(labels) if kind == NUMBERS else _of_names(labels)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all labels in their order."""
        parts = repr(self.scheme).encode(), self.numbers.tobytes(), self.vectors.tobytes()
        return hashlib.sha256(b"".join(parts)).hexdigest()


class LabelReader:
    """Takes the labels out of marked documents, or gives each document its file's."""

    def __init__(self, settings: TextSettings, mark: str) -> None:
        self.labels: list[str] = []
        self._kind, self._mark = settings.labels, mark

    def without_labels(self, chunks: Iterable[str], path: str) -> Iterator[str]:
        """The documents in `chunks`, in which each ends with the mark, without their labels."""
        if self._kind == PATH:
            for chunk in chunks:
                self.labels += [_label_of(path)] * chunk.count(self._mark)
                yield chunk
            return
        rest = ""
        for chunk in chunks:
            *ended, rest = (rest + chunk).split(self._mark)
            if ended:
                yield "".join(self._text_of(document) + self._mark for document in ended)

    def rollback(self, count: int) -> None:
        """Forgets all labels but so many."""
        del self.labels[count:]

    def finish(self) -> Labels:
        """The labels of all documents."""
        return Labels.of(self.labels, self._kind or COLUMN)

    def _text_of(self, document: str) -> str:
        label, tab, text = document.partition(TAB)
        if not tab or not text.strip() or not label.strip():
            raise CorpusError(f"document {len(self.labels) + 1:,}, {shortened(document)}, is not label, tab and text; "
                              "mend it, or leave --labels out")
        self.labels.append(label.strip())
        return text


def labelled_lines(text: str) -> tuple[list[str], list[str]]:
    """The labels and the texts in lines of label, tab and text; a line without a tab is a text, with an empty label."""
    parts = [line.rpartition(TAB) if TAB not in line else line.partition(TAB) for line in lines_of(text)]
    kept = [(label.strip(), text) for label, _, text in parts if text.strip()]
    return [label for label, _ in kept], [text for _, text in kept]


def _label_of(path: str) -> str:
    """What a file stands for: its own name without the ending."""
    return PurePath(path).stem


def _of_names(labels: Sequence[str]) -> Labels:
    counts = Counter(labels).most_common()
    if len(counts) < 2:
        raise CorpusError(f"every document has the label {shortened(labels[0])}; labels have to differ, so leave "
                          "--labels out")
    if len(counts) > MOST_CATEGORIES:
        raise CorpusError(f"there are {len(counts):,} different labels, and at most {MOST_CATEGORIES:,} can be "
                          "learned; for numbers give --labels numbers")
    places = {name: place for place, (name, _) in enumerate(counts)}
    scheme = LabelScheme(tuple(places), tuple(count / len(labels) for _, count in counts))
    numbers = np.array([places[label] for label in labels], np.int32)
    return Labels(scheme, numbers, np.eye(len(places), dtype=np.float32))


def _of_numbers(labels: Sequence[str]) -> Labels:
    width, rows = 0, []
    for place, label in enumerate(labels, 1):
        numbers = _numbers(label)
        width = width or len(numbers or ())
        if numbers is None or len(numbers) != width:
            raise CorpusError(f"document {place:,} has the label {shortened(label)}, which is not {width or 'some'} "
                              "numbers with commas between; mend it, or give --labels column for names")
        rows.append(numbers)
    different, numbers_of = np.unique(np.array(rows, np.float64), axis=0, return_inverse=True)
    every = different[numbers_of.reshape(-1)]
    means, scales = every.mean(axis=0), every.std(axis=0)
    scheme = LabelScheme(means=tuple(means.tolist()), scales=tuple(np.where(scales > 0, scales, 1).tolist()))
    return Labels(scheme, numbers_of.reshape(-1).astype(np.int32), scheme.standardized(different))


def _numbers(text: str) -> list[float] | None:
    """The finite numbers in a text, with commas or spaces between; None for other text."""
    try:
        numbers = [float(part) for part in re.split(r"[,\s]+", text.strip())]
    except ValueError:
        return None
    return numbers if all(math.isfinite(number) for number in numbers) else None
