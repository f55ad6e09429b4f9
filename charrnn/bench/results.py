"""Layer bench: the measurements of one shape and what follows from them: rates, shares, ratios; medians over rounds."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.bench.processes import Job, Tell, take_turns
from charrnn.bench.shape import FLOAT_BYTES, Shape


@dataclass(frozen=True)
class Rate:
    """Characters a second in each round, ours and, where it was measured, PyTorch's."""

    rounds: Sequence[float]
    torch_rounds: Sequence[float] = ()
    torch_setting: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def torch(self) -> float | None:
        return statistics.median(self.torch_rounds) if self.torch_rounds else None

    @property
    def ratio(self) -> float | None:
        return None if self.torch is None else self.median / self.torch

    def to_dict(self) -> dict[str, Any]:
        ours = {"characters_per_second": self.median, "rounds": list(self.rounds)}
        rival = {"torch": {"characters_per_second": self.torch, "rounds": list(self.torch_rounds),
                           "setting": self.torch_setting}, "ratio": self.ratio}
        return ours | (rival if self.torch_rounds else {})


@dataclass(frozen=True)
class Measured:
    """A shape's training and sampling, and the machine's peak in GFLOP/s beside each round of training."""

    shape: Shape
    training: Rate
    peaks: Sequence[float]
    sampling: Rate
    weight_bytes: int = FLOAT_BYTES

    @property
    def gflops(self) -> float:
        """Useful arithmetic in training, 10^9 operations a second."""
        return statistics.median(self._gflops)

    @property
    def share(self) -> float:
        """The part of the machine's peak that this is."""
        return statistics.median(ours / peak for ours, peak in zip(self._gflops, self.peaks, strict=True))

    @property
    def weight_gbytes(self) -> float:
        """10^9 bytes of weights a second that sampling reads."""
        return self.sampling.median * self.shape.useful_weights() * self.weight_bytes / 1e9

    @property
    def _gflops(self) -> list[float]:
        each = self.shape.useful_flops() / self.shape.characters / 1e9
        return [each * rate for rate in self.training.rounds]

    def to_dict(self) -> dict[str, Any]:
        shape = self.shape
        return {"network": shape.network, "cell": shape.cell, "layers": shape.layers, "hidden": shape.hidden,
                "batch": shape.batch, "window": shape.window, "training": self.training.to_dict(),
                "gflops": self.gflops, "peak_rounds": list(self.peaks), "share_of_peak": self.share,
                "sampling": self.sampling.to_dict(), "weight_gbytes_per_second": self.weight_gbytes}


@dataclass(frozen=True)
class Bench:
    """How it is measured: rounds, seconds that a process repeats what it times, threads, PyTorch beside us or not.

    precision is ours; PyTorch always multiplies float32.
    """

    rounds: int
    seconds: float
    threads: int
    torch: bool
    tell: Tell
    precision: str = "float32"

    def limits(self) -> dict[str, list[dict[str, Any]]]:
        """The machine's, as limits.measure gives them: the best of all rounds, with the rounds beside it."""
        job = Job("charrnn.bench.limits:measure", {"threads": self.threads, "seconds": min(0.2, self.seconds)})
        [results] = take_turns("the machine's limits", [job], self.rounds, self.tell)
        return {"peak": _best([result["peak"] for result in results], "gflops"),
                "bandwidth": _best([result["bandwidth"] for result in results], "gbytes_per_second")}

    def training(self, shape: Shape) -> tuple[Rate, list[float]]:
        """Our rate and PyTorch's, and the machine's peak in each round."""
        common = {"seconds": self.seconds, "threads": self.threads}
        jobs = [Job.of("charrnn.bench.ours:train", shape, precision=self.precision, **common)]
        if self.torch:
            jobs.append(Job.of("charrnn.bench.rival:train", shape, form="embedding", **common))
        ours, *rival = take_turns(f"training of {shape.name}", jobs, self.rounds, self.tell)
        return _rate(ours, rival, shape.characters, "adam"), [result["peak"] for result in ours]

    def sampling(self, shape: Shape) -> Rate:
        """Our rate and PyTorch's for one stream."""
        common = {"seconds": self.seconds, "threads": self.threads}
        jobs = [Job.of("charrnn.bench.ours:sample", shape, precision=self.precision, **common)]
        if self.torch:
            jobs.append(Job.of("charrnn.bench.rival:sample", shape, **common))
        ours, *rival = take_turns(f"sampling with {shape.network}", jobs, self.rounds, self.tell)
        return _rate(ours, rival, 1, "setting")


def commonest(results: Sequence[dict[str, Any]], key: str) -> str:
    """What most of the results have under `key`."""
    return str(Counter(result[key] for result in results).most_common(1)[0][0])


def rates(results: Sequence[dict[str, Any]], characters: int = 1) -> list[float]:
    """Characters a second of results that say how many `seconds` so many characters took."""
    return [characters / result["seconds"] for result in results]


def _rate(ours: list[dict[str, Any]], rival: list[list[dict[str, Any]]], characters: int, setting: str) -> Rate:
    if not rival:
        return Rate(rates(ours, characters))
    [results] = rival
    return Rate(rates(ours, characters), rates(results, characters), commonest(results, setting))


def _best(rounds: list[list[dict[str, Any]]], key: str) -> list[dict[str, Any]]:
    """Of the same figures in several rounds the highest, and `rounds` with all of them."""
    return [{**same[0], key: max(one[key] for one in same), "rounds": [one[key] for one in same]}
            for same in zip(*rounds, strict=True)]
