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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.text import corpus_cache
from tests.torture.disturbed import COMMANDS, OLD, RUN, TRAIN, Command, Place
from tests.torture.findings import Findings
from tests.torture.forked import Outcome, warm
from tests.torture.moments import Count, at_lines, in_files

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
class Known:
    """What a command does undisturbed, and how many moments it has."""

    outcome: Outcome
    outputs: dict[str, bytes]
    files: int
    lines: int


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
