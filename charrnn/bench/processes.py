"""Layer bench: measurements in processes of their own, rivals in turn: A B A B ..., so that neither has the quiet
minutes.

Ctrl-C, or whatever else ends the waiting, kills the process that is waited for. Such a process is called as
`python -m charrnn.bench.processes MODULE:FUNCTION ARGUMENTS`: a JSON object in, one line of JSON out.
"""

import dataclasses
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from charrnn.bench.shape import Shape
from charrnn.errors import MeasurementError

# Where the package lies: there every process finds it again, and no file of the user's folder gets in between.
ROOT = Path(__file__).parents[2]
# A process that has not ended after so long never will.
LONGEST = 3600.0

# Is told what is measured, in which round, of how many.
Tell = Callable[[str, int, int], None]


class Job(NamedTuple):
    """A function, "package.module:function", its arguments, and variables for its process's environment."""

    function: str
    arguments: dict[str, Any]
    variables: Mapping[str, str] = {}

    @classmethod
    def of(cls, function: str, shape: Shape, **arguments: Any) -> "Job":
        """A function that takes a shape's fields as its `shape`."""
        return cls(function, {"shape": dataclasses.asdict(shape), **arguments})


def take_turns(what: str, jobs: Sequence[Job], rounds: int, tell: Tell) -> list[list[dict[str, Any]]]:
    """Each job's results, one a round; raises MeasurementError if a job fails."""
    results: list[list[dict[str, Any]]] = [[] for _ in jobs]
    for number in range(1, rounds + 1):
        tell(what, number, rounds)
        for job, found in zip(jobs, results, strict=True):
            try:
                found.append(run_job(job))
            except MeasurementError as error:
                raise MeasurementError(f"{what}: {error}") from error
    return results


def run_job(job: Job) -> dict[str, Any]:
    """What the job gives back, run in a process of its own."""
    arguments = ["-m", "charrnn.bench.processes", job.function, json.dumps(job.arguments)]
    output, _ = run(arguments, job.variables, job.function)
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


def run(arguments: Sequence[str], variables: Mapping[str, str] = {}, name: str = "") -> tuple[str, float]:
    """Python's stdout with these arguments, and the seconds from its start to its end; `name` is for the refusal."""
    name = name or short(arguments)
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, encoding="utf-8", errors="replace",
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "PYTHONIOENCODING": "utf-8", **variables})
    with process:
        try:
            output, errors = process.communicate(timeout=LONGEST)
        except BaseException as reason:
            # subprocess.run would not wait for its end after Ctrl-C
            process.kill()
            process.wait()
            if isinstance(reason, subprocess.TimeoutExpired):
                raise MeasurementError(f"{name} did not end within {LONGEST:g} seconds") from reason
            raise
    seconds = time.perf_counter() - start
    if process.returncode:
        raise MeasurementError(failure(name, process.returncode, errors))
    return output, seconds


def failure(name: str, code: int, errors: str) -> str:
    """How a process ended that ended badly, in one line."""
    if code < 0:
        return f"{name} was ended by signal {-code}" + (" (out of memory?)" if code == -9 else "")
    last = (errors.strip().splitlines() or ["it said nothing"])[-1]
    return f"{name} failed with exit code {code}: {last}"


def short(arguments: Sequence[str]) -> str:
    """The call in words; code after -c would fill the screen."""
    return "python " + " ".join("..." if "\n" in argument else argument for argument in arguments)


def main() -> None:
    """The job that the command line names."""
    module, _, function = sys.argv[1].partition(":")
    try:
        result = getattr(importlib.import_module(module), function)(**json.loads(sys.argv[2]))
    except MemoryError:
        sys.exit("not enough memory; choose a smaller shape")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
