"""A refusing disk, Ctrl-C and a lack of memory, each at any moment of any command.

ENOSPC, EIO, EACCES and EFBIG come from any operation on a file, from standard output too; KeyboardInterrupt and
MemoryError at any line of the package. After each: what stood in a file is there as it was, or the new content is, and
whole; one clear line says what happened; the exit code is right; no temporary is left. A run that was training can be
resumed and ends as an unbroken one.
"""

import contextlib
import errno
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from charrnn.text import corpus_cache
from tests.cli.tiny import OPTIONS, TEXT
from tests.torture.findings import Findings
from tests.torture.forked import Outcome, charrnn, warm
from tests.torture.moments import Count, at_lines, in_files

RUN = Path("checkpoints/run")
OLD = b"what stood here before"
FIRST = 3  # moment: only then has the program begun to answer for what happens
_LONGEST = 650  # characters of a message
DISK = ("ENOSPC", "EIO", "EACCES", "EFBIG")
FAULTS: tuple[str, ...] = (*DISK, "KeyboardInterrupt", "MemoryError")


def fault_named(name: str) -> BaseException:
    """The exception that is raised for one of FAULTS."""
    if name in DISK:
        code = getattr(errno, name)
        return OSError(code, os.strerror(code))
    return KeyboardInterrupt() if name == "KeyboardInterrupt" else MemoryError()


@dataclass(frozen=True)
class Command:
    """A command that is disturbed.

    outputs   files that it writes; in each stood something before
    """

    arguments: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    stdin: bytes = b""
    trains: bool = False

    @property
    def name(self) -> str:
        return " ".join(self.arguments[:1] + tuple(word for word in self.arguments[1:] if word.startswith("--"))[:3])


TRAIN = ("train", "text.txt", *OPTIONS, "--threads", "1")
COMMANDS = (
    Command(("sample", "run", "--length", "60", "--seed", "1", "--prime", "the ", "-o", "sample.txt"), ("sample.txt",)),
    Command(("sample", "run", "--length", "60", "--seed", "1", "--prime", "the ")),
    Command(("sample", "run", "--length", "20", "--samples", "2", "--seed", "1", "--prime", "the ", "--json")),
    Command(("inspect-cells", "run", "--json", "a.json", "--html", "a.html", "--csv", "a.csv", "--npz", "a.npz"),
            ("a.json", "a.html", "a.csv", "a.npz")),
    Command(("plot", "run", "--output", "a.png"), ("a.png",)),
    Command(("plot", "run", "--output", "a.svg"), ("a.svg",)),
    Command(("plot", "run")),
    Command(("score", "run", "text.txt", "--json")),
    Command(("score", "run", "text.txt")),
    Command(("info", "run")),
    Command(("complete", "run", "the c", "--json")),
    Command(("novelty", "run", "text.txt", "--json")),
    Command(("play", "run"), ("play.txt",), b"the cat\n/save! play.txt\n/quit\n"),
    Command((*TRAIN, "--name", "run", "--keep-last", "2", "--show-samples"), trains=True),
    Command(("train", "--resume", "run", "--epochs", "2", "--threads", "1"), trains=True),
)


@dataclass(frozen=True)
class Known:
    """What a command does undisturbed, and how many moments it has."""

    outcome: Outcome
    outputs: dict[str, bytes]
    files: int
    lines: int


@dataclass
class Place:
    """A folder with a text, a trained run, a cache and old outputs."""

    folder: Path
    model: Path
    command: Command
    cache: Path = field(init=False)

    def __post_init__(self) -> None:
        self.cache = self.folder / "cache"
        self.folder.mkdir()
        (self.folder / "text.txt").write_text(TEXT, encoding="utf-8")
        os.utime(self.folder / "text.txt", (1e9, 1e9))
        if self.command.arguments[:2] != TRAIN[:2]:
            shutil.copytree(self.model, self.folder / RUN)
        for name in self.command.outputs:
            (self.folder / name).write_bytes(OLD)

    def call(self, prepare: Callable[[], object], arguments: tuple[str, ...] = ()) -> Outcome:
        return charrnn(*(arguments or self.command.arguments), folder=self.folder, prepare=prepare,
                       stdin=self.command.stdin, environment=self.environment)

    @property
    def environment(self) -> dict[str, str]:
        return {"XDG_CACHE_HOME": str(self.cache), "XDG_STATE_HOME": str(self.folder / "state"),
                "TMPDIR": str(self.folder / "tmp")}

    def outputs(self, run: Path | None = None) -> dict[str, bytes]:
        """What the command's files hold; of a run, all but what depends on time."""
        if self.command.trains:
            return {path.name: path.read_bytes() for path in (self.folder / (run or RUN)).glob("*.safetensors")}
        return {name: (self.folder / name).read_bytes() for name in self.command.outputs}

    def left_over(self) -> list[str]:
        """Files that nobody asked for."""
        return [str(path.relative_to(self.folder)) for path in self.folder.rglob("*")
                if path.suffix == ".tmp" or path.parent.name == "tmp"
                or (path.is_dir() and path.parent.name == "checkpoints" and not any(path.iterdir()))]


class FaultyStream(io.RawIOBase):
    """A file descriptor that is written to, with a moment before each write."""

    def __init__(self, number: int, moment: Callable[[], object]) -> None:
        self._number, self._moment = number, moment

    def fileno(self) -> int:
        return self._number

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._moment()
        return os.write(self._number, data)


