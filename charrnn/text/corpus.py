"""Layer text: the text to train on.

The names a user gives come in; one Corpus goes out, whose ids lie on disk, however long it is. A text passes in chunks
through sources (bytes), decode (text), normalize, documents and encode (ids), and is nowhere whole in memory.
"""

import dataclasses
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

from charrnn.errors import CorpusError
from charrnn.settings import TextSettings
from charrnn.text.builtin import SUCH_AS
from charrnn.text.corpus_cache import CacheEntry, is_worth_caching
from charrnn.text.documents import BLANK, FILE, LINE, Documents, Splitter, mark_of, source_ends, splitter_of, unescaped
from charrnn.text.encode import Encoded, Encoder, vocabulary_and_table
from charrnn.text.ids import Ids
from charrnn.text.labels import LabelReader, Labels
from charrnn.text.normalize import normalized_chunks
from charrnn.text.sources import (
    STDIN,
    chunks_of,
    files_below,
    is_folder,
    read_file,
    read_source,
    short_name,
    size_below,
    size_of,
)
from charrnn.text.vocabulary import Vocabulary

Count = Callable[[int], None]
OnRead = Callable[[int, int | None, int], None]
_GIGABYTE = 10**9

AS_IT_IS = TextSettings()


@dataclass(frozen=True)
class Corpus(Encoded):
    """A text as ids, and where it came from."""

    sources: tuple[str, ...]  # as the user gave them
    name: str  # short, fit for the name of a folder
    # files below a folder that hold no text, or could not be read, and what was said of each
    skipped: dict[str, str] = field(default_factory=dict, hash=False)
    labels: Labels | None = field(default=None, repr=False, compare=False)  # of its documents
    has_pairs: bool = False  # each document is a source, a tab and a target

    @classmethod
    def of(cls, text: str, sources: Sequence[str] = (), name: str = "text",
           settings: TextSettings = AS_IT_IS) -> "Corpus":
        """The corpus that holds `text`; raises VocabularyError for half surrogates."""
        if re.search("[\ud800-\udfff]", text):
            Vocabulary.of(text).encode(text)  # refuses them, by name and position
        with closing(_Builder(settings)) as builder:
            builder.add(chunks_of(text))
            return builder.finish(sources, name)

    def __len__(self) -> int:
        """Its units; of documents with one for the end of each."""
        return len(self.ids) - (self.marks is not None)

    def within(self, vocabulary: Vocabulary) -> "Corpus":
        """The same text in the ids of a vocabulary that has all of its units."""
        if vocabulary == self.vocabulary:
            return self
        numbers = self.vocabulary.places_in(vocabulary)
        return dataclasses.replace(self, ids=self.ids.renumbered(numbers), vocabulary=vocabulary)

    def without_rare(self, settings: TextSettings) -> "Corpus":
        """The same text with the --min-count of `settings`; apart from that they are those it was read with."""
        vocabulary, table = vocabulary_and_table(self.counts, settings, mark_of(settings) or "")
        return dataclasses.replace(self, ids=self.ids.with_table(table), vocabulary=vocabulary)

    @cached_property
    def content(self) -> Ids | Documents:
        """What is trained on: the ids, or the documents in them."""
        if self.marks is None:
            return self.ids
        heads = source_ends(self.ids, self.marks, self.vocabulary) if self.has_pairs else None
        return Documents(self.ids, self.marks, labels=self.labels, source_ends=heads)


def read_corpus(sources: Sequence[str], stdin: BinaryIO | None = None, on_read: OnRead | None = None,
                settings: TextSettings = AS_IT_IS, max_size: float = 0.0) -> Corpus:
    """The texts of all `sources`, one after the other, each beginning on a new line or behind what is put between.

    on_read    gets the number of bytes read so far, now and then, the number of all bytes (None if not known), and
               how many those that were read are after decompression
    max_size   gigabytes after decompression; CorpusError for more (0: no limit)
    """
    if not sources:
        raise CorpusError(f"no text was given; name a file or a folder, {STDIN} for standard input, or {SUCH_AS}")
    files = [files_below(source) if is_folder(source) else None for source in sources]
    sizes = [size_of(source, stdin) if paths is None else size_below(paths)
             for source, paths in zip(sources, files, strict=True)]
    name = short_name(sources[0])
    can_be_cached = settings.labels is None and is_worth_caching(sources, sizes)
    entry = CacheEntry.of(sources, files, settings) if can_be_cached else None
    if entry is not None and (cached := entry.load()) is not None:
        return Corpus(**vars(cached[0]), sources=tuple(sources), name=name, skipped=cached[1],
                      has_pairs=settings.pairs)
    began = time.time()
    skipped: dict[str, str] = {}
    with closing(_Builder(settings, max_size)) as builder:
        count = _counter(sizes, builder, on_read)
        for source, paths in zip(sources, files, strict=True):
            if paths is None:
                builder.add(read_source(source, stdin, count), source)
            else:
                skipped |= _add_folder(builder, source, paths, count)
        corpus = builder.finish(sources, name, skipped)
    if entry is not None and not builder.was_refused and entry.is_unchanged(began):
        entry.save(corpus, skipped)
    return corpus


class _TooLongError(CorpusError):
    """The text is longer than the user wants to read."""


