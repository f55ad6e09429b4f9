"""Processes of their own: turns, failures in one line; and the clock inside them."""

import itertools
from collections.abc import Iterator

import pytest

from charrnn.bench import clock, processes
from charrnn.bench.processes import Job, run, run_job, take_turns
from charrnn.bench.shape import Shape
from charrnn.errors import MeasurementError


def silent(what: str, number: int, rounds: int) -> None:
    """Tells nobody."""


def test_rivals_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    told: list[tuple[str, int, int]] = []

    def run_job(job: Job) -> dict[str, int]:
        order.append(job.function)
        return {"n": len(order)}

    monkeypatch.setattr(processes, "run_job", run_job)
    results = take_turns("x", [Job("a", {}), Job("b", {})], 2, lambda *given: told.append(given))
    assert results == [[{"n": 1}, {"n": 3}], [{"n": 2}, {"n": 4}]]
    assert order == ["a", "b", "a", "b"]
    assert told == [("x", 1, 2), ("x", 2, 2)]


def test_a_job_runs_a_function_elsewhere() -> None:
    assert run_job(Job("collections:Counter", {"b": 2, "a": 1})) == {"b": 2, "a": 1}


def test_a_job_of_a_shape() -> None:
    assert Job.of("m:f", Shape("gru", 2, 5, 3, 4), seconds=1) == Job("m:f", {
        "shape": {"cell": "gru", "layers": 2, "hidden": 5, "batch": 3, "window": 4, "embedding": 0},
        "seconds": 1})


@pytest.mark.parametrize(("code", "words"), [
    ("import sys; print('first\\nthe end', file=sys.stderr); sys.exit(3)", "failed with exit code 3: the end"),
    ("raise ValueError('no such thing')", "failed with exit code 1: ValueError: no such thing"),
    ("import sys; sys.exit(4)", "failed with exit code 4: it said nothing")])
def test_a_failing_process_is_one_line(code: str, words: str) -> None:
    with pytest.raises(MeasurementError, match=f"{words}$"):
        run(["-c", code])


def test_a_killed_process_is_one_line() -> None:
    assert processes.failure("x", -9, "half a line") == "x was ended by signal 9 (out of memory?)"


def test_a_failing_job_says_what_was_measured() -> None:
    with pytest.raises(MeasurementError, match=r"^training of x: fractions:Fraction failed with exit code 1: "
                                               r"ZeroDivisionError: Fraction\(1, 0\)$"):
        take_turns("training of x", [Job("fractions:Fraction", {"numerator": 1, "denominator": 0})], 1, silent)


def test_memory_that_runs_out() -> None:
    with pytest.raises(MeasurementError, match=r"not enough memory; choose a smaller shape$"):
        run_job(Job("builtins:bytearray", {"source": 2**60}))


def test_a_process_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LONGEST", 0.2)
    with pytest.raises(MeasurementError, match=r"did not end within 0\.2 seconds"):
        run(["-c", "import time; time.sleep(60)"])


def test_the_clock_takes_the_median_of_the_steps_after_warming_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now, seen = [0.0], []

    def step(i: int) -> None:
        seen.append(i)
        now[0] += 100.0 if i < clock.FEWEST_WARM_UPS else [1.0, 2.0, 50.0][i % 3]

    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    assert clock.median_seconds(step, 1.0) == 2.0
    assert seen == list(range(clock.FEWEST_WARM_UPS + clock.FEWEST_STEPS))


def test_the_clock_takes_the_mean_of_all_characters_after_warming_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def pieces() -> Iterator[int]:
        """The first takes long; then 10 characters take 2 s, and 30 take 3 s, in turn."""
        for characters, seconds in itertools.chain([(1, 100.0)], itertools.cycle([(10, 2.0), (30, 3.0)])):
            now[0] += seconds
            yield characters

    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    assert clock.mean_seconds(pieces(), 10.0) == 5 / 40
