"""Numbers at their edges: NaN and infinity in a run, settings at their bounds, logits of 1e30, long windows, many
steps, other numbers of threads, and kernels in plain Python.

    python -m tests.torture.numbers [--tries 1000] [--seed 1]

A run goes on with finite numbers or is given up in a line, without a warning. Results do not depend on threads, and
but for rounding not on the compiler. The 200,000 steps, whose memory must not grow, are taken from 1,000 tries on.
"""

import dataclasses
import hashlib
import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.engine.engines import open_engine
from charrnn.errors import CharrnnError
from charrnn.kernels import predictions, softmax
from charrnn.kernels.cpu import PAD, padded
from charrnn.kernels.jit import as_kernel
from charrnn.kernels.sample_logits import Limits
from charrnn.kernels.softmax import NEVER
from charrnn.settings import NetworkSettings, Settings, TrainingSettings, WindowSettings
from charrnn.training.events import Finished, Step
from charrnn.training.trainer import Trainer
from tests.torture.commands import watched
from tests.torture.findings import Findings

ROOT = Path(__file__).parents[2]
loss_row, score_row = as_kernel(softmax.loss_row), as_kernel(predictions.score_row)
V = 7
VALUES = [math.nan, math.inf, -math.inf, 3e38, -3e38, 1e30, 1e-45]
OPTIMIZERS = ("adam", "adamw", "rmsprop", "adagrad", "sgd")
MEMORIES = ("adam_", "rmsprop_", "adagrad_", "sgd_")
STEPS, MOST_GROWTH = 200_000, 3.0  # of the long run; megabytes after its first tenth
MANY = 1000  # tries from which on it is taken


def text(size: int = 400) -> np.ndarray:
    ids: np.ndarray = np.cumsum(np.random.default_rng(0).integers(0, 3, size)) % V
    return ids


def settings_of(network: dict[str, Any], windows: dict[str, Any], training: dict[str, Any]) -> Settings:
    """A tiny run, but for what is given."""
    return Settings(NetworkSettings(**{"hidden": 5, "dropout": 0.0} | network),
                    WindowSettings(**{"window": 6, "batch": 4} | windows),
                    TrainingSettings(**{"lr": 0.01, "epochs": 1.0, "validations": 3, "shards": 2} | training))


def finish(trainer: Trainer, spoil: Callable[[Trainer], None] | None = None, at: int = 0) -> str:
    """Takes a run to its end, spoilt after step `at`; what is wrong then."""
    ended = None
    try:
        for event in trainer.events():
            if spoil is not None and isinstance(event, Step) and event.step == at:
                spoil(trainer)
                spoil = None
            ended = event
    except CharrnnError as error:
        return "" if len(str(error)) < 300 and "\n" not in str(error) else f"refused with {error}"
    if not isinstance(ended, Finished):
        return f"it ended with {ended}"
    # what a spoilt memory of the optimizer can't do any harm with, it may keep; a resumed run refuses it
    wrong = [name for name, array in trainer.state()[0].items()
             if not np.isfinite(array).all() and not name.startswith(MEMORIES)]
    if wrong:
        return f"not finite at the end: {', '.join(wrong[:3])}"
    return "" if math.isfinite(ended.best_loss) or trainer.settings.windows.val_fraction == 0 else "no finite loss"


def poisoned(rng: random.Random) -> str:
    """A weight, a running average, the optimizer's memory or the carried state becomes NaN, infinite or huge."""
    settings = settings_of(
        {"cell": rng.choice(list(CELLS)), "layers": rng.choice([1, 2]), "embedding": rng.choice([0, 3]),
         "learn_initial_state": rng.random() < 0.3}, {},
        {"optimizer": rng.choice(OPTIMIZERS), "precision": rng.choice(["float32", "float32", "bf16"]),
         "averaging": rng.choice([0.0, 0.9])})
    value, place = rng.choice(VALUES), rng.random()

    def spoil(trainer: Trainer) -> None:
        if place < 0.2:
            arrays = trainer.streams.state()
            _put(arrays, value, rng)
            trainer.streams.set_state(arrays)
        else:
            arrays = trainer.engine.state()
            _put(arrays, value, rng)
            trainer.engine.restore(arrays, trainer.engine.steps)

    engine = "reference" if rng.random() < 0.1 and settings.training.precision == "float32" else "compiled"
    return finish(Trainer(settings, text(), V, 2, engine), spoil, rng.choice([1, 5, 9]))


def _put(arrays: dict[str, np.ndarray], value: float, rng: random.Random) -> None:
    array = arrays[rng.choice(sorted(arrays))]
    array.flat[rng.randrange(array.size)] = value


