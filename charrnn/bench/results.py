"""Layer bench: measurements over rounds, and what follows from them: medians, ratios to rivals, shares of the peak."""

import dataclasses
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from charrnn.bench.limits import PEAKS
from charrnn.bench.processes import Job, Tell, take_turns
from charrnn.bench.rivals import FORMS, RIVALS
from charrnn.bench.shape import NUMBER_BYTES, Shape

LESS_IS_BETTER = {"s", "ms", "nats", "bits", "MB", "bytes"}


@dataclass(frozen=True)
class Row:
    """One thing measured over some rounds, in turn with its rivals; the ratio is to the best of them.

    rivals   name -> its rounds
    goal     the least ratio; without rivals the most of the unit
    """

    what: str
    unit: str
    rounds: Sequence[float]
    rivals: Mapping[str, Sequence[float]] = field(default_factory=dict)
    goal: float | None = None
    note: str = ""

    @property
    def ours(self) -> float:
        return statistics.median(self.rounds)

    @property
    def rival_name(self) -> str:
        """The best of the rivals; empty if there is none."""
        return max(self.rivals, key=lambda name: times_as_good(statistics.median(self.rivals[name]), 1.0, self.unit),
                   default="")

    @property
    def rival(self) -> float | None:
        return statistics.median(self.rivals[self.rival_name]) if self.rivals else None

    @property
    def ratio(self) -> float | None:
        """How many times as good as the best rival: above 1 we are ahead."""
        return None if self.rival is None else times_as_good(self.ours, self.rival, self.unit)

    @property
    def ratios(self) -> tuple[float, float] | None:
        """The lowest and the highest ratio of a single round."""
        single = [times_as_good(ours, rival, self.unit)
                  for ours, rival in zip(self.rounds, self.rivals.get(self.rival_name, ()), strict=False)]
        return (min(single), max(single)) if single else None

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None without one."""
        if self.goal is None:
            return None
        return self.ours <= self.goal if self.ratio is None else self.ratio >= self.goal

    def against(self, start: str) -> "Row":
        """The same with only those rivals whose names begin so."""
        return dataclasses.replace(self, rivals={name: rounds for name, rounds in self.rivals.items()
                                                 if name.startswith(start)})

    def to_dict(self) -> dict[str, Any]:
        return {"what": self.what, "unit": self.unit, "ours": self.ours, "rounds": list(self.rounds),
                "rivals": {name: list(rounds) for name, rounds in self.rivals.items()}, "rival": self.rival_name,
                "ratio": self.ratio, "goal": self.goal, "met": self.met, "note": self.note}


@dataclass(frozen=True)
class Measured:
    """What was measured of a shape; `peaks` are the machine's, in GFLOP/s, right after each round of training."""

    shape: Shape
    precision: str
    training: Row
    peaks: Sequence[float]
    sampling: Row

    @property
    def arithmetic(self) -> Row:
        return arithmetic(self.shape, self.training, self.peaks)

    @property
    def weight_gbytes(self) -> float:
        """10^9 bytes of weights a second that sampling reads."""
        return self.sampling.ours * self.shape.useful_weights() * NUMBER_BYTES[self.precision] / 1e9

    def to_dict(self) -> dict[str, Any]:
        shape = self.shape
        return {"network": shape.network, "cell": shape.cell, "layers": shape.layers, "hidden": shape.hidden,
                "batch": shape.batch, "window": shape.window, "precision": self.precision,
                "training": self.training.to_dict(), "gflops": self.arithmetic.ours, "peak_rounds": list(self.peaks),
                "share_of_peak": self.arithmetic.ratio, "sampling": self.sampling.to_dict(),
                "weight_gbytes_per_second": self.weight_gbytes}


