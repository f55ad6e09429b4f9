"""Runs measurements in processes of their own, rivals in turn: A B A B ..., so that neither has the quiet minutes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
# A process that has not ended after so long never will.
LONGEST = 3600.0


class MeasurementError(Exception):
    """A process that was to be measured failed; the message says how, in one line."""


class Job(NamedTuple):
    """A function of one of our modules, "module.function", and its arguments."""

    function: str
    arguments: dict[str, Any]


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def take_turns(what: str, jobs: Sequence[Job], rounds: int) -> list[list[dict[str, Any]]]:
    """Each job's results, one a round."""
    results: list[list[dict[str, Any]]] = [[] for _ in jobs]
    for number in range(1, rounds + 1):
        say(f"{what}: round {number} of {rounds}")
        for job, found in zip(jobs, results, strict=True):
            found.append(run_job(job))
    return results


def run_job(job: Job) -> dict[str, Any]:
    """What the job gives back, run in a process of its own."""
    output, _ = run(["-m", "benchmarks.job", job.function, json.dumps(job.arguments)])
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


def run(arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> tuple[str, float]:
    """Python's stdout with these arguments, and the seconds from its start to its end."""
    start = time.perf_counter()
    try:
        done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, timeout=LONGEST,
                              encoding="utf-8", env={**os.environ, "PYTHONIOENCODING": "utf-8", **(variables or {})})
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"{_short(arguments)} did not end within {LONGEST:g} seconds") from error
    seconds = time.perf_counter() - start
    if done.returncode:
        raise MeasurementError(_failure(arguments, done.returncode, done.stderr))
    return done.stdout, seconds


def seconds_to_first_line(arguments: Sequence[str], variables: Mapping[str, str]) -> float:
    """The seconds from Python's start with these arguments to the first line that it prints."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               encoding="utf-8", env={**os.environ, **variables})
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
        _, errors = process.communicate()
    if process.returncode or not line:
        raise MeasurementError(_failure(arguments, process.returncode, errors))
    return seconds


def _failure(arguments: Sequence[str], code: int, errors: str) -> str:
    last = (errors.strip().splitlines() or ["it said nothing"])[-1]
    return f"{_short(arguments)} failed with exit code {code}: {last}"


def _short(arguments: Sequence[str]) -> str:
    # code after -c would fill the screen
    return "python " + " ".join("..." if "\n" in argument else argument for argument in arguments)