class _Builder:
    """Builds a corpus, file by file; it has to be closed, so that it leaves no file behind."""

    def __init__(self, settings: TextSettings, max_size: float = 0.0) -> None:
        self.settings, self.max_size = settings, max_size
        self.between = None if settings.between is None else unescaped(settings.between)
        self.splitter = splitter_of(settings)
        self.was_refused = False  # the system refused a file, which it may let us read another time
        self.encoder = Encoder(settings, self.splitter.mark if self.splitter else "")
        self.labels = LabelReader(settings, self.splitter.mark) if self.splitter and settings.labels else None

    def add(self, chunks: Iterable[str], path: str = "") -> None:
        """Appends a file's text, behind what stands between files: a mark, the user's own words, or a line end."""
        joint = ""
        chunks = normalized_chunks(chunks, self.settings)
        if self.splitter is not None:
            chunks = self.splitter.marked(chunks)
            if self.labels is not None:
                chunks = self.labels.without_labels(chunks, path)
            joint = "" if self.encoder.characters else self.splitter.mark
        elif self.encoder.characters:
            line_end = "" if self.encoder.last == "\n" else "\n"
            joint = line_end if self.between is None else self.between
        is_begun = False
        for chunk in chunks:
            if not is_begun:
                self.encoder.begin_file(joint)
                is_begun = True
            self.encoder.append(chunk)
            if self.max_size and self.encoder.bytes > self.max_size * _GIGABYTE:
                raise _TooLongError(f"the text has more than {self.max_size:g} GB after decompression, the bound of "
                                    "--max-size; give a larger one, or less text")

    def try_to_add(self, chunks: Iterable[str], path: str) -> CorpusError | None:
        """Appends a file's text; if it can't be read, returns the error and drops what was appended."""
        position, has_met_mark = self.encoder.position(), self.splitter is not None and self.splitter.has_met_mark
        labelled = len(self.labels.labels) if self.labels is not None else 0
        try:
            self.add(chunks, path)
        except _TooLongError:
            raise
        except CorpusError as error:
            self.encoder.rollback(position)
            if self.labels is not None:
                self.labels.rollback(labelled)
            self.was_refused |= isinstance(error.__cause__, (OSError, ImportError))
            if self.splitter is not None:
                self.splitter.has_met_mark = has_met_mark
            return error
        return None

    def finish(self, sources: Sequence[str], name: str, skipped: dict[str, str] | None = None) -> Corpus:
        """The whole corpus; raises CorpusError if there is nothing in it."""
        names = " + ".join("standard input" if source == STDIN else repr(source) for source in sources) or "the text"
        self.encoder.flush()
        if self.splitter is not None:
            _check_documents(self.splitter, self.encoder.marked - 1, names)
        if not self.encoder.length:
            raise CorpusError(f"{names} is empty; give a text with something in it")
        text, labels = self.encoder.finish(), self.labels.finish() if self.labels is not None else None
        if labels is not None:
            both = f"{text.fingerprint} {labels.fingerprint}"
            text = dataclasses.replace(text, fingerprint=hashlib.sha256(both.encode()).hexdigest())
        return Corpus(**vars(text), sources=tuple(sources), name=name, skipped=skipped or {}, labels=labels,
                      has_pairs=self.settings.pairs)

    def close(self) -> None:
        """Lets go of the files."""
        self.encoder.close()


def _check_documents(splitter: Splitter, number: int, names: str) -> None:
    """Raises CorpusError for what is not several documents, and says what to do."""
    if splitter.has_met_mark:
        raise CorpusError(f"{names} holds the character U+001E, which is to stand for the end of a document; take it "
                          "out first, for example with tr -d '\\036'")
    if number < 1:
        raise CorpusError(f"{names} holds no document, nothing but white space; give a text with something in it")
    if number == 1:
        raise CorpusError({
            LINE: f"{names} is one line, and so one document; leave --documents out",
            BLANK: f"no blank line stands between documents in {names}; try --documents line, or leave it out",
            FILE: f"{names} is one file, and so one document; name a folder or more files, or leave --documents out",
        }.get(splitter.separator, f"{splitter.separator!r} never stands between documents in {names}; look up what "
                                  "does, or leave --documents out"))


def _add_folder(builder: _Builder, name: str, paths: list[str], count: Count) -> dict[str, str]:
    """Appends the texts among the files of a folder; the other files are returned, each with the reason."""
    skipped: dict[str, str] = {}
    for path in paths:
        if error := builder.try_to_add(read_file(path, count), path):
            skipped[path] = str(error)
    if len(skipped) == len(paths):
        seen = f"{len(skipped):,} skipped, the first because {skipped[paths[0]]}" if skipped else (
            "no files in it; name a folder with text files")
        raise CorpusError(f"folder {name!r} holds no UTF-8 text: {seen}")
    return skipped


def _counter(sizes: Sequence[int | None], builder: _Builder, on_read: OnRead | None) -> Count:
    """A function that adds up the bytes that are read, and passes the sum to on_read."""
    known = [size for size in sizes if size is not None]
    total = sum(known) if len(known) == len(sizes) else None
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        if on_read is not None:
            on_read(done, total, builder.encoder.bytes)

    return count
