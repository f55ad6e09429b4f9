"""Floor 0: the user's cache folder, and files there that nobody has to clean up.

A scratch file belongs to one process. It has no name, or the system deletes it when it is closed: a crash, Ctrl-C or
a kill leaves nothing behind. Every refusal of the disk becomes a StorageError of one line.
"""

import contextlib
import mmap
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from charrnn.errors import StorageError
from charrnn.files import Buffer, refusals


def user_cache() -> Path:
    """The folder for caches of all programs; raises RuntimeError where no home folder can be found."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


class ScratchFile:
    """An empty file in the cache folder, or where that can't be written in the system's temporary folder.

    The temporary folder comes second because it often lies in memory.
    """

    def __init__(self) -> None:
        self.folder, self._file = _open_first(_folders())

    def read(self, start: int, size: int) -> bytes:
        """The `size` bytes from `start`."""
        with self._refusals():
            self._file.seek(start)
            return self._file.read(size)

    def write(self, start: int, data: Buffer) -> None:
        """Puts `data` over what stands from `start`, or behind it."""
        with self._refusals():
            self._file.seek(start)
            self._file.write(data)

    def truncate(self, size: int) -> None:
        """Drops what stands behind the first `size` bytes."""
        with self._refusals():
            self._file.truncate(size)

    def map(self) -> mmap.mmap:
        """The content as read-only memory, which outlives close(); it must not be empty."""
        with self._refusals():
            self._file.flush()
            return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def close(self) -> None:
        """Lets go of the file; it is gone unless it is mapped."""
        with contextlib.suppress(OSError):  # a full disk refuses what is left to be written, and none of it is wanted
            self._file.close()

    def __enter__(self) -> "ScratchFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def _refusals(self) -> AbstractContextManager[None]:
        return refusals(self.folder / "scratch file", "a text takes a byte or two a character there")


def _folders() -> Iterator[Path]:
    with contextlib.suppress(RuntimeError):  # no home folder
        yield user_cache() / "charrnn"
    yield Path(tempfile.gettempdir())


def _open_first(folders: Iterator[Path]) -> tuple[Path, BinaryIO]:
    """The first of the folders that takes a file, and the file."""
    with contextlib.suppress(FileNotFoundError):  # the system has no temporary folder
        for folder in folders:
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                return folder, cast(BinaryIO, tempfile.TemporaryFile(dir=folder))
    raise StorageError("no folder takes temporary files, not even the system's own; name one in TMPDIR")
