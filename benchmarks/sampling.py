"""Group `sampling`: one stream of characters, each fed back in: our compiled loop and PyTorch's eager one."""

import dataclasses
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.clock import WARM_UP_SECONDS
from benchmarks.options import Options
from benchmarks.processes import Job, take_turns
from benchmarks.shape import VOCABULARY, Shape
from benchmarks.table import Row, Table

GOALS: dict[Shape, float | None] = {
    Shape("lstm", 1, 128): 15.0,
    Shape("lstm", 1, 512): None,
    Shape("lstm", 2, 512): None,
}
ENDLESS = 10**12


def measure(options: Options) -> Iterator[Table]:
    """One table: characters a second in one stream."""
    rows = []
    for shape in options.shapes or GOALS:
        common = {"shape": dataclasses.asdict(shape), "seconds": options.seconds}
        ours, rival = take_turns(f"sampling {shape.network}", [
            Job("sampling.ours", common), Job("rival.sample", {**common, "threads": options.threads})], options.rounds)
        setting = Counter(result["setting"] for result in rival).most_common(1)[0][0]
        rows.append(Row(shape.network, "char/s", [1 / result["seconds"] for result in ours],
                        [1 / result["seconds"] for result in rival], "eager", goal=GOALS.get(shape),
                        note=f"PyTorch's {setting}"))
    yield Table("Sampling one stream, ours on one thread", rows)


def ours(shape: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The mean seconds of a character as Sampler.stream gives them, pieces and draws included."""
    from charrnn.network.network import Network
    from charrnn.sampling.sampler import Sampler

    measured = Shape(**shape)
    settings = measured.settings()
    generator = np.random.default_rng(1)
    sampler = Sampler(settings, Network(settings, VOCABULARY, generator).weights)
    sampler.begin(np.zeros((1, 1), np.int32))
    pieces = sampler.stream(ENDLESS, generator, 0.8, 0)
    warm = time.perf_counter() + min(WARM_UP_SECONDS, seconds)
    while time.perf_counter() < warm:
        next(pieces)
    characters, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        characters += len(next(pieces))
    return {"seconds": (time.perf_counter() - start) / characters}
