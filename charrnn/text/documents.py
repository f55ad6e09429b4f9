"""Layer text: texts of separate documents: where each ends in the text, where in its ids, and which are held out.

In the text a Splitter puts one character, the mark, behind each document, in place of whatever stood there. A document
loses blank lines at its start and white space at its end; one that has nothing else is dropped. The ids then read mark,
document, mark, document, ..., mark.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from charrnn.errors import CorpusError, shortened
from charrnn.settings import TextSettings
from charrnn.text.decode import CHUNK
from charrnn.text.ids import Ids, MappedIds
from charrnn.text.labels import TAB, Labels
from charrnn.text.normalize import normalized
from charrnn.text.validation_split import cut_at
from charrnn.text.vocabulary import Vocabulary

LINE, BLANK, FILE = "line", "blank", "file"
# What no text should hold, made to stand between records: it cannot be taken for a part of a document.
RECORD = "\x1e"

_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\\": "\\"}
_BLANK_LINES = re.compile(r"\n\s*\n")
_LEADING = re.compile(r"(?:[^\S\n]*\n)*")
BLOCK = 1 << 20  # ids that are hashed at a time
_LOW, _BASE = 1 << 16, 0x9E3779B97F4A7C15


def mark_of(settings: TextSettings) -> str | None:
    """The character that stands for the end of a document; None for a text without documents."""
    if settings.documents is None:
        return None
    return "\n" if separator_of(settings.documents) == LINE else RECORD


def separator_of(documents: str) -> str:
    """LINE, BLANK or FILE, or the text between documents, with \\n and \\t in it read as in Python."""
    separator = unescaped(documents)
    return LINE if separator == "\n" else separator


def unescaped(text: str) -> str:
    """The text with \\n, \\t and \\\\ in it read as in Python."""
    return re.sub(r"\\[nt\\]", lambda found: _ESCAPES[found[0]], text)


def splitter_of(settings: TextSettings) -> "Splitter | None":
    """What finds the documents in a text with these settings; None for a text without documents."""
    if settings.documents is None:
        return None
    return Splitter(settings.documents, lambda separator: normalized(separator, settings))


class Splitter:
    """Finds the documents of one file after the other."""

    def __init__(self, documents: str, change: Callable[[str], str] = str) -> None:
        """`change` is what was done to the text, so that a separator is found in it."""
        self.separator = separator_of(documents)
        self.mark = "\n" if self.separator == LINE else RECORD
        self.has_met_mark = False  # in a text, where it must not be
        is_text = self.separator not in (LINE, BLANK, FILE)
        if is_text and (changed := change(self.separator)) not in (LINE, BLANK, FILE):
            self.separator = changed
        self._begun_separator = len(self.separator) - 1 if is_text else 0

    def marked(self, chunks: Iterable[str]) -> Iterator[str]:
        """The text in `chunks`, in chunks, with a mark behind each document; never more than a document is held."""
        rest, is_begun = "", False  # a document longer than a chunk is handed on before its end is seen
        for chunk in chunks:
            self.has_met_mark |= self.mark == RECORD and RECORD in chunk
            *ended, rest = self._parts(rest + chunk)
            text = self._ended(ended, is_begun)
            is_begun &= not ended
            if len(rest) > CHUNK and (safe := self._safe(rest)):
                text += rest[:safe] if is_begun else _without_blank_lines(rest[:safe])
                rest, is_begun = rest[safe:], True
            if text:
                yield text
        if text := self._ended([rest], is_begun):
            yield text

    def _parts(self, text: str) -> list[str]:
        if self.separator == FILE:
            return [text]
        if self.separator == BLANK:
            return _BLANK_LINES.split(text)
        return text.split("\n" if self.separator == LINE else self.separator)

    def _ended(self, parts: list[str], is_begun: bool) -> str:
        """The documents that have come to their ends, marked."""
        begun = "".join(part.rstrip() + self.mark for part in parts[:is_begun])
        return begun + "".join([text + self.mark for part in parts[is_begun:]
                                if (text := _without_blank_lines(part.rstrip()))])

    def _safe(self, text: str) -> int:
        """How much of `text`, in which no document ends, belongs to the document whatever follows."""
        return len(text[:len(text) - self._begun_separator].rstrip())


def _without_blank_lines(text: str) -> str:
    """The text without the blank lines it begins with."""
    found = _LEADING.match(text)
    return text[found.end():] if found and found.end() else text


class Documents:
    """Some of a text's documents, as ids. One of n characters has n + 1 transitions: the first is from the mark before
    it, the last to the mark behind it."""

    def __init__(self, ids: Ids, marks: np.ndarray, which: np.ndarray | None = None, labels: Labels | None = None,
                 source_ends: np.ndarray | None = None, source_shift: int = 0) -> None:
        """marks (D + 1,) int64 has the places of the marks in `ids`; `which` are the documents chosen, all if None.

        labels        of all documents
        source_ends   (D,) int64, the places of the tabs from which on each document is predicted; None predicts all
        source_shift  what windows add to the ids of sources, the mark before them included (as_read)
        """
        self.ids, self.marks, self.labels, self.source_ends = ids, marks, labels, source_ends
        self.source_shift = source_shift
        self.mark = int(ids.take(marks[:1])[0])  # its id
        self.which = np.arange(len(marks) - 1, dtype=_index_type(len(marks))) if which is None else which
        self.transitions = int(self.lengths(self.which).sum())
        self._different: int | None = None

    @classmethod
    def of(cls, ids: np.ndarray, mark: int) -> "Documents":
        """The documents in `ids`, in which `mark` is the mark's id."""
        return cls(ids, np.flatnonzero(ids == mark))

    def __len__(self) -> int:
        return len(self.which)

    def lengths(self, which: np.ndarray) -> np.ndarray:
        """The transitions in each of the documents `which`, int64."""
        lengths: np.ndarray = self.marks[which + 1] - self.marks[which]
        return lengths

    def take(self, places: np.ndarray, runs: int) -> np.ndarray:
        """The ids at `places`, int32, which are so many runs of neighbours."""
        if isinstance(self.ids, MappedIds):
            return self.ids.take(places, runs)
        return np.asarray(self.ids.take(places), np.int32)

    @property
    def start(self) -> int:
        """The id of the mark before a document, as windows have it."""
        return self.mark + self.source_shift

    @property
    def longest_source(self) -> int | None:
        """Units of the longest source among all documents of the text; None where they are no pairs."""
        return None if self.source_ends is None else int((self.source_ends - self.marks[:-1]).max()) - 1

    def hashes(self) -> np.ndarray:
        """A number for the content of each document, uint64."""
        hashes: np.ndarray = _hashes(self.ids, self.marks)[self.which]
        return hashes

    def different(self) -> int:
        """How many of them differ from one another."""
        if self._different is None:
            self._different = len(np.unique(self.hashes()))
        return self._different

    def split(self, val_fraction: float | None) -> tuple["Documents", "Documents"]:
        """Those to train on, and those to validate on: about `val_fraction` of the transitions, and at least one
        document each unless `val_fraction` is 0.

        Their content decides, not their order, so that equal documents are always in the same part: what is trained on
        is not validated on. The only document of a label is trained on. Raises CorpusError if something is to be held
        out and all documents, or all of each label, are equal.
        """
        wanted = min(self.transitions - cut_at(self.transitions, val_fraction), self.transitions - 1)
        if val_fraction == 0:
            return self, self._some(self.which[:0])
        kinds, kind = np.unique(self.hashes(), return_inverse=True)  # in the order of their hashes: no order at all
        self._different = len(kinds)
        if len(kinds) < 2:
            raise CorpusError(f"all {len(self):,} documents are equal: none can be kept for validation that is not "
                              "trained on; give --val-fraction 0, or a text with different ones")
        sizes = np.bincount(kind, self.lengths(self.which)).astype(np.int64)  # with all their equals
        kept = np.zeros(len(kinds), bool)
        groups = self._groups(kind, len(kinds))
        for group in groups:
            share = wanted * int(sizes[group].sum()) // self.transitions
            fitting = group[sizes[group] <= share]
            kept[fitting[:int(np.searchsorted(np.cumsum(sizes[fitting]), share, side="right"))]] = True
        if not kept.any():
            several = np.concatenate([group for group in groups if len(group) > 1] or [kinds[:0]]).astype(np.int64)
            if not len(several):
                raise CorpusError("no label has two different documents, one to train on and one to validate on; give "
                                  "--val-fraction 0, or more documents of each label")
            kept[several[np.argmin(sizes[several])]] = True
        is_val = kept[kind]
        return self._some(self.which[~is_val]), self._some(self.which[is_val])

    def labels_of_one(self) -> list[str]:
        """The categories that only one of the documents has, however often that stands there."""
        if self.labels is None or not self.labels.scheme.names:
            return []
        kinds, kind = np.unique(self.hashes(), return_inverse=True)
        different = np.unique(self.labels.numbers[self.which].astype(np.int64) * len(kinds) + kind)
        counts = np.bincount(different // len(kinds), minlength=len(self.labels.scheme.names))
        return [self.labels.scheme.names[number] for number in np.flatnonzero(counts == 1)]

    def _groups(self, kind: np.ndarray, kinds: int) -> list[np.ndarray]:
        """The kinds of documents with each category, of which an equal share is held out; a kind with several counts
        for its last. Without categories they are one group."""
        if self.labels is None or not self.labels.scheme.names:
            return [np.arange(kinds)]
        category = np.zeros(kinds, np.int64)
        category[kind] = self.labels.numbers[self.which]
        return [np.flatnonzero(category == number) for number in range(len(self.labels.scheme.names))]

    def _some(self, which: np.ndarray) -> "Documents":
        return Documents(self.ids, self.marks, which, self.labels, self.source_ends, self.source_shift)


def source_ends(ids: Ids, marks: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """Where the source of each pair ends (D,) int64: the place of its first tab.

    Raises CorpusError for a document without a tab, or with nothing before or behind it.
    """
    tab = -1 if vocabulary.unknown(TAB) else int(vocabulary.encode(TAB)[0])
    blocks = (np.arange(start, min(start + BLOCK, len(ids))) for start in range(0, len(ids), BLOCK))
    places = np.concatenate([*(block[ids.take(block) == tab] for block in blocks), marks[-1:]])
    ends: np.ndarray = places[np.searchsorted(places, marks[:-1])]
    has_no_target, has_no_source = ends >= marks[1:] - 1, ends == marks[:-1] + 1
    wrong = np.flatnonzero(has_no_target | has_no_source)
    if len(wrong):
        first = wrong[0]
        document = "".join(vocabulary.decode(ids.take(np.arange(marks[first] + 1, marks[first + 1]))))
        why = "has no tab with a target behind it" if has_no_target[first] else "has nothing before its tab"
        raise CorpusError(f"document {first + 1:,}, {shortened(document)}, is not source, tab and target: it {why}; "
                          "mend it, or leave --pairs out")
    return ends


def _index_type(count: int) -> type:
    """The smallest type of number that counts so far."""
    return np.int32 if count < 1 << 31 else np.int64


def _hashes(ids: Ids, marks: np.ndarray) -> np.ndarray:
    """A 64-bit number for the content of each document: the sum of its ids, each mixed and times a power of its place.

    It is made block by block, so that a text on disk is read once from its start to its end.
    """
    hashes = np.zeros(len(marks) - 1, np.uint64)
    low, high = _powers(_BASE, _LOW), _powers(pow(_BASE, _LOW, 1 << 64), _LOW)
    for first, starts, stop in _blocks(marks):
        places = np.arange(starts[0], stop)
        inside = places - np.repeat(marks[first:first + len(starts)], np.diff(starts, append=stop))
        values = _mixed(ids.take(places).astype(np.uint64)) * low.take(inside & (_LOW - 1))
        if inside.max() >= _LOW:
            values *= high.take(inside >> 16, mode="wrap")
        hashes[first:first + len(starts)] += np.add.reduceat(values, starts - starts[0])
    return _mixed(hashes)


def _blocks(marks: np.ndarray) -> Iterator[tuple[int, np.ndarray, int]]:
    """Blocks of places from the first mark to the last: the first document in each, where each document in it begins
    there, and where the block ends."""
    for start in range(int(marks[0]), int(marks[-1]), BLOCK):
        stop = min(start + BLOCK, int(marks[-1]))
        first = int(np.searchsorted(marks, start, side="right")) - 1
        last = int(np.searchsorted(marks, stop, side="left"))
        yield first, np.maximum(marks[first:last], start), stop


def _powers(base: int, count: int) -> np.ndarray:
    """base ** 0, base ** 1, ... modulo 2 ** 64."""
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    powers: np.ndarray = np.multiply.accumulate(factors)
    return powers


def _mixed(values: np.ndarray) -> np.ndarray:
    """Each uint64 turned into another that looks drawn at random (the finisher of SplitMix64)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
