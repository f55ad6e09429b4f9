"""Group `completing`: how long a keystroke waits for the completions of what was typed."""

import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.clock import WARM_UP_SECONDS
from charrnn.bench.ours import untrained
from charrnn.bench.processes import Job
from charrnn.bench.results import Row
from charrnn.bench.shape import VOCABULARY, Shape
from charrnn.completion.completer import Completer
from charrnn.sampling.session import LanguageModel
from charrnn.settings import Settings
from charrnn.text.vocabulary import Vocabulary

SHAPES = (Shape("lstm", 1, 256), Shape("lstm", 2, 512))
GOALS, UNTIL = {SHAPES[0]: 50.0}, ("word", "line", "length")
_TYPED = 200  # letters, before it begins anew
# Without a space and a line end: no search is over before its steps are used up.
ENDLESS = Vocabulary("".join(chr(0x4E00 + number) for number in range(VOCABULARY)))
# As many as letters, signs, space and line end, as in tiny Shakespeare.
USUAL = Vocabulary("\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def measure(options: Options) -> Iterator[Table]:
    """A table: the median and the slowest twentieth of keystrokes, warm, in one process."""
    rows = []
    for shape in options.shapes or SHAPES:
        jobs = [Job.of("benchmarks.completing:type_letters", shape, seconds=options.seconds, until=until,
                       endless=endless) for until in UNTIL for endless in (False, True)]
        results = options.turns(f"completing with {shape.network}", jobs)
        for job, rounds in zip(jobs, results, strict=True):
            what = f"{shape.network}, {job.arguments['until']}{', at worst' if job.arguments['endless'] else ''}"
            slow = statistics.median(result["slow"] for result in rounds)
            rows.append(Row(what, "ms", [1e3 * result["median"] for result in rounds], goal=GOALS.get(shape),
                            note=f"1 in 20 takes {1e3 * slow:.3g} ms or more"))
    yield Table(f"One more letter, and the 5 most probable continuations; {VOCABULARY} characters, 1 thread", rows,
                ["At worst nothing ever ends, neither a word nor a line, and every step that is allowed is taken."])


def type_letters(shape: dict[str, Any], seconds: float, until: str, endless: bool) -> dict[str, float]:
    """The median seconds of a keystroke, and what one in twenty exceeds."""
    engine, vocabulary, generator = untrained(Shape(**shape)), ENDLESS if endless else USUAL, np.random.default_rng(1)
    completer = Completer(LanguageModel(engine, Settings(engine.settings), vocabulary))
    times: list[float] = []
    text, end = "", time.perf_counter() + seconds + min(WARM_UP_SECONDS, seconds)
    while (now := time.perf_counter()) < end or not times:
        text = (text if len(text) < _TYPED else "") + vocabulary.units[generator.integers(VOCABULARY)]
        completer.complete(text, until=until)
        if now > end - seconds:
            times.append(time.perf_counter() - now)
    return {"median": statistics.median(times), "slow": float(np.quantile(times, 0.95))}
