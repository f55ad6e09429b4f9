"""What the command line chooses for all groups, and how they tell of their progress."""

import sys
from dataclasses import dataclass
from pathlib import Path

from charrnn.bench.shape import Shape


@dataclass(frozen=True)
class Options:
    """rounds: turns that each rival takes; seconds: how long a process repeats what it times."""

    rounds: int = 3
    seconds: float = 3.0
    threads: int = 2
    minutes: tuple[float, ...] = (1.0,)
    preset: str = "default"
    shapes: tuple[Shape, ...] = ()
    text: Path | None = None
    grid: str = ""  # of the sweeps, the only one


def tell(what: str, number: int, rounds: int) -> None:
    """Says on stderr what is measured now."""
    print(f"{what}: round {number} of {rounds}", file=sys.stderr, flush=True)
