"""Floor 1: reads the text to train on.

In come the names a user gives: files, folders, - for standard input, @name for a built-in text. Out goes one
Corpus, in which every line ends in a line feed; or a CorpusError that says which name is at fault, and why.
"""

import codecs
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from charrnn.errors import CorpusError
from charrnn.text.builtin import BUILTINS, read_builtin

STDIN = "-"
RUN_FILES = {"best.safetensors", "last.safetensors"}
CHUNK = 1 << 20


@dataclass(frozen=True)
class Corpus:
    """A text and where it came from."""

    text: str = field(repr=False)
    sources: tuple[str, ...]  # as the user gave them
    name: str  # short, fit for the name of a folder
    fingerprint: str  # SHA-256 of the text in UTF-8
    skipped: tuple[str, ...] = ()  # files below a folder that hold no text, or could not be read

    @classmethod
    def of(cls, text: str, sources: Sequence[str] = (), name: str = "text", skipped: Sequence[str] = ()) -> "Corpus":
        """The corpus that holds `text`, which may come from nowhere but memory."""
        if not text:
            names = " + ".join("standard input" if source == STDIN else repr(source) for source in sources)
            raise CorpusError(f"{names or 'the text'} is empty; "
                              "give a text with something in it")
        fingerprint = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        return cls(text, tuple(sources), name, fingerprint, tuple(skipped))


def read_corpus(sources: Sequence[str], stdin: BinaryIO | None = None) -> Corpus:
    """The texts of all `sources`, one after the other."""
    if not sources:
        raise CorpusError(f"no text was given; name a file or a folder, {STDIN} for standard input, "
                          f"or a built-in text ({', '.join(BUILTINS)})")
    skipped: list[str] = []
    text = _join([text for source in sources for text in _read_source(source, stdin, skipped)])
    return Corpus.of(text, sources, _short_name(sources[0]), skipped)


def _read_source(source: str, stdin: BinaryIO | None, skipped: list[str]) -> list[str]:
    if source == STDIN:
        return [_read_stdin(stdin)]
    if source.startswith("@"):
        return [read_builtin(source)]
    if os.path.isdir(source):
        return _read_folder(source, skipped)
    return [_read_file(source)]


def _read_stdin(stdin: BinaryIO | None) -> str:
    try:
        if stdin is None:
            raise CorpusError("there is no standard input to read; name a file instead of -")
        if stdin.isatty():
            raise CorpusError("standard input is a terminal; pipe a text into it, or name a file")
        return _read_text(stdin, "standard input")
    except (OSError, ValueError) as error:
        raise CorpusError(f"cannot read standard input: {_reason(error)}; name a file instead") from error


def _read_file(name: str) -> str:
    try:
        with open(name, "rb") as stream:
            return _read_text(stream, repr(name))
    except FileNotFoundError as error:
        raise CorpusError(f"no file or folder {name!r}; check the name, or try a built-in text "
                          f"({', '.join(BUILTINS)})") from error
    except (OSError, ValueError) as error:
        raise CorpusError(f"cannot read {name!r}: {_reason(error)}; give a file you may read") from error


def _read_folder(name: str, skipped: list[str]) -> list[str]:
    """The texts below a folder in the order of their paths; what is no text is added to `skipped`."""
    texts: list[str] = []
    passed_over: list[str] = []
    for path in _files_below(name, passed_over):
        try:
            texts.append(_read_file(path))
        except CorpusError:
            passed_over.append(path)
    if not texts:
        seen = f"{len(passed_over):,} skipped, as {passed_over[0]!r}" if passed_over else "no files in it"
        raise CorpusError(f"folder {name!r} holds no UTF-8 text ({seen}); name a folder with text files")
    skipped += passed_over
    return texts


def _files_below(folder: str, unreadable: list[str]) -> Iterator[str]:
    """Every regular file below `folder` that is not hidden; folders that refuse go to `unreadable`."""
    for parent, folders, names in os.walk(folder, onerror=lambda error: unreadable.append(error.filename)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if RUN_FILES.intersection(names):  # a run's folder: its files are about a text, not one
            folders.clear()
            continue
        paths = (os.path.join(parent, name) for name in sorted(names) if not name.startswith("."))
        yield from filter(os.path.isfile, paths)


def _read_text(stream: BinaryIO, name: str) -> str:
    """What the stream holds, without its byte order mark and with line feeds only."""
    data = _read_bytes(stream, name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{name} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start:,}; "
                          "convert it first, for example with iconv -f LATIN1 -t UTF-8") from error
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _read_bytes(stream: BinaryIO, name: str) -> bytes:
    """All bytes of the stream, left at the first NUL so that no disk image is read to its end."""
    chunks: list[bytes] = []
    while chunk := stream.read(CHUNK):
        if not chunks and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise CorpusError(f"{name} is UTF-16, not UTF-8; convert it first with iconv -f UTF-16 -t UTF-8")
        if b"\0" in chunk:
            offset = sum(map(len, chunks)) + chunk.index(b"\0")
            raise CorpusError(f"{name} is binary, not text: NUL byte at offset {offset:,}; give a text file")
        chunks.append(chunk)
    return b"".join(chunks)


def _join(texts: list[str]) -> str:
    """The texts in one, each beginning on a new line."""
    texts = [text for text in texts if text]
    ended = [text if text.endswith("\n") else text + "\n" for text in texts[:-1]]
    return "".join(ended + texts[-1:])


def _short_name(source: str) -> str:
    """A name for a run on `source`: letters, digits and - _ . only, never hidden, never empty."""
    if source == STDIN:
        return "stdin"
    if not source.startswith("@"):
        path = Path(os.path.abspath(source))
        source = path.name if path.is_dir() else path.stem
    return re.sub(r"[^\w.-]+", "-", source)[:40].strip("-.") or "text"


def _reason(error: OSError | ValueError) -> str:
    """What the system says, in lower case and on one line."""
    return (getattr(error, "strerror", None) or str(error)).lower()
