"""Floor 1: the text to train on.

In come the names a user gives; out goes one Corpus, whose ids lie on disk, however long it is. A text takes this way in
chunks: sources (bytes) - decoder (text with line feeds only) - encoder (ids), and nowhere is it whole.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from charrnn.errors import CorpusError
from charrnn.settings import TextSettings
from charrnn.text.builtin import BUILTINS
from charrnn.text.encoder import Encoder
from charrnn.text.ids import MappedIds
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
OnRead = Callable[[int, int | None], None]

AS_IT_IS = TextSettings()


@dataclass(frozen=True)
class Corpus:
    """A text as ids, and where it came from."""

    ids: MappedIds = field(repr=False, compare=False)  # the fingerprint decides what is equal
    vocabulary: Vocabulary = field(repr=False)
    fingerprint: str  # SHA-256 of the text in UTF-8
    sources: tuple[str, ...]  # as the user gave them
    name: str  # short, fit for the name of a folder
    skipped: tuple[str, ...] = ()  # files below a folder that hold no text, or could not be read

    @classmethod
    def of(cls, text: str, sources: Sequence[str] = (), name: str = "text",
           settings: TextSettings = AS_IT_IS) -> "Corpus":
        """The corpus that holds `text`, made ready as `settings` say; raises VocabularyError for half surrogates."""
        if re.search("[\ud800-\udfff]", text):
            Vocabulary.of(text).encode(text)  # refuses them, by name and position
        with Encoder() as encoder:
            _add(encoder, chunks_of(text))
            return _finished(encoder, sources, name)

    def __len__(self) -> int:
        """Its characters."""
        return len(self.ids)


def read_corpus(sources: Sequence[str], stdin: BinaryIO | None = None, on_read: OnRead | None = None,
                settings: TextSettings = AS_IT_IS) -> Corpus:
    """The texts of all `sources`, one after the other, each beginning on a new line.

    on_read    is told now and then how many bytes are read, and how many there are in all (None: nobody knows)
    settings   say how the text is made ready
    """
    if not sources:
        raise CorpusError(f"no text was given; name a file or a folder, {STDIN} for standard input, "
                          f"or a built-in text ({', '.join(BUILTINS)})")
    files = [files_below(source) if is_folder(source) else None for source in sources]
    sizes = [size_of(source, stdin) if paths is None else size_below(paths)
             for source, paths in zip(sources, files, strict=True)]
    count, skipped = _counter(sizes, on_read), []
    with Encoder() as encoder:
        for source, paths in zip(sources, files, strict=True):
            if paths is None:
                _add(encoder, read_source(source, stdin, count))
            else:
                skipped += _add_folder(encoder, source, paths, count)
        return _finished(encoder, sources, short_name(sources[0]), skipped)


def _add(encoder: Encoder, chunks: Iterable[str]) -> None:
    """Appends a text, which begins on a new line."""
    joint = "\n" if encoder.length and encoder.last != "\n" else ""
    for chunk in chunks:
        encoder.append(joint + chunk)
        joint = ""


def _add_folder(encoder: Encoder, name: str, paths: list[str], count: Count) -> list[str]:
    """Appends the texts among the files of a folder; what is none is left out, and returned."""
    skipped: list[str] = []
    for path in paths:
        mark = encoder.mark()
        try:
            _add(encoder, read_file(path, count))
        except CorpusError:
            encoder.rollback(mark)
            skipped.append(path)
    if len(skipped) == len(paths):
        seen = f"{len(skipped):,} skipped, as {skipped[0]!r}" if skipped else "no files in it"
        raise CorpusError(f"folder {name!r} holds no UTF-8 text ({seen}); name a folder with text files")
    return skipped


def _finished(encoder: Encoder, sources: Sequence[str], name: str, skipped: Sequence[str] = ()) -> Corpus:
    if not encoder.length:
        names = " + ".join("standard input" if source == STDIN else repr(source) for source in sources)
        raise CorpusError(f"{names or 'the text'} is empty; give a text with something in it")
    return Corpus(*encoder.finish(), tuple(sources), name, tuple(skipped))


def _counter(sizes: Sequence[int | None], on_read: OnRead | None) -> Count:
    """A function that is told of every few bytes read, and tells on_read how many they are by now."""
    known = [size for size in sizes if size is not None]
    total = sum(known) if len(known) == len(sizes) else None
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        if on_read is not None:
            on_read(done, total)

    return count
