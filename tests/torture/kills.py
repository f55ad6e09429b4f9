"""SIGKILL at random moments and at exact ones, while a text is prepared, a run is trained, or resumed.

After each: every checkpoint that was announced loads, the newest is at most one validation old, nothing that lies
around disturbs the next command, and what that ends in is equal to an unbroken run, byte by byte, with every validation
in metrics.jsonl.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import CharrnnError
from charrnn.runs import run as runs
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.runs.metrics import METRICS, read_metrics
from charrnn.storage.run_folders import BEST, LAST
from charrnn.text import corpus_cache
from charrnn.training.events import Event, Saved, Step
from tests.cli.tiny import OPTIONS, TEXT
from tests.torture.findings import Findings
from tests.torture.forked import Outcome, charrnn, warm
from tests.torture.moments import Count, at_lines, in_files, kill

NAME = "run"
TRAIN = ("train", "text.txt", *OPTIONS, "--threads", "1", "--keep-last", "2", "--name", NAME)
RESUME = ("train", "--resume", NAME, "--keep-last", "2")
STEPS_BETWEEN_SAVES = 22  # of 86 steps, 4 validations
EVENTS = "events"  # what a run announced: a line for each step and each saved file
_REPEATED = 0.2  # of the killed runs are killed again when they are resumed
KINDS = ("random", "line", "write")


@dataclass(frozen=True)
class Moment:
    """When a command is killed.

    kind    random (seconds from its start), line (of a file that stores things), write (in the middle of one)
    """

    kind: str
    place: float


@dataclass(frozen=True)
class Whole:
    """An unbroken run: its files, its metrics, and how many moments of each kind there were."""

    files: dict[str, bytes]
    metrics: list[tuple[object, ...]]
    moments: dict[str, float]


def announce_events() -> None:
    """Writes down each step and each saved file, when Run says that it is there."""
    original = runs.Run.events
    log = os.open(EVENTS, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def events(self: runs.Run):  # type: ignore[no-untyped-def]
        for event in original(self):
            if isinstance(event, (Step, Saved)):
                os.write(log, describe(event).encode())
            yield event

    runs.Run.events = events  # type: ignore[method-assign]


def describe(event: Event) -> str:
    """A line of EVENTS."""
    if isinstance(event, Saved):
        return f"saved {event.step} {event.path.name}\n"
    assert isinstance(event, Step)
    return f"step {event.step} -\n"


def prepare(moment: Moment | None, report: int | None = None) -> Callable[[], None]:
    """What a new process does before the command: small texts are cached too, events are written down, a kill waits."""
    def act() -> None:
        corpus_cache.LEAST = 1
        announce_events()
        if moment is None or moment.kind == "random":
            return
        count = Count(int(moment.place), kill, report)
        if moment.kind == "line":
            at_lines(count)
        else:
            in_files(count, os.getcwd(), random.Random(moment.place).randrange)
        if report is not None:
            runs.Run.__exit__ = _telling(runs.Run.__exit__, count.tell)  # type: ignore[method-assign]

    return act


def _telling(original: Callable[..., None], tell: Callable[[], None]) -> Callable[..., None]:
    def leave(*arguments: object) -> None:
        original(*arguments)
        tell()

    return leave


class Place:
    """A folder with a text, a cache and runs of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache, self.run = folder, folder / "cache", folder / "checkpoints" / NAME
        folder.mkdir()
        text = folder / "text.txt"
        text.write_text(TEXT, encoding="utf-8")
        os.utime(text, (1e9, 1e9))

    def call(self, arguments: tuple[str, ...], moment: Moment | None = None, report: int | None = None) -> Outcome:
        """Runs a command, which dies at `moment`."""
        return charrnn(*arguments, folder=self.folder, prepare=prepare(moment, report),
                       environment={"XDG_CACHE_HOME": str(self.cache)},
                       kill_after=moment.place if moment is not None and moment.kind == "random" else None)

    def files(self) -> dict[str, bytes]:
        """The run's checkpoints, and the names of all else that lies there."""
        return {file.name: file.read_bytes() if file.suffix == ".safetensors" else b"" for file in self.run.iterdir()}

    def metrics(self) -> list[tuple[object, ...]]:
        """What metrics.jsonl says of each validation that is no matter of time."""
        keys = ("step", "epoch", "train_loss", "val_loss", "best")
        text = (self.run / METRICS).read_text(encoding="utf-8")
        if not text.endswith("\n") or len(text.splitlines()) != len(read_metrics(self.run)):
            raise ValueError(f"metrics.jsonl is torn: {text!r}")
        return [tuple(line[key] for key in keys) for line in read_metrics(self.run)]

    def announced(self) -> tuple[int, dict[str, int]]:
        """The last step that was taken, and for each file the last step at which it was announced."""
        step, saved = 0, {}
        for line in (self.folder / EVENTS).read_text().splitlines() if (self.folder / EVENTS).exists() else ():
            kind, number, name = line.split()
            if kind == "step":
                step = int(number)
            else:
                saved[name] = int(number)
        return step, saved


