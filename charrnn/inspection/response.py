"""Layer inspection: what moves a cell, and where it stands highest and lowest.

A cell that toggles goes up and down with the same character, which cancels in a mean: rises and falls are told apart.
"""

from dataclasses import dataclass

import numpy as np

LEAST_TIMES = 10  # that a unit was read, before its mean is told


@dataclass(frozen=True)
class Push:
    """How far a cell moves when unit `token` is read, on average: the parts of that which are rises and falls."""

    token: int
    times: int
    up: float
    down: float  # 0 or below


def pushes(values: np.ndarray, tokens: np.ndarray) -> list[Push]:
    """Of values (T,), for each unit that is among tokens (T,) often enough, in the order of their ids."""
    steps, read = np.diff(values.astype(np.float64)), tokens[1:]
    times = np.bincount(read, minlength=1)
    up, down = (np.bincount(read, part, len(times)) for part in (np.maximum(steps, 0), np.minimum(steps, 0)))
    return [Push(int(token), int(times[token]), float(up[token] / times[token]), float(down[token] / times[token]))
            for token in np.flatnonzero(times >= LEAST_TIMES)]


def peaks(values: np.ndarray, count: int, apart: int) -> list[int]:
    """The places where values (T,) are highest, the highest first, no two nearer to each other than `apart`."""
    chosen: list[int] = []
    for place in np.argsort(-values, kind="stable"):
        if all(abs(int(place) - other) >= apart for other in chosen):
            chosen.append(int(place))
            if len(chosen) == count:
                break
    return chosen
