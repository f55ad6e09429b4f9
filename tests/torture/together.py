"""Several commands at once, on one run, one cache, one output."""

import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path

from charrnn.errors import CharrnnError
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.text import corpus_cache
from tests.torture.disturbed import RUN, TRAIN, Command, Place
from tests.torture.forked import Outcome

Way = Callable[[Path, Path], str | None]


def at_once(*calls: Callable[[], Outcome]) -> list[Outcome]:
    """The outcomes of calls that are made at the same time, each by a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        processes = []
        for number, call in enumerate(calls):
            process = os.fork()
            if process == 0:
                code = 1
                try:
                    Path(folder, str(number)).write_bytes(pickle.dumps(call()))
                    code = 0
                finally:
                    os._exit(code)
            processes.append(process)
        for process in processes:
            if os.waitpid(process, 0)[1]:
                raise RuntimeError("a process that calls a command failed")
        return [pickle.loads(Path(folder, str(number)).read_bytes()) for number in range(len(calls))]


def cache_everything() -> None:
    """Small texts are worth caching too."""
    corpus_cache.LEAST = 1


def bad(outcomes: list[Outcome], refused: int = 0) -> str | None:
    """What is wrong: a traceback, or another number of refusals than that."""
    for outcome in outcomes:
        if outcome.code not in (0, 1) or "Traceback" in outcome.err:
            return outcome.shown
    found = [outcome for outcome in outcomes if outcome.code]
    return None if len(found) == refused else f"{len(found)} refused: {[one.shown for one in found]}"


def four_runs_of_one_name(model: Path, folder: Path) -> str | None:
    place = Place(folder, model, Command(TRAIN))
    outcomes = at_once(*[lambda: place.call(cache_everything, (*TRAIN, "--name", "one"))] * 4)
    names = sorted(path.name for path in (folder / "checkpoints").iterdir())
    files = {(folder / "checkpoints" / name / "last.safetensors").read_bytes() for name in names}
    if len(names) != 4 or len(files) != 1:
        return f"{names}, {len(files)} different: {[outcome.shown for outcome in outcomes]}"
    return bad(outcomes)


def three_resume_one_run(model: Path, folder: Path) -> str | None:
    more = ("train", "--resume", "run", "--epochs", "30", "--threads", "1")
    place = Place(folder, model, Command(more))
    outcomes = at_once(*[lambda: place.call(lambda: None)] * 3)
    if not any(outcome.code == 0 for outcome in outcomes):
        return f"none went on: {[outcome.shown for outcome in outcomes]}"
    return bad(outcomes, sum("another process trains this run" in outcome.err for outcome in outcomes))


def readers_of_a_run_that_trains(model: Path, folder: Path) -> str | None:
    place = Place(folder, model, Command(("info", "run")))

    def read_on() -> Outcome:
        for _ in range(15):
            for arguments in (("info", "run"), ("sample", "run", "--length", "20"), ("plot", "run")):
                outcome = place.call(lambda: None, arguments)
                if outcome.code:
                    return outcome
        return outcome

    more = ("train", "--resume", "run", "--epochs", "40", "--threads", "1", "--validations", "200")
    return bad(at_once(lambda: place.call(lambda: None, more[:-2]), read_on, read_on))


def writers_of_one_output(model: Path, folder: Path) -> str | None:
    place = Place(folder, model, Command(("info", "run")))
    calls = [("sample", "run", "--length", str(length), "--seed", "1", "-o", "out.txt") for length in (50, 5000) * 3]
    outcomes = at_once(*[lambda arguments=arguments: place.call(lambda: None, arguments) for arguments in calls])
    size = len((folder / "out.txt").read_text())
    if size not in (50, 51, 5000, 5001):
        return f"a mixed output of {size} characters"
    return f"left over: {left}" if (left := place.left_over()) else bad(outcomes)


def caches_of_one_text(model: Path, folder: Path) -> str | None:
    place = Place(folder, model, Command(("info", "run")))
    outcomes = at_once(*[lambda: place.call(cache_everything, ("score", "run", "text.txt", "--json"))] * 6)
    if len({outcome.out for outcome in outcomes}) != 1:
        return f"different outputs: {[outcome.shown for outcome in outcomes]}"
    return f"left over: {left}" if (left := place.left_over()) else bad(outcomes)


def a_run_that_is_removed_while_it_trains(model: Path, folder: Path) -> str | None:
    place = Place(folder, model, Command(TRAIN))

    def remove(process: int) -> None:
        for path in (folder / RUN.parent / "doomed").glob("*"):
            path.unlink(missing_ok=True)

    outcome = place.call(lambda: None, (*TRAIN, "--name", "doomed"), meanwhile=remove)
    return bad([outcome], outcome.code)


def every_checkpoint_loads_at_any_time(model: Path, folder: Path) -> str | None:
    place = Place(folder, model, Command(("train", "--resume", "run", "--epochs", "40", "--threads", "1")))
    wrong = []

    def look(process: int) -> None:
        for name in ("last", "best"):
            try:
                load_checkpoint(folder / RUN / f"{name}.safetensors")
            except CharrnnError as error:
                wrong.append(str(error))

    outcome = place.call(lambda: None, meanwhile=look)
    return wrong[0] if wrong else bad([outcome])


WAYS: tuple[Way, ...] = (four_runs_of_one_name, three_resume_one_run, readers_of_a_run_that_trains,
                         writers_of_one_output, caches_of_one_text, a_run_that_is_removed_while_it_trains,
                         every_checkpoint_loads_at_any_time)
