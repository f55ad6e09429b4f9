"""Layer text: encoded texts, kept in the user's cache folder so that they need not be read again.

The key of a cached text is everything that decides what it becomes: its files, with the times of their last change, the
settings, and the code in this folder. A cached file holds the numbers of the ids, the places of the marks, the rest as
JSON, and the length of that.
"""

import contextlib
import hashlib
import json
import logging
import math
import mmap
import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.errors import SettingsError
from charrnn.settings import TextSettings
from charrnn.storage.cache import CHECKSUM, Store
from charrnn.storage.files import Buffer
from charrnn.text.documents import mark_of
from charrnn.text.encode import Encoded, kind_for, vocabulary_and_table
from charrnn.text.ids import MappedIds

# A text of fewer bytes is not worth caching; all cached texts take so many at most, unless LIMIT_NAME says otherwise.
LEAST, LIMIT = 5_000_000, 2_000_000_000
LIMIT_NAME = "CHARRNN_CACHE_GB"
# Seconds in which a file system may not tell two changes of a file apart.
FRESH = 2.0

_log = logging.getLogger(__name__)
_PLACE, _LENGTH = 8, 8  # bytes of a mark's place, and of the length of the JSON


@dataclass(frozen=True)
class CacheEntry:
    """The place of a text in the cache, which may be empty."""

    files: tuple[str, ...]  # all that are read
    stamps: tuple[tuple[int, ...] | None, ...]  # size and last change of each
    names: tuple[str, ...]  # of folders as the user gave them: the messages about skipped files contain them
    settings: TextSettings

    @classmethod
    def of(cls, sources: Sequence[str], files: Sequence[list[str] | None], settings: TextSettings) -> "CacheEntry":
        """That of `sources`, all of them files or folders; the files in each folder, None for each file."""
        paths = [os.path.abspath(path) for source, below in zip(sources, files, strict=True)
                 for path in ([source] if below is None else below)]
        folders = [source for source, below in zip(sources, files, strict=True) if below is not None]
        return cls(tuple(paths), tuple(map(_stamp, paths)), tuple(folders), settings)

    @property
    def key(self) -> str:
        """The name of its file."""
        parts = [_code(), sys.version, unicodedata.unidata_version, np.__version__, sys.byteorder, self.files,
                 self.stamps, self.names, self.settings.to_dict()]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def is_unchanged(self, since: float) -> bool:
        """Whether no file changed after `since` (Unix time, in seconds), nor too shortly before it to tell."""
        if any(stamp is None or max(stamp[1:3]) / 1e9 > since - FRESH for stamp in self.stamps):
            return False
        return self.stamps == tuple(map(_stamp, self.files))

    def load(self) -> tuple[Encoded, dict[str, str]] | None:
        """The cached text, and the files that were skipped, with the reasons; None if there is none."""
        memory = _store().get(self.key)
        _log.debug("%s in the cache of texts: %s", "found" if memory else "not", ", ".join(self.files))
        return None if memory is None else _loaded(memory, self.settings)

    def save(self, text: Encoded, skipped: dict[str, str]) -> None:
        """Caches the text."""
        numbers = len(text.ids) * text.ids.bytes_each
        marks = 0 if text.marks is None else len(text.marks)
        rest = json.dumps({"length": len(text.ids), "counts": text.counts, "fingerprint": text.fingerprint,
                           "characters": text.characters, "marks": marks, "file_starts": list(text.ids.file_starts),
                           "skipped": skipped}).encode()

        def parts() -> Iterator[Buffer]:
            yield from text.ids.blocks()
            yield bytes(-numbers % _PLACE)
            if text.marks is not None:
                yield text.marks.data.cast("B")
            yield rest
            yield len(rest).to_bytes(_LENGTH, "little")

        size = numbers + -numbers % _PLACE + marks * _PLACE + len(rest) + _LENGTH
        _store().put(self.key, size, parts())


def is_worth_caching(sources: Sequence[str], sizes: Sequence[int | None]) -> bool:
    """Whether `sources` are regular files, and together long enough."""
    known = [size for size in sizes if size is not None]
    return (len(known) == len(sizes) and sum(known) >= LEAST and _limit() > 0
            and not any(source == "-" or source.startswith("@") for source in sources))


def gigabytes_wanted(text: Encoded) -> int | None:
    """The gigabytes that LIMIT_NAME would have to allow for a text that is too long to be kept; None for others."""
    size = len(text.ids) * text.ids.bytes_each
    return math.ceil(1.1 * size / 1e9) if size >= LEAST and size > _limit() > 0 else None


def _loaded(memory: mmap.mmap, settings: TextSettings) -> tuple[Encoded, dict[str, str]]:
    end = len(memory) - CHECKSUM - _LENGTH
    start = end - int.from_bytes(memory[end:end + _LENGTH], "little")
    rest: dict[str, Any] = json.loads(memory[start:end])
    vocabulary, table = vocabulary_and_table(rest["counts"], settings, mark_of(settings) or "")
    ids = MappedIds.of(memory, kind_for(len(table)), table, rest["length"], rest["file_starts"])
    marks = np.frombuffer(memory, np.int64, rest["marks"], start - rest["marks"] * _PLACE) if rest["marks"] else None
    return Encoded(ids, vocabulary, rest["fingerprint"], rest["characters"], rest["counts"], marks), rest["skipped"]


def _stamp(path: str) -> tuple[int, ...] | None:
    """What changes when a file changes: size, times of the last change in nanoseconds, and which file it is."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _code() -> str:
    """A fingerprint of the code in this folder: another version may have made something else of a text."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _store() -> Store:
    return Store("texts", _limit())


def _limit() -> int:
    """The bytes that may be kept; raises SettingsError if the user's own number is none."""
    given = os.environ.get(LIMIT_NAME, "")
    if not given:
        return LIMIT
    with contextlib.suppress(ValueError):
        if 0 <= (limit := float(given)) <= 1e9:
            return int(limit * 1e9)
    raise SettingsError(f"{LIMIT_NAME} is {given!r}; it must be the gigabytes that texts may take in the cache folder, "
                        "0 to keep none")
