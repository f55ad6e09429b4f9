"""Layer storage: the user's cache folder, and files there that nobody has to clean up.

A scratch file belongs to one process, and a crash, Ctrl-C or a kill leaves nothing of it behind. A store keeps files
from one process to the next, whole or not at all. Nothing depends on it: where the disk refuses, nothing is kept.
"""

import contextlib
import mmap
import os
import secrets
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, cast

import platformdirs

from charrnn.errors import StorageError
from charrnn.storage.files import NO_SPACE, Buffer, refusals, write_all

_BLOCK = 1 << 20
# Bytes behind what a store keeps, its CRC-32; and what a file is called until it is whole.
CHECKSUM, _UNFINISHED = 4, ".tmp"
_DAY = 86_400.0


def user_cache() -> Path:
    """The folder for caches of all programs (XDG_CACHE_HOME); raises RuntimeError where there is no home folder."""
    return in_home(platformdirs.user_cache_path())


def in_home(path: Path) -> Path:
    """A user's folder as platformdirs gives it; raises RuntimeError where there is no home folder to expand."""
    if path.parts[:1] == ("~",):
        raise RuntimeError("could not determine the home folder")
    return path


class ScratchFile:
    """An empty file in the cache folder, or where that can't be written in the system's temporary folder.

    The temporary folder comes second because it often lies in memory; a file whose disk fills up moves there.
    """

    def __init__(self) -> None:
        self.folder, self._file = _open_scratch_file()

    def read(self, start: int, size: int) -> bytes:
        """The `size` bytes from `start`."""
        with self._refusals():
            self._file.seek(start)
            return self._file.read(size)

    def write(self, start: int, data: Buffer) -> None:
        """Puts `data` over what stands from `start`, or behind it."""
        with self._refusals():
            try:
                self._put(start, data)
            except OSError as error:
                if error.errno not in NO_SPACE or not self._move():
                    raise
                self._put(start, data)

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

    def _put(self, start: int, data: Buffer) -> None:
        self._file.seek(start)
        write_all(self._file, data)

    def _move(self) -> bool:
        """Goes on in the system's temporary folder; False where the file is there already."""
        folder = Path(tempfile.gettempdir())
        if folder == self.folder:
            return False
        new = cast(BinaryIO, tempfile.TemporaryFile(dir=folder, buffering=0))
        try:
            self._file.seek(0)
            while block := self._file.read(_BLOCK):
                write_all(new, block)
        except BaseException:
            new.close()
            raise
        self.close()
        self.folder, self._file = folder, new
        return True

    def _refusals(self) -> AbstractContextManager[None]:
        return refusals(self.folder / "scratch file", "a text takes a byte or two a character there")


class Store:
    """Files by name in a folder of the cache folder, `limit` bytes at most: the ones not used for longest go first.

    Several processes may use it at once.
    """

    def __init__(self, name: str, limit: int) -> None:
        self.limit = limit
        self.folder: Path | None = None
        with contextlib.suppress(RuntimeError):  # no home folder
            self.folder = user_cache() / "charrnn" / name

    def get(self, key: str) -> mmap.mmap | None:
        """What was put under `key`, and CHECKSUM bytes behind it, as read-only memory; None if there is nothing whole.
        """
        if self.folder is None:
            return None
        path = self.folder / key
        try:
            with open(path, "rb") as file:
                if _is_whole(file):
                    with contextlib.suppress(OSError):
                        os.utime(path)  # it was used
                    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            path.unlink()
        except OSError:
            pass
        return None

    def put(self, key: str, size: int, data: Iterable[Buffer]) -> None:
        """Keeps `data`, of `size` bytes in all, under `key`, unless the disk refuses, or would soon be full of it."""
        if self.folder is None or size + CHECKSUM > self.limit:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self.folder).free < 2 * size:
                return
            unfinished = self.folder / (secrets.token_hex(8) + _UNFINISHED)
            try:
                with open(unfinished, "xb", opener=_for_the_user_alone) as file:
                    _write_with_checksum(file, data)
                os.replace(unfinished, self.folder / key)  # refused by Windows while another process has it mapped
            finally:
                unfinished.unlink(missing_ok=True)
            self._make_room()

    def _make_room(self) -> None:
        """Removes what is beyond the limit, and what processes left that were killed while they wrote."""
        files = sorted(((path.stat(), path) for path in cast(Path, self.folder).iterdir()),
                       key=lambda found: found[0].st_mtime, reverse=True)
        total = 0
        for status, path in files:
            if path.suffix == _UNFINISHED:
                is_needless = time.time() - status.st_mtime > _DAY
            else:
                total += status.st_size
                is_needless = total > self.limit
            if is_needless:
                with contextlib.suppress(OSError):
                    path.unlink()


def _for_the_user_alone(path: str, flags: int) -> int:
    """Opens a new file that others can't read: what is kept of a text is as private as the text may be."""
    return os.open(path, flags, 0o600)


def _write_with_checksum(file: BinaryIO, data: Iterable[Buffer]) -> None:
    checksum = 0
    for buffer in data:
        checksum = zlib.crc32(buffer, checksum)
        file.write(buffer)
    file.write(checksum.to_bytes(CHECKSUM, "little"))


def _is_whole(file: BinaryIO) -> bool:
    """Whether the checksum at the end of the file is that of what stands before it."""
    checksum, left = 0, os.fstat(file.fileno()).st_size - CHECKSUM
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        checksum, left = zlib.crc32(block, checksum), left - len(block)
    return file.read() == checksum.to_bytes(CHECKSUM, "little")


def _open_scratch_file() -> tuple[Path, BinaryIO]:
    """The first folder that takes a file, and the file."""
    for find in (lambda: user_cache() / "charrnn", lambda: Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: there is no home folder
            folder = find()
            folder.mkdir(parents=True, exist_ok=True)
            return folder, cast(BinaryIO, tempfile.TemporaryFile(dir=folder, buffering=0))
    raise StorageError("no folder takes temporary files, not even the system's own; name one in TMPDIR")