def at_bounds(rng: random.Random) -> str:
    """Training settings drawn from their bounds, defaults and what lies just inside them."""
    drawn: dict[str, Any] = {}
    for spec in dataclasses.fields(TrainingSettings):
        meta = spec.metadata
        if meta["choices"]:
            drawn[spec.name] = rng.choice(meta["choices"])
        elif meta["low"] is not None and spec.name not in ("epochs", "minutes", "shards") and rng.random() < 0.3:
            drawn[spec.name] = rng.choice([meta["low"], meta["high"], spec.default])
    drawn["epochs"] = rng.choice([0.1, 1.0, 2.0])
    network = {"cell": rng.choice(list(CELLS)), "dropout": rng.choice([0.0, 0.95]),
               "recurrent_dropout": rng.choice([0.0, 0.95])}
    try:
        settings = settings_of(network, {}, drawn)
    except CharrnnError:
        return ""
    return finish(Trainer(settings, text(), V, 2))


def huge_logits(rng: random.Random) -> str:
    """Softmax, its loss and gradient, predictions and draws where logits are huge, equal or tiny."""
    count = rng.choice([1, 2, 5, 16, 17, 61])
    choices = [-1e30, 1e30, 0.0, 1e4, -1e4, 88.0, -88.0, 1e-45, 3e29, 1.0]
    values = np.array([rng.choice(choices) for _ in range(count)], np.float32)
    if values.max() <= NEVER:
        values[rng.randrange(count)] = 0.0  # a logit at NEVER is as good as padding
    target, largest = rng.randrange(count), float(values.max())
    rows = [np.full(padded(count), NEVER) for _ in range(3)]
    for row in rows:
        row[:count] = values
    lanes, ids, probabilities = np.empty(PAD, np.float32), np.empty(count, np.int32), np.empty(count, np.float32)
    loss = loss_row(rows[0], target, np.float32(1), lanes)
    nats, rank, entropy = score_row(rows[1], rows[2], lanes, target, count, ids, probabilities)
    expected = np.exp(values.astype(np.float64) - largest)
    expected /= expected.sum()
    if not math.isfinite(loss) or loss < -1e-3 * max(1.0, abs(largest)):
        return f"a loss of {loss}"
    if not np.isfinite(rows[0]).all() or np.abs(rows[0][:count] + (np.arange(count) == target) - expected).max() > 1e-5:
        return f"a wrong gradient: {rows[0][:count]} for {values}"
    if rows[0][count:].any():
        return "padding has a gradient"
    if not (math.isfinite(nats) and math.isfinite(entropy) and 1 <= rank <= count):
        return f"nats {nats}, rank {rank}, entropy {entropy} for {values}"
    if abs(float(probabilities.sum()) - 1) > 1e-5 or sorted(ids.tolist()) != list(range(count)):
        return f"predictions {ids} with {probabilities}"
    return ""


def wild_draws(rng: random.Random) -> str:
    """Samples of a network whose output weights are as large as a checkpoint may have them, at odd temperatures."""
    from charrnn.engine.threads import Workers
    from charrnn.sampling.constraints import SamplingRule
    from charrnn.sampling.sampler import Sampler, generators_of

    settings = NetworkSettings(cell=rng.choice(list(CELLS)), hidden=5, dropout=0.0)
    engine = open_engine("compiled", settings, V, generator=np.random.default_rng(rng.randrange(99)), threads=1)
    arrays = engine.parameters()
    for name in rng.sample(sorted(arrays), 2):
        arrays[name] *= np.float32(rng.choice([1e14, -1e14, 0.0, 1e-30]))
    engine.load(arrays)
    sampler = Sampler(settings, engine.network.weights, 2, Workers(1))  # type: ignore[attr-defined]
    sampler.begin(np.ones(2, np.int32))
    rule = SamplingRule(rng.choice([0.0, 1e-9, 0.8, 100.0]),
                        Limits(rng.choice([0, 1, 3, 99]), rng.choice([0.0, 1e-9, 0.5, 1.0]),
                               rng.choice([0.0, 0.5, 1.0])))
    for ids in sampler.stream(30, generators_of(1, 2), rule):
        drawn = np.asarray(ids[0] if isinstance(ids, tuple) else ids)
        if not ((0 <= drawn) & (drawn < V)).all():
            return f"character {drawn} of {V}"
    return ""


def long_window(rng: random.Random) -> str:
    """A window of a thousand characters or more: its gradient is that of the reference."""
    settings = NetworkSettings(cell=rng.choice(list(CELLS)), hidden=rng.choice([3, 17]), layers=rng.choice([1, 2]),
                               dropout=0.0)
    T = rng.choice([1000, 1500, 3000])
    ids = text(T + 1)
    inputs, targets = ids[:-1, None].astype(np.int32), ids[1:, None].astype(np.int32)
    losses, norms, start = [], [], None
    for name in ("reference", "compiled"):
        engine = open_engine(name, settings, V, training=TrainingSettings(optimizer="sgd", momentum=0.0, shards=1),
                             generator=np.random.default_rng(1), threads=1)
        start = start or engine.parameters()
        engine.load(start)
        losses.append(engine.streams(1, T, 1).learn(inputs, targets))
        norms.append(engine.update(0.1, 0.0))
    if not np.allclose(losses[0], losses[1], rtol=1e-4) or not np.allclose(norms[0], norms[1], rtol=2e-3):
        return f"{settings.cell} of window {T}: losses {losses}, norms {norms}"
    return ""


