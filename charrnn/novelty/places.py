"""Layer novelty: the file and line of a position in the training part of a corpus."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from charrnn.runs.training_text import TrainingText
from charrnn.settings import TextSettings
from charrnn.text.corpus import Corpus
from charrnn.text.documents import Documents, splitter_of, unescaped
from charrnn.text.normalize import normalized_chunks
from charrnn.text.sources import STDIN, files_below, is_folder, read_source


@dataclass(frozen=True)
class SourcePlace:
    """A place in the training text.

    source     the file, or another source that the user named; "" for a text from Python
    document   its number in the source, from 1; None in a text without documents
    line       in the document, else in the source, from 1
    position   characters before it in the training part
    """

    source: str
    document: int | None
    line: int
    position: int


class _Seen(NamedTuple):
    """What stands before a position in the training part."""

    documents: int
    lines: int  # line ends, with those that are held out; of documents, those in the same document
    file: int  # the file with which the range begins that the position is in
    characters: int  # since there


class _Start(NamedTuple):
    """The start of a file of a corpus."""

    source: str
    before: int  # documents, characters or line ends before it, as _starts() counts
    lines: int  # line ends before it


def source_places(positions: Sequence[int], trained: TrainingText) -> list[SourcePlace]:
    """The places of these positions of the training part."""
    if not positions:
        return []
    seen = dict(_seen(sorted(set(positions)), trained))
    starts = _starts(trained)
    return [_place(position, seen[position], starts, trained) for position in positions]


def _place(position: int, seen: _Seen, starts: list[_Start], trained: TrainingText) -> SourcePlace:
    """The place of a position, from the numbers before it."""
    part = trained.part
    if isinstance(part, Documents):
        number = int(part.which[seen.documents])  # among all documents, with those held out
        start = starts[bisect_right(starts, number, key=lambda start: start.before) - 1]
        return SourcePlace(start.source, number - start.before + 1, seen.lines + 1, position)
    first = starts[min(seen.file, len(starts) - 1)]  # files that can't be read again have one start
    counted = seen.lines if _counts_lines(trained.settings.text) else first.before + seen.characters
    start = starts[bisect_right(starts, counted, key=lambda start: start.before) - 1]
    return SourcePlace(start.source, None, seen.lines - start.lines + 1, position)


def _seen(positions: list[int], trained: TrainingText) -> Iterator[tuple[int, _Seen]]:
    """The numbers before each of the positions, which rise; the training part is read up to the last."""
    mark = -1 if trained.mark is None else ord(trained.mark)
    base, range_base, documents, lines = 0, 0, 0, 0
    blocks = trained.numbered_blocks()
    number, block = next(blocks)
    for position in positions:
        while position >= base + len(block):
            documents, lines = _counted(block, mark, documents, lines)
            before, base = number, base + len(block)
            number, block = next(blocks)
            if number != before:
                lines, range_base = lines + trained.line_ends_behind(before), base
        yield position, _Seen(*_counted(block[:position - base], mark, documents, lines), trained.first_file(number),
                              position - range_base)


def _counted(codes: np.ndarray, mark: int, documents: int, lines: int) -> tuple[int, int]:
    """The numbers after `codes`: of documents, and of line ends since the last document."""
    marks = np.flatnonzero(codes == mark)
    if len(marks):
        codes, lines = codes[marks[-1] + 1:], 0
    return documents + len(marks), lines + int(np.count_nonzero(codes == ord("\n")))


def _starts(trained: TrainingText) -> list[_Start]:
    """The start of each file. Several files are read once more to find them.

    Documents are counted, or else characters, or line ends.
    """
    sources, settings = _files(trained.corpus), trained.settings.text
    if len(sources) == 1:
        return [_Start(sources[0], 0, 0)]
    what = trained.mark or ("\n" if _counts_lines(settings) else "")
    between = None if settings.between is None else unescaped(settings.between)
    starts, count, lines, last = list[_Start](), 0, 0, ""
    splitter = splitter_of(settings)
    for source in sources:
        chunks = normalized_chunks(read_source(source, None, lambda size: None), settings)
        if splitter is not None:
            chunks = splitter.marked(chunks)
        is_first = True
        for chunk in chunks:
            if is_first:
                joint = ("" if splitter or not last else ("" if last == "\n" else "\n") if between is None else between)
                count, lines = count + _count(joint, what), lines + joint.count("\n")
                starts.append(_Start(source, count, lines))
            count, lines, last, is_first = count + _count(chunk, what), lines + chunk.count("\n"), chunk[-1], False
    return starts


def _counts_lines(settings: TextSettings) -> bool:
    """Whether the training text has other characters than the files: the spaces between tokens are not kept, and each
    rare word is one character."""
    return settings.unit == "token" or (settings.unit == "word" and settings.min_count > 1)


def _count(text: str, what: str) -> int:
    return text.count(what) if what else len(text)


def _files(corpus: Corpus) -> list[str]:
    """The files and other sources of a corpus, in the order of reading."""
    if STDIN in corpus.sources:  # it can't be read again
        return [" + ".join("standard input" if source == STDIN else source for source in corpus.sources)]
    files: list[str] = []
    for source in corpus.sources:
        files += [path for path in files_below(source) if path not in corpus.skipped] if is_folder(source) else [source]
    return files or [""]