def whole(place: Place) -> Whole:
    """An unbroken run, and its moments."""
    moments: dict[str, float] = {}
    warm(*TRAIN, folder=place.folder)
    for kind in KINDS:
        shutil.rmtree(place.run, ignore_errors=True)
        shutil.rmtree(place.cache, ignore_errors=True)
        read, write = os.pipe()
        began = os.times().elapsed
        outcome = place.call(TRAIN, Moment(kind, 0 if kind != "random" else 60), write)
        moments[kind] = os.times().elapsed - began
        os.close(write)
        with os.fdopen(read) as told:
            moments[kind] = float(told.read() or moments[kind])
        if outcome.code:
            raise RuntimeError(f"an unbroken run failed: {outcome.shown}")
    return Whole(place.files(), place.metrics(), moments)


def check_killed(place: Place, is_first: bool) -> str | None:
    """What is wrong with what a killed run left, if anything."""
    step, saved = place.announced()
    for file in place.run.glob("*.safetensors") if place.run.exists() else ():
        try:
            found = load_checkpoint(file).progress["step"]
        except CharrnnError as error:
            return f"{file.name} does not load: {error}"
        if found < saved.get(file.name, 0):
            return f"{file.name} was announced at step {saved[file.name]} and is of step {found}"
    missing = [name for name in saved if name in (LAST, BEST) and not (place.run / name).exists()]
    if missing:
        return f"announced and not there: {missing}; runs: {[path.name for path in place.run.parent.iterdir()]}"
    newest = load_checkpoint(place.run / LAST).progress["step"] if (place.run / LAST).exists() else 0
    if is_first and step - newest > STEPS_BETWEEN_SAVES:
        return f"killed at step {step}, the newest checkpoint is of step {newest}"
    return None


def try_one(place: Place, expected: Whole, moments: list[Moment], begins_with: Path | None) -> str | None:
    """Kills a run at each of the moments, one after the other, and lets it end; what is wrong then, if anything.

    begins_with   a run that was stopped in its middle, which is resumed; None begins a new one
    """
    if begins_with is not None:
        shutil.copytree(begins_with, place.run)
    for number, moment in enumerate([*moments, None]):
        can_resume = any((place.run / name).exists() for name in (LAST, BEST))
        outcome = place.call(RESUME if can_resume else TRAIN, moment)
        if outcome.code not in (0, -9):
            return f"{'resumed' if can_resume else 'started'} after a kill: {outcome.shown}"
        if wrong := check_killed(place, number == 0 and begins_with is None):
            return wrong
        (place.folder / EVENTS).unlink(missing_ok=True)
    if others := [path.name for path in place.run.parent.iterdir() if path != place.run]:
        return f"other runs beside it: {others}"
    files = place.files()
    if files.keys() != expected.files.keys():
        return f"files differ: {sorted(files.keys() ^ expected.files.keys())}"
    if differing := [name for name in files if files[name] != expected.files[name]]:
        return f"bytes differ: {differing}"
    if place.metrics() != expected.metrics:
        return f"metrics differ: {place.metrics()} and {expected.metrics}"
    return None


def check_cache(place: Place, expected: Whole) -> str | None:
    """Whether a new run from the cache that killed processes left is the unbroken one."""
    shutil.rmtree(place.run)
    outcome = place.call(TRAIN)
    if outcome.code:
        return f"a run from the cache: {outcome.shown}"
    return None if place.files() == expected.files else "a run from the cache differs"


def stopped_run(place: Place, expected: Whole) -> Path:
    """A run that was killed in its middle."""
    for share in range(50, 100, 5):
        place.call(TRAIN, Moment("line", expected.moments["line"] * share // 100))
        if (place.run / LAST).exists():
            (place.folder / EVENTS).unlink()
            return place.run
        shutil.rmtree(place.run, ignore_errors=True)
    raise RuntimeError("no run could be killed in its middle")


def moments_of(draw: random.Random, number: int, expected: Whole) -> list[Moment]:
    """When the run of this number is killed: two of three at random, the others at exact moments."""
    chosen = []
    while not chosen or draw.random() < _REPEATED:
        kind = "random" if number % 3 else ("line", "write")[number // 3 % 2]
        most = expected.moments[kind]
        chosen.append(Moment(kind, draw.uniform(0, most) if kind == "random" else draw.randint(1, int(most))))
    return chosen


def main(arguments: list[str] | None = None) -> None:
    findings = Findings(__doc__, 300, arguments)
    kinds = {True: 0, False: 0}
    with tempfile.TemporaryDirectory() as folder:
        expected = whole(Place(Path(folder) / "whole"))
        middle = stopped_run(Place(Path(folder) / "middle"), expected)
        for number in range(findings.tries):
            moments = moments_of(findings.random, number, expected)
            place = Place(Path(folder) / str(number))
            begins_with = middle if number % 4 == 3 else None
            wrong = try_one(place, expected, moments, begins_with) or check_cache(place, expected)
            if wrong:
                findings.add(f"{'--resume' if begins_with else 'train'} killed at {moments}: {wrong}")
            else:
                kinds[moments[0].kind == "random"] += 1
            shutil.rmtree(place.folder)
    findings.leave(f"kills: {sum(kinds.values())} of {findings.tries} resumed to the same bytes "
                   f"({kinds[True]} random moments, {kinds[False]} exact ones)")


if __name__ == "__main__":
    main()
