"""Layer runs: the text that a network was trained on: found again, and read as characters, block by block.

One rule finds it, the same for novelty, inspect-cells and --resume:

1. A text that the user names now is read, whatever the checkpoint says.
2. Else the names in the checkpoint are read. Standard input and a text from Python can't be read again.
3. A built-in text (`@name`) is itself. A file or folder is looked for in the working directory; if it is not there, in
   the folder where the run was started, two above the run's own (`checkpoints/<run>`).
4. A text with another fingerprint has changed. inspect-cells and --resume refuse it; novelty reads it as it is now.
"""

import itertools
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from charrnn.errors import CorpusError
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import Settings, TextSettings
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.documents import RECORD, Documents, mark_of
from charrnn.text.ids import IdRanges
from charrnn.text.vocabulary import code_points
from charrnn.text.windows import Text, size, split

Read = Callable[[Sequence[str], TextSettings], Corpus]

# What novelty says where the text can't be read again.
ELSEWHERE = "name a file that has it with --corpus FILE (Python: corpus=)"
BLOCK = 1 << 20
# Places in the held-out part that a stretch is taken from, where not all of it is needed.
STRETCHES = 10


def read_training_text(known: CorpusInfo, settings: TextSettings, checkpoint: Path | None, given: Sequence[str] = (),
                       read: Read = lambda sources, settings: read_corpus(sources, settings=settings), *,
                       advice: str) -> Corpus:
    """The text that a checkpoint's `settings` and `known` (its `corpus`) tell of.

    checkpoint   the file, if there is one
    given        the text's name now, if the user says so
    read         reads a text
    advice       ends the message of the CorpusError that is raised if the text can't be read again
    """
    if given:
        return read(given, settings)
    if not known.can_be_read_again:
        source = "standard input" if known.sources else "a text in memory"
        raise CorpusError(f"the text of this network, {known.name or 'a text'!r}, came from {source} and is not kept; "
                          f"{advice}")
    try:
        return read(located(known.sources, checkpoint), settings)
    except CorpusError as error:
        raise CorpusError(f"the text of this network can't be read again: {error}; {advice}") from error


def located(sources: Sequence[str], checkpoint: Path | None) -> list[str]:
    """Where the sources of a run are now; one that is nowhere keeps its name."""
    started_in = None if checkpoint is None else checkpoint.absolute().parent.parent.parent
    found = []
    for source in sources:
        near = source if started_in is None else os.path.join(started_in, source)
        is_near = not source.startswith("@") and not os.path.exists(source) and os.path.exists(near)
        found.append(near if is_near else source)
    return found


@dataclass(frozen=True)
class TrainingText:
    """A corpus, as it was trained on."""

    corpus: Corpus
    settings: Settings
    is_changed: bool = False  # since it was trained on

    @classmethod
    def of(cls, corpus: Corpus, settings: Settings, known: CorpusInfo) -> "TrainingText":
        """With `settings`, and compared with what a checkpoint says of it (its `corpus`)."""
        return cls(corpus, settings, not known.is_of(corpus))

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
        return split(self.corpus.content, self.settings.windows)

    def blocks(self) -> Iterator[np.ndarray]:
        """The code points of the training part, block by block; of documents with a mark behind each."""
        return (block for _, block in self.numbered_blocks())

    def numbered_blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """The same, each block with the number of the range that it is in, where the training part is several."""
        for number, part in enumerate(self.part.each() if isinstance(self.part, IdRanges) else [self.part]):
            for block in self._code_points(part):
                yield number, block

    def held_out_blocks(self) -> Iterator[np.ndarray]:
        """The code points of the held-out part, block by block; of documents with a mark behind each."""
        return self._code_points(self._parts[1])

    def first_file(self, number: int) -> int:
        """The number of the file with which a range of the training part begins."""
        part = self.part
        return bisect_right(self.corpus.ids.file_starts, part.starts[number]) - 1 if isinstance(part, IdRanges) else 0

    def line_ends_behind(self, number: int) -> int:
        """How many line ends are held out behind a range of the training part, before the next one."""
        part, units = self._parts[1], self.corpus.vocabulary.units
        if not isinstance(part, IdRanges) or "\n" not in units:
            return 0
        [held_out] = itertools.islice(part.each(), number, number + 1)
        return sum(int(np.count_nonzero(ids == units.index("\n"))) for ids in _id_blocks(held_out))

    def held_out(self, characters: int) -> list[str]:
        """About so many characters of the held-out part, from all over it; all of it if it has no more."""
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

    def _code_points(self, part: Text) -> Iterator[np.ndarray]:
        write = self.corpus.vocabulary.writer()
        for ids in _id_blocks(part):
            text = write(ids)
            if self.settings.text.unit == "token":  # a mark is a token, but nothing was put before it
                text = text.replace(" " + RECORD, RECORD)
            yield code_points(text)

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
