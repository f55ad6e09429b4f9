"""The odd surroundings of a command: what is prepared in its process, and what its standard streams are."""

import contextlib
import fcntl
import os
import pty
import random
import resource
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.disturbed import Command, Place
from tests.torture.forked import CLOSED

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NOBODY = 65_534
Streams = list[int | None]
Meanwhile = Callable[[int], object]
Opened = tuple[Streams, Meanwhile]


def nothing(*arguments: object) -> None:
    """What is done where nothing is."""


def usual_streams(stack: ExitStack, place: Place, draw: random.Random) -> Opened:
    """Files of ours."""
    return [None, None, None], nothing


@dataclass(frozen=True)
class Surrounding:
    """One kind of odd surroundings.

    codes         exit codes that are right
    open          gives the standard streams, and what is done while the command runs
    prepare       is called in the command's process
    says          a refusal says why on standard error
    is_same       where it succeeds, the output is the usual one
    is_tidy       no temporary is left; a second signal may come while the first one's is removed
    without       commands that it does not suit
    is_possible   this system can be made so
    """

    name: str
    codes: tuple[int, ...] = (0,)
    open: Callable[[ExitStack, Place, random.Random], Opened] = usual_streams
    prepare: Callable[[], object] = nothing
    environment: Mapping[str, str | None] = field(default_factory=dict)
    says: bool = True
    is_same: bool = True
    is_tidy: bool = True
    without: tuple[str, ...] = ()
    is_possible: bool = True

    def suits(self, command: Command) -> bool:
        return self.is_possible and command.arguments[0] not in self.without


def stream(number: int, make: Callable[[ExitStack], int]) -> Callable[[ExitStack, Place, random.Random], Opened]:
    """One stream is what `make` opens."""
    def opened(stack: ExitStack, place: Place, draw: random.Random) -> Opened:
        streams: Streams = [None, None, None]
        streams[number] = make(stack)
        return streams, nothing

    return opened


def closed(stack: ExitStack) -> int:
    return CLOSED


def device(name: str, flags: int = os.O_RDWR) -> Callable[[ExitStack], int]:
    def made(stack: ExitStack) -> int:
        number = os.open(name, flags)
        stack.callback(os.close, number)
        return number

    return made


def broken_pipe(stack: ExitStack) -> int:
    read, write = os.pipe()
    os.close(read)
    stack.callback(os.close, write)
    return write


def reader_that_leaves(stack: ExitStack, place: Place, draw: random.Random) -> Opened:
    """Standard output is a pipe whose reader takes a few bytes and goes."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(read, False)
    stack.callback(os.close, write)
    is_open = [True]

    def meanwhile(process: int) -> None:
        if is_open[0]:
            with contextlib.suppress(BlockingIOError):
                if os.read(read, 10):
                    os.close(read)
                    is_open[0] = False

    stack.callback(lambda: os.close(read) if is_open[0] else None)
    place.not_inherited.append(read)
    return [None, write, None], meanwhile


def terminal(columns: int, rows: int = 5) -> Callable[[ExitStack, Place, random.Random], Opened]:
    """All three streams are a terminal of that size; play is typed to."""
    def opened(stack: ExitStack, place: Place, draw: random.Random) -> Opened:
        keys, program = pty.openpty()
        fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.set_blocking(keys, False)
        for number in (keys, program):
            stack.callback(os.close, number)
        if place.command.stdin:
            os.write(keys, place.command.stdin)

        def meanwhile(process: int) -> None:
            with contextlib.suppress(OSError):
                while os.read(keys, 1 << 16):
                    pass

        return [program, program, program], meanwhile

    return opened


def signals(*numbers: int, seconds: float = 0.15) -> Callable[[ExitStack, Place, random.Random], Opened]:
    """The signals come one after the other, at random moments."""
    def opened(stack: ExitStack, place: Place, draw: random.Random) -> Opened:
        now = time.monotonic()
        due = sorted(now + draw.uniform(0.02, seconds) for _ in numbers)
        left = list(numbers)

        def meanwhile(process: int) -> None:
            while left and time.monotonic() > due[len(numbers) - len(left)]:
                os.kill(process, left.pop(0))

        return [None, None, None], meanwhile

    return opened


def closed_folder(stack: ExitStack, place: Place, draw: random.Random) -> Opened:
    """No folder of the place can be written to."""
    folders = [place.folder, *(path for path in place.folder.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    stack.callback(lambda: [folder.chmod(0o755) for folder in folders])
    return [None, None, None], nothing


def be_nobody() -> None:
    """Gives up root's rights, for which no folder is closed."""
    if IS_ROOT:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def in_a_removed_folder() -> None:
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir("../gone")


