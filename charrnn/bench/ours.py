"""Layer bench: our side: a training step, and streams of new text, timed in the process that calls."""

from typing import Any

import numpy as np

from charrnn.bench import limits
from charrnn.bench.clock import mean_seconds, median_seconds
from charrnn.bench.shape import TEMP, VOCABULARY, Shape, token_windows
from charrnn.engine.engines import open_engine
from charrnn.engine.interface import Engine
from charrnn.engine.threads import Workers
from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.sampler import Sampler, generators_of
from charrnn.sampling.streams import weights_of
from charrnn.settings import TrainingSettings
from charrnn.training.auto_settings import fitting_shards

# How long the machine's peak is measured after the steps: of the same minute, so that the share of it is fair.
PEAK_SECONDS = 0.1


def untrained(shape: Shape, **options: Any) -> Engine:
    """An engine with a network of this shape as it begins."""
    return open_engine("compiled", shape.settings(), VOCABULARY, generator=np.random.default_rng(1), **options)


class TrainingStep:
    """Whole training steps of a shape: forward, loss, backward, clipping, Adam. Call it with the step's number."""

    def __init__(self, shape: Shape, threads: int, precision: str = "float32") -> None:
        self.engine = untrained(shape, threads=threads, training=TrainingSettings(precision=precision))
        self.streams = self.engine.streams(shape.batch, shape.window, fitting_shards(shape.batch, threads))
        self.inputs, self.targets = token_windows(shape)

    def __call__(self, i: int) -> None:
        at = i % len(self.inputs)
        self.streams.learn(self.inputs[at], self.targets[at])
        self.engine.update(1e-3, 1.0)


def train(shape: dict[str, Any], seconds: float, threads: int, precision: str = "float32") -> dict[str, float]:
    """The median seconds of a training step, and the GFLOP/s that the machine makes at most, right after."""
    median = median_seconds(TrainingStep(Shape(**shape), threads, precision), seconds)
    return {"seconds": median, "peak": limits.gflops(threads, min(PEAK_SECONDS, seconds), precision)}


def sample(shape: dict[str, Any], seconds: float, threads: int, streams: int = 1,
           precision: str = "float32") -> dict[str, float]:
    """The mean seconds of a character of all streams together, as Sampler.stream gives them, draws included."""
    engine = untrained(Shape(**shape))
    sampler = Sampler(engine.settings, weights_of(engine, precision), streams, Workers(threads))
    sampler.begin(np.zeros((1, streams), np.int32))
    pieces = sampler.stream(None, generators_of(1, streams), SamplingRule(temp=TEMP))
    return {"seconds": mean_seconds((piece.ids.size for piece in pieces), seconds)}
