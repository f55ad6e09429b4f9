"""What the command line chooses for all groups, and how they tell of their progress."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from charrnn.bench.processes import Tell
from charrnn.bench.results import Plan
from charrnn.bench.shape import Shape


def tell(what: str, number: int, rounds: int) -> None:
    """Says on stderr what is measured now."""
    print(f"{what}: {number} of {rounds}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Options(Plan):
    """What each option is for stands in `python -m benchmarks --help`."""

    rounds: int = 3
    seconds: float = 3.0
    threads: int = 2
    rivals: Sequence[str] = ()
    tell: Tell = tell
    shapes: Sequence[Shape] = ()
    texts: Sequence[Path] = ()
    minutes: Sequence[float] = (1.0,)
    preset: str = "default"
    trials: int = 16