def disturbed(count: Count, at: str) -> Callable[[], None]:
    """What a new process does before its command: `count` counts operations on files, or lines."""
    def act() -> None:
        corpus_cache.LEAST = 1
        (Path.cwd() / "tmp").mkdir(exist_ok=True)
        tempfile.tempdir = str(Path.cwd() / "tmp")
        if at == "lines":
            at_lines(count, ("",))
        else:
            in_files(count, os.getcwd())
            stream = FaultyStream(1, count)
            sys.stdout = io.TextIOWrapper(io.BufferedWriter(stream), encoding="utf-8")
        from charrnn.cli import main

        original = main._flush

        def flush(code: int) -> int:
            sys.settrace(None)
            code = original(code)
            count.tell()
            return code

        main._flush = flush

    return act


def known(folder: Path, model: Path, command: Command) -> Known:
    """The command undisturbed, twice, to count its moments."""
    moments = {}
    if not command.stdin:
        place = Place(folder / "warm", model, command)
        warm(*command.arguments, folder=place.folder)
        shutil.rmtree(place.folder)
    for at in ("files", "lines"):
        read, write = os.pipe()
        place = Place(folder / "known", model, command)
        outcome = place.call(disturbed(Count(0, lambda: None, write), at))
        os.close(write)
        with os.fdopen(read) as told:
            moments[at] = int(told.read() or 0)
        if outcome.code:
            raise RuntimeError(f"{command.name} fails undisturbed: {outcome.shown}")
        outputs = place.outputs()
        shutil.rmtree(place.folder)
    return Known(outcome, outputs, moments["files"], moments["lines"])


def wrong_outcome(outcome: Outcome, fault: str, expected: Known) -> str | None:
    """What is wrong with how the command ended."""
    right = {"KeyboardInterrupt": (130,), "MemoryError": (0, 1)}.get(fault, (0, 1))
    if outcome.code not in right:
        return f"exit code {outcome.code}: {outcome.shown}"
    if "Traceback" in outcome.err or "Exception ignored" in outcome.err:
        return f"a traceback: {outcome.shown}"
    lines = [line for line in outcome.err.splitlines() if line.startswith("charrnn: ")]
    if outcome.code == 1 and (len(lines) != 1 or len(lines[0]) > _LONGEST):
        return f"not one clear line: {outcome.shown}"
    if outcome.code == 0 and outcome.out != expected.outcome.out:
        return f"code 0 and another output: {outcome.shown}"
    return None


def try_one(place: Place, expected: Known, fault: str, moment: int) -> str | None:
    """Disturbs the command at that moment; what is wrong then, if anything."""
    def strike() -> None:
        raise fault_named(fault)

    outcome = place.call(disturbed(Count(moment, strike), "files" if fault in DISK else "lines"))
    if wrong := wrong_outcome(outcome, fault, expected):
        return wrong
    if left := place.left_over():
        return f"left over: {left}; {outcome.shown}"
    if not place.command.trains:
        now = place.outputs()
        if bad := [name for name in now if now[name] not in (OLD, expected.outputs[name])
                   and not (fault == "KeyboardInterrupt" and name == "sample.txt")]:
            return f"neither old nor new: {bad}; {outcome.shown}"
        if outcome.code == 0 and now != expected.outputs:
            return f"code 0, but not written; {outcome.shown}"
        return None
    return check_going_on(place, expected, outcome)


def check_going_on(place: Place, expected: Known, outcome: Outcome) -> str | None:
    """Whether a run that was disturbed goes on, or is begun again where nothing was saved, and ends as expected."""
    arguments, run = place.command.arguments, RUN
    if "--resume" not in arguments:
        if any((place.folder / RUN / name).exists() for name in ("last.safetensors", "best.safetensors")):
            arguments = ("train", "--resume", "run", *arguments[arguments.index("--keep-last"):])
        else:  # samples that were drawn before the first save keep their folder
            run = RUN.with_name("again")
            arguments = (*arguments, "--name", "again")
    again = place.call(lambda: None, arguments)
    if again.code:
        return f"cannot go on after {outcome.shown}: {again.shown}"
    if place.outputs(run) != expected.outputs:
        return f"goes on to something else after {outcome.shown}"
    return None


def main(arguments: list[str] | None = None) -> None:
    findings = Findings(__doc__, 3000, arguments)
    good = 0
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        first = Place(folder / "first", folder, Command(TRAIN))
        warm(*TRAIN, "--name", "run", folder=first.folder)
        model = first.folder / RUN
        all_known: dict[Command, Known] = {}
        for number in range(findings.tries):
            command = COMMANDS[number % len(COMMANDS)]
            if command not in all_known:
                all_known[command] = known(folder, model, command)
            expected = all_known[command]
            fault = findings.random.choice(FAULTS)
            moment = findings.random.randint(
                FIRST, expected.files if fault in DISK else expected.lines)
            place = Place(folder / str(number), model, command)
            wrong = try_one(place, expected, fault, moment)
            if wrong:
                findings.add(f"{command.name}: {fault} at moment {moment}: {wrong}")
            else:
                good += 1
            shutil.rmtree(place.folder)
    findings.leave(f"faults: {good} of {findings.tries} with one clear line, nothing lost and nothing left "
                   f"({len(COMMANDS)} commands, {len(FAULTS)} faults)")


if __name__ == "__main__":
    main()
