"""Commands run in this process as the program runs them, on pipes or on a terminal, and watched: what they say, what
they raise, how long they compute and how much memory they take at most.
"""

import contextlib
import faulthandler
import io
import os
import pty
import re
import resource
import sys
import tempfile
import threading
import time
import traceback
import tty
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from charrnn.cli.main import _exit_code, _run
from charrnn.render.streams import take_streams

HANGS = 300.0  # seconds
_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
_PEAK, _NOW = re.compile(r"VmHWM:\s+(\d+) kB"), re.compile(r"VmRSS:\s+(\d+) kB")


@dataclass
class Answer:
    """What a command left behind.

    code       its exit code; None where it raised `error`
    seconds    that this process computed, on all its threads
    megabytes  that its memory grew by at most; 0 where the system does not tell
    """

    code: int | None = None
    out: str = ""
    err: str = ""
    error: BaseException | None = None
    seconds: float = 0.0
    megabytes: float = 0.0

    @property
    def cause(self) -> str:
        """The error in a line, with the place where it was raised."""
        place = traceback.extract_tb(self.error.__traceback__)[-1] if self.error else None
        return (f"{type(self.error).__name__}: {str(self.error)[:200]} ({place.filename}:{place.lineno} in "
                f"{place.name})") if place else ""


def answer(*arguments: str, stdin: bytes = b"") -> Answer:
    """The command `charrnn ARGUMENTS` in the current folder, with standard streams that are pipes."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace") for _ in range(2))
    with _streams(io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"), out, err):
        found = watched(lambda: _code(arguments))
    found.out, found.err = (stream.buffer.getvalue().decode(errors="replace")  # type: ignore[attr-defined]
                            for stream in (out, err))
    return found


def answer_on_terminal(*arguments: str, stdin: bytes = b"") -> Answer:
    """The same with standard output and standard error on a terminal each, which pass on every byte as it is."""
    found, parts = Answer(), []
    with contextlib.ExitStack() as stack:
        streams = []
        for _ in range(2):
            stream, chunks = stack.enter_context(_terminal())
            streams.append(stream)
            parts.append(chunks)
        with _streams(io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"), *streams):
            found = watched(lambda: _code(arguments))
    found.out, found.err = (b"".join(chunks).decode(errors="replace") for chunks in parts)
    return found


def watched(action: Callable[[], Any]) -> Answer:
    """Does `action`, whose result is an exit code; warnings count as errors, and what hangs ends the attack."""
    before, began = _memory(), time.process_time()
    found = Answer()
    with contextlib.suppress(ValueError, AttributeError):  # standard error may be closed
        faulthandler.dump_traceback_later(HANGS, exit=True, file=sys.__stderr__)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found.code = action()
    except (Exception, KeyboardInterrupt) as error:
        found.error = error
    finally:
        faulthandler.cancel_dump_traceback_later()
    found.seconds = time.process_time() - began
    found.megabytes = (_peak() - before) / 1024
    return found


@contextlib.contextmanager
def new_folder() -> Iterator[None]:
    """Makes an empty folder the current one, for the user's own files too, and removes it at the end."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, XDG_STATE_HOME=f"{folder}/state"):
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


@contextlib.contextmanager
def bounded_memory(gigabytes: float) -> Iterator[None]:
    """Lets this process take so much more address space at most: an attack must not take the machine down."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    if _STATUS.exists():
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + int(gigabytes * 2**30), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _code(arguments: tuple[str, ...]) -> int:
    try:
        return _run(list(arguments))
    except BaseException as error:
        return _exit_code(error)


@contextlib.contextmanager
def _streams(source: io.TextIOWrapper, out: io.TextIOWrapper, err: io.TextIOWrapper) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = source, out, err
    try:
        take_streams()
        yield
        for stream in (out, err):
            stream.flush()
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


@contextlib.contextmanager
def _terminal() -> Iterator[tuple[io.TextIOWrapper, list[bytes]]]:
    """A stream to a terminal, and what arrives there; complete at the end."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    chunks: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(master, chunks))
    reader.start()
    try:
        with os.fdopen(slave, "wb") as device:
            yield io.TextIOWrapper(device, encoding="utf-8", errors="replace", line_buffering=True), chunks
    finally:
        reader.join()
        os.close(master)


def _drain(master: int, chunks: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # Linux says so when the last writer is gone
        while data := os.read(master, 1 << 16):
            chunks.append(data)


def _memory() -> float:
    """Kilobytes in memory now; from here on _peak() counts anew."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")
    return _kilobytes(_NOW)


def _peak() -> float:
    return _kilobytes(_PEAK)


def _kilobytes(what: re.Pattern[str]) -> float:
    try:
        found = what.search(_STATUS.read_text())
    except OSError:
        return 0.0
    return float(found[1]) if found else 0.0
