"""Layer text: what a user may name as a text: a file, a folder, - for standard input, @name for a built-in text."""

import contextlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from charrnn.errors import CorpusError
from charrnn.storage.run_folders import BEST, LAST
from charrnn.text.builtin import SUCH_AS, find_builtin
from charrnn.text.decode import CHUNK, COMPRESSED_SUFFIXES, text_of

STDIN = "-"


def is_folder(source: str) -> bool:
    return source != STDIN and not source.startswith("@") and os.path.isdir(source)


def size_of(source: str, stdin: BinaryIO | None) -> int | None:
    """The bytes to read for a source that is not a folder; None if that is not known before reading.

    Raises CorpusError where there is nothing of that name.
    """
    if source == STDIN:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return _regular_size(os.fstat(stdin.fileno()))  # type: ignore[union-attr]
        return None
    if source.startswith("@"):
        find_builtin(source)
        return 0
    with _refusals(source):
        return _regular_size(os.stat(source))


def read_source(source: str, stdin: BinaryIO | None, count: Callable[[int], None]) -> Iterator[str]:
    """The text of a source that is not a folder, in chunks; count() gets the number of bytes at each read."""
    if source == STDIN:
        return _read_stdin(stdin, count)
    if source.startswith("@"):
        return chunks_of(find_builtin(source).read())
    return read_file(source, count)


def read_file(path: str, count: Callable[[int], None]) -> Iterator[str]:
    """The text of a file, in chunks."""
    with _refusals(path), open(path, "rb") as stream:
        yield from text_of(stream, repr(path), count)


def chunks_of(text: str) -> Iterator[str]:
    """A text that is in memory, in chunks."""
    return (text[start:start + CHUNK] for start in range(0, len(text), CHUNK))


def files_below(folder: str) -> list[str]:
    """The regular files below `folder` that are not hidden, in the order in which they are read.

    A folder that can't be listed is among them, so that opening it gives the reason.
    """
    found: list[str] = []

    def refused(error: OSError) -> None:
        found.append(error.filename)

    for parent, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if {BEST, LAST}.intersection(names):  # a run's folder: its files are about a text, not one
            folders.clear()
            continue
        paths = (os.path.join(parent, name) for name in sorted(names) if not name.startswith("."))
        found += filter(os.path.isfile, paths)
    return found


def size_below(paths: list[str]) -> int:
    """The bytes in all the files whose size is known."""
    total = 0
    for path in paths:
        with contextlib.suppress(OSError):
            total += _regular_size(os.stat(path)) or 0
    return total


def short_name(source: str) -> str:
    """A name for a run on `source`: letters, digits and - _ . only, never hidden, never empty."""
    if source == STDIN:
        return "stdin"
    if not source.startswith("@"):
        path = Path(os.path.abspath(source))
        is_compressed = path.suffix.lower() in COMPRESSED_SUFFIXES
        source = path.name if path.is_dir() else Path(path.stem).stem if is_compressed else path.stem
    return re.sub(r"[^\w.-]+", "-", source)[:40].strip("-.") or "text"


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends, cut at line feeds alone, as training cuts them."""
    return [line.removesuffix("\r") for line in text.split("\n")]


def stdin_refused(error: OSError | ValueError) -> CorpusError:
    """What is to be said where standard input can't be read."""
    return CorpusError(f"cannot read standard input: {_reason(error)}; name a file instead")


def no_stdin() -> CorpusError:
    """What is to be said where there is no standard input."""
    return CorpusError("there is no standard input to read; name a file instead of -")


def _read_stdin(stdin: BinaryIO | None, count: Callable[[int], None]) -> Iterator[str]:
    try:
        if stdin is None:
            raise no_stdin()
        if stdin.isatty():
            raise CorpusError("standard input is a terminal; pipe a text into it, or name a file")
        yield from text_of(stdin, "standard input", count)
    except (OSError, ValueError) as error:
        raise stdin_refused(error) from error


@contextlib.contextmanager
def _refusals(name: str) -> Iterator[None]:
    """Turns the system's refusal to read the file `name` into a CorpusError."""
    try:
        yield
    except FileNotFoundError as error:
        raise CorpusError(f"no file or folder {name!r}; check the name, or try {SUCH_AS}") from error
    except (OSError, ValueError) as error:
        raise CorpusError(f"cannot read {name!r}: {_reason(error)}; give a file you may read") from error


def _regular_size(status: os.stat_result) -> int | None:
    """The size of a file; pipes and devices have none."""
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _reason(error: OSError | ValueError) -> str:
    """What the system says, in lower case and on one line."""
    return (getattr(error, "strerror", None) or str(error)).lower()