@dataclass(frozen=True)
class Plan:
    """How it is measured: turns of each side, seconds that a process repeats what it times, threads of both sides.

    rivals   who is measured beside us, of RIVALS
    """

    rounds: int
    seconds: float
    threads: int
    rivals: Sequence[str]
    tell: Tell

    def turns(self, what: str, jobs: Sequence[Job]) -> list[list[dict[str, Any]]]:
        """Each job's results, one a round."""
        return take_turns(what, jobs, self.rounds, self.tell)

    def limits(self) -> dict[str, list[dict[str, Any]]]:
        """The machine's, as limits.measure gives them: the best of all rounds, with the rounds beside it."""
        job = Job("charrnn.bench.limits:measure", {"threads": self.threads, "seconds": min(0.2, self.seconds)})
        [results] = self.turns("the machine's limits", [job])
        return {**{name: _best([result[name] for result in results], "gflops")
                   for name in PEAKS.values() if name in results[0]},
                "bandwidth": _best([result["bandwidth"] for result in results], "gbytes_per_second")}

    def training(self, shape: Shape, precision: str) -> tuple[Row, list[float]]:
        """Our rate and the rivals' in the same precision; and the machine's peak in each round."""
        ours, row = self._rates("train", shape, precision, f"training of {shape.name}", shape.name, shape.characters)
        return row, [result["peak"] for result in ours]

    def sampling(self, shape: Shape, precision: str) -> Row:
        """Our rate for one stream, and the rivals' in the same precision."""
        return self._rates("sample", shape, precision, f"sampling with {shape.network}", shape.network, 1)[1]

    def _rates(self, function: str, shape: Shape, precision: str, told: str, what: str,
               characters: int) -> tuple[list[dict[str, Any]], Row]:
        common = {"seconds": self.seconds, "threads": self.threads}
        rivals = {f"{RIVALS['torch'].name} {form}": Job.of(f"charrnn.bench.rival_torch:{function}", shape, form=form,
                                            precision=precision, **common)
                  for form in FORMS if "torch" in self.rivals}
        # ONNX Runtime trains no recurrent layers, and has no bfloat16 ones for a processor.
        if "onnx" in self.rivals and (function, precision) == ("sample", "float32"):
            rivals[RIVALS["onnx"].name] = Job.of("charrnn.bench.rival_onnx:sample", shape, **common)
        is_bf16 = ", bf16" * (precision == "bf16")
        ours, *others = self.turns(told + is_bf16, [
            Job.of(f"charrnn.bench.ours:{function}", shape, precision=precision, **common), *rivals.values()])
        found = dict(zip(rivals, others, strict=True))
        row = Row(what + is_bf16, "char/s", rates(ours, characters),
                  {name: rates(results, characters) for name, results in found.items()})
        each = [f"{name} {statistics.median(row.rivals[name]):,.0f} ({commonest(results, 'setting')})"
                for name, results in found.items()]
        return ours, dataclasses.replace(row, note="; ".join(each))


def arithmetic(shape: Shape, training: Row, peaks: Sequence[float]) -> Row:
    """Useful arithmetic in training, 10^9 operations a second, beside the machine's peak."""
    each = shape.useful_flops() / shape.characters / 1e9
    return Row(training.what, "GFLOP/s", [each * rate for rate in training.rounds], {"peak": peaks})


def commonest(results: Sequence[dict[str, Any]], key: str) -> str:
    """What most of the results have under `key`."""
    return str(Counter(result[key] for result in results).most_common(1)[0][0])


def rates(results: Sequence[dict[str, Any]], characters: int = 1) -> list[float]:
    """Characters a second of results that say how many `seconds` so many characters took."""
    return [characters / result["seconds"] for result in results]


def times_as_good(ours: float, rival: float, unit: str) -> float:
    """How many times as good `ours` is as `rival`: less of a time or a loss, more of everything else."""
    return rival / ours if unit in LESS_IS_BETTER else ours / rival


def _best(rounds: list[list[dict[str, Any]]], key: str) -> list[dict[str, Any]]:
    """Of the same figures in several rounds the highest, and `rounds` with all of them."""
    return [{**same[0], key: max(one[key] for one in same), "rounds": [one[key] for one in same]}
            for same in zip(*rounds, strict=True)]
