"""Group `controls`: what each option of `charrnn sample` costs, beside sampling without any."""

from collections.abc import Iterator
from typing import Any

from benchmarks.completing import USUAL
from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.clock import mean_seconds
from charrnn.bench.ours import untrained
from charrnn.bench.processes import Job
from charrnn.bench.results import Row, rates
from charrnn.bench.shape import VOCABULARY, Shape
from charrnn.engine.interface import Engine
from charrnn.sampling.session import LanguageModel, SamplingSession
from charrnn.settings import SampleSettings, Settings

GOAL = 1 / 1.1
# What a trained network is surprised by on average, in nats; an untrained one expects everything alike.
SURE = 1.5
WAYS: dict[str, dict[str, Any]] = {
    "--top-k 40": {"top_k": 40}, "--top-k 10": {"top_k": 10}, "--top-p 0.9": {"top_p": 0.9},
    "--min-p 0.05": {"min_p": 0.05}, "--bias, --ban": {"bias": ("e=+1", "a=-1"), "ban": ("XYZ",)},
    "--clamp": {"clamp": ("L1:3=0.5", "L1:200=-1")}, "--stop, twice": {"stop": ("THE END", r"\n\n\n\n")},
    "--json": {"with_nats": True},
    "--top-p, --min-p, --bias, --clamp, --stop": {
        "top_p": 0.9, "min_p": 0.05, "bias": ("e=+1",), "clamp": ("L1:3=0.5",), "stop": ("THE END",)}}


def measure(options: Options) -> Iterator[Table]:
    """One table: the rate with each option beside that without, one stream."""
    for shape in options.shapes or (Shape("lstm", 1, 256),):
        how = {"seconds": options.seconds, "threads": options.threads}
        jobs = [Job.of("benchmarks.controls:write", shape, **how, asked=asked) for asked in ({}, *WAYS.values())]
        plain, *others = options.turns(f"options with {shape.network}", jobs)
        rows = [Row(way, "char/s", rates(results), {"plain": rates(plain)}, GOAL)
                for way, results in zip(WAYS, others, strict=True)]
        yield Table(f"Options of a sample, {shape.network}, {VOCABULARY} characters, {options.threads} threads", rows,
                    [f"The network is as sure as a trained one: {SURE} nats a character."])


def write(shape: dict[str, Any], seconds: float, threads: int, asked: dict[str, Any]) -> dict[str, float]:
    """The mean seconds of a character of one text that is written with the options asked for."""
    engine = untrained(Shape(**shape), threads=threads)
    _make_sure(engine)
    with_nats = asked.pop("with_nats", False)
    pieces = _session(engine, SampleSettings(length=0, seed=1, **asked)).pieces(with_nats)
    return {"seconds": mean_seconds((len(piece.text) for [piece] in pieces), seconds)}


def _session(engine: Engine, settings: SampleSettings) -> SamplingSession:
    return LanguageModel(engine, Settings(engine.settings), USUAL).session(settings)


def _make_sure(engine: Engine) -> None:
    """Makes the output's weights larger until the network expects what comes as a trained one does."""
    while True:
        [sample] = _session(engine, SampleSettings(length=2000, seed=1, temp=1.0)).samples()
        if sample.nats.mean() <= SURE:
            return
        arrays = engine.parameters()
        engine.load(arrays | {"weight_out": arrays["weight_out"] * 1.1})
