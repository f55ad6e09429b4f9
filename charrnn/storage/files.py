"""Layer storage: files that are either whole or untouched, whatever happens: a crash, a full disk, Ctrl-C.

Every refusal of the disk becomes a StorageError of one line.
"""

import contextlib
import errno
import itertools
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from charrnn.errors import SettingsError, StorageError

Buffer = bytes | bytearray | memoryview

RESERVED = re.compile(r"(?i)con|prn|aux|nul|(com|lpt)[1-9]")
TEMPORARY = ".charrnn-{}.tmp"
NO_SPACE = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
# What file systems answer that know no flush of a folder; their own promise has to do.
NO_FOLDER_FLUSH = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EISDIR)


def write_atomic(path: str | Path, data: Buffer | Iterable[Buffer]) -> None:
    """Puts `data`, one buffer or several in a row, into the file at `path`: all of it, or the old file stays.

    The new content goes to a file beside it, is flushed to disk, takes the name in one step, and the folder
    is flushed too. A link is followed. The mode bits are those of any new file: they follow the umask.

    What is no regular file (a FIFO, a device, our own standard output by name) can't be replaced: it is written to.
    """
    with refusals(Path(path), "nothing was changed"):
        stream = _open_stream(path)
    if stream is not None:
        with refusals(Path(path), "only a part of it was written"), stream:
            write_all(stream, data)
        return
    target = Path(os.path.realpath(path))
    temporary = target.parent / TEMPORARY.format(secrets.token_hex(8))
    with refusals(target, "nothing was changed"):
        try:
            with open(temporary, "xb") as file:
                _write_through(file, data)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    with refusals(target, "the new file is in place, but a power cut may still lose it"):
        _flush_folder(target.parent)


def is_stream(path: str | Path) -> bool:
    """Whether there is something at `path` that is no regular file and no folder: a FIFO, a device."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def append_line(path: str | Path, text: str) -> None:
    """Adds `text` as the last line of the file at `path`, which need not exist.

    A crash may have torn the line before it: what stands after the last line end is dropped first.
    """
    with refusals(Path(path), "its earlier lines are kept"), open(path, "ab+") as file:
        file.truncate(_end_of_lines(file))
        file.write(text.encode() + b"\n")


def drop_torn_line(path: str | Path) -> None:
    """Drops what stands after the last line end of the file at `path`, if there is such a file."""
    with refusals(Path(path), "its whole lines are kept"), contextlib.suppress(FileNotFoundError), \
            open(path, "rb+") as file:
        end = _end_of_lines(file)
        if end < file.seek(0, os.SEEK_END):  # a whole file keeps its time
            file.truncate(end)


def check_folder_name(name: str) -> None:
    """Raises SettingsError for a name that a folder of ours can't have."""
    # What Windows refuses is refused everywhere: a run may be taken from one system to another.
    if (not name or not name.isprintable() or name.startswith("-") or name.rstrip(". ") != name
            or set(name).intersection('<>:"/\\|?*') or RESERVED.fullmatch(name.split(".")[0])):
        raise SettingsError(f"{name!r} can't name a folder; use letters, digits, '-' and '_'")


def new_folder(parent: str | Path, name: str) -> Path:
    """A folder in `parent` that did not exist a moment ago: `name`, else `name-2`, `name-3` and so on."""
    check_folder_name(name)
    parent = Path(parent)
    with refusals(parent / name, "nothing was changed"):
        parent.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            folder = parent / (name if number == 1 else f"{name}-{number}")
            # Trying is the only test that two runs starting together can't both pass.
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                break
        try:
            _flush_folder(parent)
        except BaseException:
            with contextlib.suppress(OSError):
                folder.rmdir()
            raise
    return folder


def _open_stream(path: str | Path) -> BinaryIO | None:
    """What is written to where the file at `path` can't be replaced; None where it can, or where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    for own in (sys.stdout, sys.stderr):
        # opened anew, a file would be written from its start, over what we and others wrote there
        with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or a test's own
            if os.path.samestat(status, os.fstat(own.fileno())):
                own.flush()
                return os.fdopen(os.dup(own.fileno()), "wb", buffering=0)
    return None if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) else open(path, "wb", buffering=0)


def _write_through(file: BinaryIO, data: Buffer | Iterable[Buffer]) -> None:
    write_all(file, data)
    file.flush()
    os.fsync(file.fileno())


def write_all(file: BinaryIO, data: Buffer | Iterable[Buffer]) -> None:
    """Writes one buffer or several in a row, also to a file that takes less at a time."""
    for buffer in (data,) if isinstance(data, Buffer) else data:
        left = memoryview(buffer).cast("B")
        while len(left):
            left = left[file.write(left):]


def _flush_folder(folder: Path) -> None:
    """Makes a new name in `folder` survive a power cut, where folders can be opened (not on Windows)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_FOLDER_FLUSH:
            raise
    finally:
        os.close(handle)


def _end_of_lines(file: BinaryIO, block: int = 65_536) -> int:
    """The offset just behind the last line end in `file`; 0 where there is none."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = file.seek(max(0, end - block))
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


@contextlib.contextmanager
def refusals(path: Path, outcome: str) -> Iterator[None]:
    """Turns a refusal into a StorageError about `path` that ends in `outcome`: what is there now.

    A reader that went away has what it wanted, and is none.
    """
    if "\0" in str(path):
        raise StorageError(f"{str(path)!r} can't name a file: it has a NUL character; {outcome}")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(f"{_cause(error, path)}; {outcome}") from error


def _cause(error: OSError, path: Path) -> str:
    """What happened and what to do about it, in a line."""
    if error.errno in NO_SPACE:
        return f"no space left on the disk that holds {path.parent}; free some and run this again"
    if error.errno == errno.EROFS:
        return f"cannot write {path}: its disk is read-only; choose another folder"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"not allowed to write {path}; choose another folder, or change its permissions"
    if error.errno == errno.ENOENT:
        return f"cannot write {path}: folder {path.parent} does not exist"
    return f"cannot write {path}: {(error.strerror or str(error)).lower()}"
