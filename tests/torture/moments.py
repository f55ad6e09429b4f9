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
    """Moments as they come; strikes at one of them. Where none is named, the last number tells how many there are."""

    def __init__(self, strike_at: int, action: Action, report: int | None = None) -> None:
        """report   a file descriptor that gets the number of moments at the end"""
        self.number, self._strike_at, self._action, self._report = 0, strike_at, action, report

    def __call__(self) -> None:
        self.number += 1
        if self.number == self._strike_at:
            self._action()

    def tell(self) -> None:
        if self._report is not None:
            os.write(self._report, b"%d\n" % self.number)


def at_lines(moment: Action, parts: tuple[str, ...] = STORING) -> None:
    """Calls `moment` before each line of the package's files below `parts`, from now on and in this thread."""
    roots = tuple(str(PACKAGE / part) for part in parts)

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            moment()
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(roots) else None

    sys.settrace(call)


def in_writes(moment: Callable[[], object], part: Callable[[int], int]) -> None:
    """Calls `moment` in the middle of each write to a file, when part(its bytes) of them are written."""
    original = io.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        stream = original(file, mode, *arguments, **options)
        binary = isinstance(stream, (io.FileIO, io.BufferedWriter, io.BufferedRandom))
        return Torn(stream, moment, part) if binary and set(mode) & set("wax+") else stream

    builtins.open = opened  # type: ignore[assignment]
    io.open = opened  # type: ignore[assignment]


class Torn:
    """A binary file that is written in two parts, with a moment between them."""

    def __init__(self, stream: Any, moment: Action, part: Callable[[int], int]) -> None:
        self._stream, self._moment, self._part = stream, moment, part

    def write(self, data: Any) -> int:
        data = memoryview(data).cast("B")
        first = self._part(len(data))
        self._stream.write(data[:first])
        self._stream.flush()
        self._moment()
        self._stream.write(data[first:])
        return len(data)

    def __enter__(self) -> "Torn":
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