def threads(rng: random.Random) -> str:
    """The same run on other numbers of threads, to the last bit."""
    settings = settings_of(
        {"cell": rng.choice(list(CELLS)), "layers": rng.choice([1, 2]), "dropout": rng.choice([0.0, 0.3]),
         "recurrent_dropout": rng.choice([0.0, 0.2])}, {"batch": 9},
        {"shards": rng.choice([1, 3, 4]), "optimizer": rng.choice(OPTIMIZERS), "epochs": 0.5,
         "precision": rng.choice(["float32", "bf16"])})
    states = {count: digest(settings, count) for count in (1, 2, rng.choice([3, 4, 7]))}
    return "" if len(set(states.values())) == 1 else f"threads decide: {states}, {settings}"


def digest(settings: Settings, count: int) -> str:
    """What a run leaves behind, as a checksum."""
    trainer = Trainer(settings, text(), V, count)
    if what := finish(trainer):
        return what
    arrays, progress = trainer.state()
    plain = json.dumps(progress.to_dict(), sort_keys=True).encode()
    parts = [plain, *(part for name in sorted(arrays) for part in (name.encode(), arrays[name].tobytes()))]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def without_compiler(rng: random.Random) -> str:
    """The same few steps with the kernels in plain Python, but for rounding."""
    cell, seed, found = rng.choice(list(CELLS)), rng.randrange(1000), []
    for value in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": value, "PYTHONPATH": str(ROOT)}
        code = f"from tests.torture.numbers import few_steps; few_steps({cell!r}, {seed})"
        done = subprocess.run([sys.executable, "-W", "ignore::RuntimeWarning", "-c", code], cwd=ROOT, env=environment,
                              capture_output=True, text=True)
        if done.returncode:
            return f"NUMBA_DISABLE_JIT={value} with {cell}: {done.stderr[-300:]}"
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return "" if np.allclose(*found, rtol=1e-4, atol=1e-5) else f"{cell}: {found}"


def few_steps(cell: str, seed: int) -> None:
    """Prints the losses of a few steps, and the sums of its parameters after them."""
    settings = settings_of({"cell": cell}, {"window": 3, "batch": 2}, {"seed": seed, "epochs": 0.05})
    trainer = Trainer(settings, text(), V, 1)
    losses = [event.loss for event in trainer.events() if isinstance(event, Step)]
    print(json.dumps([*losses, *(float(array.astype(np.float64).sum()) for array in trainer.state()[0].values())][:40]))


def many_steps() -> tuple[str, int]:
    """What is wrong after STEPS steps of a tiny network, and how many were taken."""
    from charrnn.engine.compiled.engine import CompiledEngine

    settings = settings_of({"hidden": 4}, {"window": 4, "batch": 2, "val_fraction": 0.1},
                           {"epochs": 1e9, "validations": 1, "shards": 1, "optimizer": "adam"})
    trainer = Trainer(settings, text(), V, 1)
    assert isinstance(trainer.engine, CompiledEngine)
    began = grown = 0.0
    for event in trainer.events():
        if isinstance(event, Step) and event.step == STEPS // 10:
            began = resident()
        if isinstance(event, Step) and event.step == STEPS:
            grown = resident() - began
            trainer.stop()
    return (f"{grown:.1f} MB more after {trainer.step:,} steps" if grown > MOST_GROWTH else ""), trainer.step


def resident() -> float:
    """Megabytes of this process in memory; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if status.exists() else 0.0


# How often each comes up in a thousand tries.
WAYS: dict[Callable[[random.Random], str], int] = {
    huge_logits: 400, poisoned: 250, at_bounds: 180, wild_draws: 100, threads: 50, long_window: 18, without_compiler: 2}


def attack(findings: Findings, ways: Sequence[Callable[[random.Random], str]] = tuple(WAYS)) -> dict[str, int]:
    """So many tries; how many there were of each way."""
    counts = dict.fromkeys((way.__name__ for way in ways), 0)
    for number in range(findings.seed, findings.seed + findings.tries):
        rng = random.Random(number)
        way = rng.choices(ways, [WAYS[way] for way in ways])[0]
        counts[way.__name__] += 1
        said: list[str] = []
        found = watched(lambda way=way, rng=rng, said=said: said.append(way(rng)))
        if what := found.cause or "".join(said):
            findings.add(f"--seed {number} --tries 1 ({way.__name__}): {what}")
    return counts


def main(arguments: list[str] | None = None) -> NoReturn:
    findings, began = Findings(__doc__ or "", arguments=arguments, tries=MANY), time.monotonic()
    counts, steps = attack(findings), 0
    if findings.tries >= MANY:
        what, steps = many_steps()
        if what:
            findings.add(what)
    shown = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    findings.leave(f"numbers: {findings.tries:,} tries ({shown}) and {steps:,} steps in "
                   f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
