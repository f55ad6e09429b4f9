"""Exact moments of a program: before any line of the files that store things, and in the middle of any write.

Nothing of the program has to know: Python's own tracing finds the lines, and opened files are replaced.
"""

import builtins
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import charrnn

PACKAGE = Path(charrnn.__file__).parent
# What keeps a run, and what keeps a text from one process to the next.
STORING = ("storage", "runs", "text/corpus_cache.py")

Action = Callable[[], object]


def kill() -> None:
    """Ends this process as nothing can prevent."""
    os.kill(os.getpid(), signal.SIGKILL)


class Count:
    """Moments as they come; strikes at one of them. Where none is named, it only counts."""

    def __init__(self, strike_at: int, action: Action, report: int | None = None) -> None:
        """report   a file descriptor that gets the number of moments at the end"""
        self.number, self.has_struck = 0, False
        self._strike_at, self._action, self._report = strike_at, action, report

    def __call__(self) -> None:
        self.number += 1
        if self.number == self._strike_at:
            self.has_struck = True
            self._action()

    def tell(self) -> None:
        if self._report is not None:
            os.write(self._report, b"%d\n" % self.number)


def at_lines(moment: Action, parts: tuple[str, ...] = STORING) -> None:
    """Calls `moment` before each line of the package's files below `parts`, from now on and in this thread.

    What it raises is raised at that line.
    """
    roots = tuple(str(PACKAGE / part) for part in parts)

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            moment()
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(roots) else None

    sys.settrace(call)


def in_files(moment: Action, below: str, part: Callable[[int], int] | None = None) -> None:
    """Calls `moment` before each operation on a file whose path begins with `below`, on a scratch file, and on
    folders. Of the bytes of a write, part(how many there are) are written by then.
    """
    original = io.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if isinstance(file, int) or not os.path.abspath(os.fsdecode(file)).startswith(below):
            return original(file, mode, *arguments, **options)
        if part is None:
            moment()
        return Watched(original(file, mode, *arguments, **options), moment, part)

    builtins.open = opened  # type: ignore[assignment]
    io.open = opened  # type: ignore[assignment]
    if part is None:
        for name in ("fsync", "replace", "mkdir", "unlink", "rmdir", "utime", "truncate"):
            setattr(os, name, _after(moment, getattr(os, name)))


def _after(moment: Action, function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any, **options: Any) -> Any:
        moment()
        return function(*arguments, **options)

    return called


class Watched:
    """A file, with a moment before each of its operations, or only in the middle of each write."""

    def __init__(self, stream: Any, moment: Action, part: Callable[[int], int] | None) -> None:
        self._stream, self._moment, self._part = stream, moment, part

    def write(self, data: Any) -> int:
        if self._part is None:
            self._moment()
        elif not isinstance(data, str):
            data = memoryview(data).cast("B")
            first = self._part(len(data))
            self._stream.write(data[:first])
            self._stream.flush()
            self._moment()
            return first + int(self._stream.write(data[first:]))
        return int(self._stream.write(data))

    def close(self) -> None:
        """The file is closed, whatever is said of it."""
        self._stream.close()
        if self._part is None:
            self._moment()

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __iter__(self) -> Any:
        return iter(self._stream)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._stream, name)
        return _after(self._moment, value) if self._part is None and name in OPERATIONS else value


OPERATIONS = {"read", "readline", "readlines", "readinto", "flush", "truncate", "seek"}
