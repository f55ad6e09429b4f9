"""Commands in processes that are forked from this one: what was imported and compiled here is ready there, so that a
run of a fraction of a second is a process of its own, and can be killed.
"""

import contextlib
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

CAN_FORK = hasattr(os, "fork")
CLOSED = -1  # in the place of a file descriptor
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
            environment: Mapping[str, str | None] | None = None, stdin: bytes = b"", kill_after: float | None = None,
            streams: Sequence[int | None] = (None, None, None),
            meanwhile: Callable[[int], object] = lambda process: None) -> Outcome:
    """Runs a command in `folder`.

    prepare       is called in the new process, before the command
    environment   changes of it; None removes a variable
    kill_after    seconds until it is killed
    streams       file descriptors for the standard streams; None for files of ours, CLOSED for none
    meanwhile     is called again and again while the process runs, with its number
    """
    with contextlib.ExitStack() as files:
        own = [files.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        own[0].write(stdin)
        own[0].seek(0)
        ready, tell = os.pipe()
        files.callback(os.close, ready)
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # until the new process answers for it
        process = os.fork()
        if process == 0:
            used = [file.fileno() if stream is None else stream for file, stream in zip(own, streams, strict=True)]
            _run(arguments, folder, prepare, environment or {}, used, tell)
        os.close(tell)
        signal.signal(signal.SIGINT, before)
        code = _wait(process, kill_after, meanwhile, ready)
        texts = []
        for file in own[1:]:
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


def _wait(process: int, kill_after: float | None, meanwhile: Callable[[int], object], ready: int) -> int:
    """The exit code of a child process; `meanwhile` begins when it has said something to the pipe `ready`."""
    is_ready = False
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
        is_ready = is_ready or bool(select.select([ready], [], [], 0)[0])
        if is_ready:
            meanwhile(process)
        time.sleep(min(0.002, left))


def _run(arguments: tuple[str, ...], folder: Path, prepare: Callable[[], object],
         environment: Mapping[str, str | None], streams: list[int], ready: int) -> NoReturn:
    """The child process: nothing of it returns to the caller."""
    code = 70
    try:
        for number, stream in enumerate(streams):
            if stream == CLOSED:
                os.close(number)
            else:
                os.dup2(stream, number)
        sys.stdin, sys.stdout, sys.stderr = (  # None for a closed one, as Python itself has it
            None if stream == CLOSED else open(number, mode, encoding="utf-8", closefd=False)
            for number, (stream, mode) in enumerate(zip(streams, "rww", strict=True)))
        os.chdir(folder)
        for name, value in environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        sys.argv = ["charrnn", *arguments]
        from charrnn.cli.main import main

        prepare()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # main's own first line
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(ready, b"ready")
        os.close(ready)
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
