"""Group `cells`: the usual cells, depths and sizes trained alike on one text: what each learns, and what it costs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.learning import rows
from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.engine.threads import physical_cores

CELLS = ("rnn", "lstm", "gru")
LAYERS, HIDDEN = (1, 2, 3), (64, 128, 256, 512)
# Alike for all of them; the rate is the one that charrnn itself finds fitting for cell and size.
ALIKE = {"epochs": 2.0, "batch": 16, "window": 64, "dropout": 0.2, "validations": 6, "precision": "bf16", "seed": 1337}
# Of tiny Shakespeare the last tenth is not trained on, as in nanoGPT: one half of it validates, the other tests.
TEST_SHARE, VAL_FRACTION = 0.05, 0.05 / 0.95
HEADERS = ("cell", "layers", "hidden", "parameters", "training", "validation", "test", "CPU s")
RESULTS = Path(__file__).parent / "results" / "cells.jsonl"


def measure(options: Options) -> Iterator[Table]:
    """One table, a row a network; rows measured before are taken from results/cells.jsonl."""
    [text, *_] = options.texts
    plan = [{"text": str(text), "test_share": TEST_SHARE, "threads": physical_cores(),
             "settings": {"cell": cell, "layers": layers, "hidden": hidden, "val_fraction": VAL_FRACTION, **ALIKE}}
            for hidden in HIDDEN for layers in LAYERS for cell in CELLS]
    found = []
    for number, row in enumerate(rows(RESULTS, plan), start=1):
        options.tell("cells", number, len(plan))
        found += [] if "failure" in row else [row]
    found.sort(key=lambda row: (CELLS.index(row["settings"]["cell"]), row["settings"]["layers"],
                                row["settings"]["hidden"]))
    yield Table(f"{ALIKE['epochs']:g} epochs of {text.stem}, nats a character at the best validation",
                [_cells(row) for row in found], (), HEADERS)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    settings = row["settings"]
    return (settings["cell"], str(settings["layers"]), str(settings["hidden"]), f"{row['parameters']:,}",
            f"{row['training']:.3f}", f"{row['validation']:.3f}", f"{row['test']:.3f}", f"{row['cpu_seconds']:.0f}")
