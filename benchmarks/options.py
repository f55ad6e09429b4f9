"""What the command line chooses for all groups."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.shape import Shape


@dataclass(frozen=True)
class Options:
    """rounds: turns that each rival takes; seconds: how long a process repeats what it times."""

    rounds: int = 3
    seconds: float = 3.0
    threads: int = 2
    minutes: float = 1.0
    shapes: tuple[Shape, ...] = ()
    text: Path | None = None
