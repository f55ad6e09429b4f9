"""Commands in processes that are forked from this one: what was imported and compiled here is ready there, so that a
run of a fraction of a second is a process of its own, and can be killed.
"""

import contextlib
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

CAN_FORK = hasattr(os, "fork")
_LONGEST = 120.0  # seconds of a command


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    code   its exit code, or minus the number of the signal that ended it
    """

    code: int
    out: str
    err: str

    @property
    def shown(self) -> str:
        return f"code {self.code}, stdout {self.out[-500:]!r}, stderr {self.err[-1500:]!r}"


def charrnn(*arguments: str, folder: Path, prepare: Callable[[], object] = lambda: None,
            environment: Mapping[str, str] | None = None, stdin: bytes = b"",
            kill_after: float | None = None) -> Outcome:
    """Runs a command in `folder`.

    prepare      is called in the new process, before the command
    kill_after   seconds until it is killed
    """
    with contextlib.ExitStack() as files:
        given, out, err = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        process = os.fork()
        if process == 0:
            _run(arguments, folder, prepare, environment or {}, [given.fileno(), out.fileno(), err.fileno()])
        code = _wait(process, kill_after)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return Outcome(code, *texts)


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Makes `folder` the current one meanwhile."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def warm(*arguments: str, folder: Path) -> None:
    """Runs a command in this process, so that those to come find everything imported and compiled."""
    from charrnn.cli.main import _run as run

    with inside(folder), open(os.devnull, "w") as nowhere:
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            if code := run(list(arguments)):
                raise RuntimeError(f"{arguments} failed with code {code}")


def _wait(process: int, kill_after: float | None) -> int:
    """The exit code of a child process."""
    end = time.monotonic() + (_LONGEST if kill_after is None else kill_after)
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        left = end - time.monotonic()
        if left <= 0:
            os.kill(process, signal.SIGKILL)
            _, status = os.waitpid(process, 0)
            if kill_after is None:
                raise TimeoutError("a command did not end")
            return os.waitstatus_to_exitcode(status)
        time.sleep(min(0.002, left))


def _run(arguments: tuple[str, ...], folder: Path, prepare: Callable[[], object], environment: Mapping[str, str],
         streams: list[int]) -> NoReturn:
    """The child process: nothing of it returns to the caller."""
    code = 70
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", closefd=False) for number, mode in enumerate("rww"))
        os.chdir(folder)
        os.environ.update(environment)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["charrnn", *arguments]
        from charrnn.cli.main import main

        prepare()
        main()
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 1
    except BaseException:
        sys.settrace(None)
        traceback.print_exc()
        code = 1
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(code)