def limit(name: str, value: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(getattr(resource, name), (value, value))


def small_files() -> None:
    """Files end at 200 bytes; writing on is refused, and no signal kills."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit("RLIMIT_FSIZE", 200)()


def little_memory() -> None:
    """50 MB more than there are now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit("RLIMIT_AS", pages * os.sysconf("SC_PAGE_SIZE") + 50_000_000)()


def clock(jumps: Sequence[float]) -> Callable[[], None]:
    """The clock of the day goes on by one of these at each look, in seconds; the monotonic one is not of this world."""
    def act() -> None:
        real, moved = time.time, [0]

        def now() -> float:
            moved[0] += 1
            return real() + jumps[moved[0] % len(jumps)]

        time.time = now
        time.time_ns = lambda: int(now() * 1e9)

    return act


def ignore(number: int) -> Callable[[], object]:
    return lambda: signal.signal(number, signal.SIG_IGN)


def no_threads() -> None:
    """No new thread can be started."""
    import threading

    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threading.Thread.start = refused  # type: ignore[method-assign]


def no_locks() -> None:
    """A file system without locks."""
    def refused(*arguments: object) -> None:
        raise OSError(38, "Function not implemented")

    fcntl.flock = refused  # type: ignore[assignment]


# What can end a command early, where it is not done before.
DONE_OR = {"interrupted": (0, 130), "terminated": (0, 143)}
SURROUNDINGS = (
    *(Surrounding(f"{name} closed", codes, stream(number, closed), says=number != 2, is_same=number != 1,
                  without=("play",) * (number == 0))
      for number, name, codes in ((0, "standard input", (0, 1)), (1, "standard output", (0, 1)),
                                  (2, "standard error", (0,)))),
    *(Surrounding(f"{name} full", codes, stream(number, device("/dev/full")), says=number != 2, is_same=number != 1)
      for number, name, codes in ((1, "standard output", (0, 1)), (2, "standard error", (0,)))),
    *(Surrounding(f"{name} a broken pipe", codes, stream(number, broken_pipe), says=number != 2, is_same=number != 1)
      for number, name, codes in ((1, "standard output", (0, 141)), (2, "standard error", (0, 141)))),
    Surrounding("a reader that leaves", (0, 141), reader_that_leaves),
    Surrounding("standard input empty", open=stream(0, device("/dev/null")), without=("play",)),
    Surrounding("standard input zeros", (0, 1), stream(0, device("/dev/zero")), without=("play",), is_same=False),
    Surrounding("standard input write-only", (0, 1), stream(0, device("/dev/null", os.O_WRONLY)), is_same=False),
    Surrounding("standard output read-only", (0, 1), stream(1, device("/dev/null", os.O_RDONLY))),
    *(Surrounding(f"a terminal of {columns} columns", open=terminal(columns), environment={"TERM": term, **others})
      for columns, term, others in ((20, "xterm-256color", {}), (1, "xterm", {}), (80, "dumb", {}),
                                    (0, "xterm", {}), (40, "linux", {"NO_COLOR": "1"}),
                                    (60_000, "xterm", {"COLORTERM": "truecolor"}))),
    *(Surrounding(f"{name} {value!r}", environment={name: value})
      for name, values in {"TERM": (None, "", "nonsense"), "LINES": ("0", "x"), "NO_COLOR": ("1",),
                           "HOME": ("/nonexistent", "", "relative", "/dev/null"),
                           "XDG_CACHE_HOME": ("/dev/null", "/nonexistent/cache", "relative", ""),
                           "XDG_STATE_HOME": ("/dev/null", ""), "TMPDIR": ("/nonexistent", ""),
                           "CHARRNN_CACHE_GB": ("0", "1e-9"), "OMP_NUM_THREADS": ("x",), "LANG": ("xx",),
                           "PATH": (None, "")}.items() for value in values),
    *(Surrounding(f"{name} {value!r}", (0, 2), environment={name: value}, without=("train",))
      for name, value in (("CHARRNN_CACHE_GB", "x"), ("NUMBA_NUM_THREADS", "0"))),
    *(Surrounding(f"FORCE_COLOR {value!r}", environment={"FORCE_COLOR": value}, is_same=False) for value in ("3", "x")),
    *(Surrounding(f"COLUMNS {value!r}", environment={"COLUMNS": value}, is_same=False)
      for value in ("0", "-1", "x", "1", "20", "99999999999999999999")),
    Surrounding("no home folder", environment={"HOME": None, "XDG_CACHE_HOME": None, "XDG_STATE_HOME": None}),
    Surrounding("no environment", environment=dict.fromkeys(("HOME", "PATH", "USER", "LANG", "LC_ALL", "TERM", "SHELL",
                                                             "XDG_CACHE_HOME", "XDG_STATE_HOME", "TMPDIR"))),
    Surrounding("folders that can't be written", (0, 1), closed_folder, be_nobody),
    Surrounding("a current folder that was removed", (1,), prepare=in_a_removed_folder),
    Surrounding("files of 200 bytes", (0, 1), prepare=small_files),
    Surrounding("12 open files", (0, 1), prepare=limit("RLIMIT_NOFILE", 12)),
    Surrounding("6 open files", (0, 1), prepare=limit("RLIMIT_NOFILE", 6)),
    Surrounding("no core files", prepare=limit("RLIMIT_CORE", 0)),
    Surrounding("50 MB of memory", (0, 1), prepare=little_memory, is_possible=sys.platform == "linux"),
    Surrounding("no threads", (0, 1), prepare=no_threads),
    Surrounding("no locks", prepare=no_locks),
    *(Surrounding(f"a clock that jumps {words}", prepare=clock(jumps)) for words, jumps in {
        "to 1970": (-1.7e9,), "to 2100": (2.3e9,), "back and forth": (0, -86_400, 86_400, -1e8, 1e8),
        "backwards": tuple(-float(second) for second in range(1000))}.items()),
    Surrounding("Ctrl-C", DONE_OR["interrupted"], signals(signal.SIGINT), says=False),
    Surrounding("Ctrl-C soon", DONE_OR["interrupted"], signals(signal.SIGINT, seconds=0.05), says=False),
    Surrounding("Ctrl-C twice", (*DONE_OR["interrupted"], -2), signals(signal.SIGINT, signal.SIGINT), says=False,
                is_tidy=False),
    Surrounding("SIGTERM", DONE_OR["terminated"], signals(signal.SIGTERM), says=False),
    Surrounding("SIGTERM twice", DONE_OR["terminated"], signals(signal.SIGTERM, signal.SIGTERM), says=False,
                is_tidy=False),
    Surrounding("SIGTERM and Ctrl-C", (0, 130, 143), signals(signal.SIGTERM, signal.SIGINT), says=False,
                is_tidy=False),
    Surrounding("SIGHUP", (0, -1), signals(signal.SIGHUP), says=False),
    Surrounding("SIGHUP ignored", open=signals(signal.SIGHUP), prepare=ignore(signal.SIGHUP)),
    Surrounding("SIGPIPE ignored", prepare=ignore(signal.SIGPIPE)),
    Surrounding("SIGCHLD ignored", prepare=ignore(signal.SIGCHLD)),
    Surrounding("a pause", open=signals(signal.SIGSTOP, signal.SIGCONT)),
    Surrounding("a terminal that changes its size", open=signals(*[signal.SIGWINCH] * 5)),
)
