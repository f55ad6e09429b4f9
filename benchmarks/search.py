"""Group `search`: how far the defaults are from the best settings that a random search finds in the same time.

Every training is kept in results/search.jsonl as it ends, and not run again. Trial n of a text and a number of minutes
always has the same settings, so that a longer search goes on from a shorter one; another processor needs one of its
own. As many threads train as there are cores: `taskset -c 0 python -m benchmarks search` searches with one.
"""

import statistics
import zlib
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.learning import read_rows, rows, rules, words
from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.machine import processor
from charrnn.engine.threads import physical_cores
from charrnn.kernels.cpu import HAS_BF16
from charrnn.settings import NetworkSettings
from charrnn.training.schedules import fitting_rate

RESULTS = Path(__file__).parent / "results" / "search.jsonl"
SEEDS = (1, 2, 3)
# What is drawn from; what stands here twice comes twice as often.
CELLS = ("lstm", "lstm", "gru", "gru", "mogrifier", "mogrifier", "rnn")
HIDDEN, LAYERS = (64, 96, 128, 192, 256, 384, 512, 768), (1, 1, 2, 3)
WINDOWS, BATCHES = (25, 50, 64, 100, 150), (4, 8, 16, 32, 64)
# The rate is the one that fits cell and size, times or divided by so much at most.
RATE_SPAN = 3.0
HEADERS = ("text, minutes", "defaults", "spread", "their cold", "trials", "best trial", "its cold", "regret")


def measure(options: Options) -> Iterator[Table]:
    """Two tables from the file: the regret for each text and time, and the settings of the best trials."""
    plan = planned(options)
    for number, _ in enumerate(rows(RESULTS, plan), start=1):
        options.tell("search", number, len(plan))
    yield from tables(plan, read_rows(RESULTS))


def planned(options: Options) -> list[dict[str, Any]]:
    """The defaults with each seed and then the trials, of all texts and times in turn, so that any part is a fair one.
    """
    places, here = [(text, minutes) for text in options.texts for minutes in options.minutes], processor()

    def point(place: tuple[Path, float], settings: dict[str, Any], **others: str) -> dict[str, Any]:
        return {"text": str(place[0]), "minutes": place[1], "threads": physical_cores(), "processor": here, **others,
                "settings": {**settings, "minutes": place[1]}}

    precision = "bf16" if HAS_BF16 else "float32"
    return [*(point(place, {"seed": seed}, role="defaults", preset="default", rules=rules(*place))
              for seed in SEEDS for place in places),
            *(point(place, {**drawn(*place, number), "precision": precision}, role="trial")
              for number in range(options.trials) for place in places)]


def drawn(text: Path, minutes: float, number: int) -> dict[str, Any]:
    """The settings of trial `number`."""
    random = np.random.default_rng([number, zlib.crc32(f"{text.name} {minutes:g}".encode())])

    def one_of(values: tuple[Any, ...]) -> Any:
        return values[random.integers(len(values))]

    network = {"cell": one_of(CELLS), "hidden": one_of(HIDDEN), "layers": one_of(LAYERS)}
    rate = fitting_rate(NetworkSettings(**network), "adam") * RATE_SPAN ** random.uniform(-1, 1)
    recurrent, averaging = random.uniform(0, 0.5), 1 - 10 ** random.uniform(-3.3, -1.5)
    betas = one_of(({}, {"beta1": 0.8, "beta2": 0.99}))
    decay = float(f"{10 ** random.uniform(-2.3, -0.7):.1g}")
    return {**network, "lr": float(f"{rate:.2g}"), "window": one_of(WINDOWS), "batch": one_of(BATCHES),
            "dropout": round(random.uniform(0, 0.6), 2), "recurrent_dropout": one_of((0.0, round(recurrent, 2))),
            "averaging": one_of((0.0, round(averaging, 4))), **betas, "optimizer": "adamw",
            "weight_decay": one_of((0.0, decay)), "seed": number + 1}


def tables(plan: list[dict[str, Any]], known: list[dict[str, Any]]) -> Iterator[Table]:
    """What the known rows say of the plan's texts and times: today's defaults, and every trial that there is."""
    lines, best_lines = [], []
    place = itemgetter("text", "minutes", "threads", "processor")
    for path, minutes, *machine in dict.fromkeys(map(place, plan)):
        text, today = Path(path).name, rules(Path(path), minutes)
        here = [row for row in known if place(row) == (text, minutes, *machine) and "failure" not in row]
        defaults = [row for row in here if row["role"] == "defaults" and row["rules"] == today]
        trials = [row for row in here if row["role"] == "trial"]
        if not defaults or not trials:
            continue
        losses = [row["validation"] for row in defaults]
        best = min(trials, key=lambda row: row["validation"])
        lines.append((f"{text}, {minutes:g}", f"{statistics.mean(losses):.4f}", f"{max(losses) - min(losses):.4f}",
                      _cold(defaults), str(len(trials)), f"{best['validation']:.4f}", _cold([best]),
                      f"{statistics.mean(losses) - best['validation']:+.4f}"))
        best_lines.append((f"{text}, {minutes:g}", words({name: value for name, value in best["settings"].items()
                                                          if name not in ("minutes", "seed")})))
    if lines:
        threads = plan[0]["threads"]
        yield Table(f"Regret of the defaults, nats a character, {threads} thread{'s'[:threads != 1]}", lines, [
            f"Defaults: the mean of {len(SEEDS)} seeds, and highest less lowest. The best trial is the lowest of many "
            "single runs, which flatters it: a regret within the spread is none."], HEADERS)
        yield Table("The best trials", best_lines, (), ("text, minutes", "settings"))


def _cold(found: list[dict[str, Any]]) -> str:
    known = [row["cold"] for row in found if row["cold"] is not None]
    return f"{statistics.mean(known):.4f}" if known else ""
