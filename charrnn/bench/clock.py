"""Layer bench: how a job times what it repeats: warm up, then step after step for as long as it was told to."""

import statistics
import time
from collections.abc import Callable, Iterator

WARM_UP_SECONDS, FEWEST_WARM_UPS, FEWEST_STEPS = 0.5, 1, 3


def median_seconds(step: Callable[[int], object], seconds: float) -> float:
    """The median time of step(0), step(1), ... over about `seconds`, after some that do not count."""
    warm = len(_repeat(step, 0, min(WARM_UP_SECONDS, seconds), FEWEST_WARM_UPS))
    return statistics.median(_repeat(step, warm, seconds, FEWEST_STEPS))


def _repeat(step: Callable[[int], object], first: int, seconds: float, fewest: int) -> list[float]:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < fewest or time.perf_counter() < end:
        start = time.perf_counter()
        step(first + len(times))
        times.append(time.perf_counter() - start)
    return times


def mean_seconds(counts: Iterator[int], seconds: float) -> float:
    """The mean time of a character over about `seconds`, after some that do not count; `counts` says how many came."""
    for limit in (min(WARM_UP_SECONDS, seconds), seconds):
        characters, start = 0, time.perf_counter()
        for count in counts:
            characters += count
            if time.perf_counter() >= start + limit:
                break
        mean = (time.perf_counter() - start) / characters
    return mean
