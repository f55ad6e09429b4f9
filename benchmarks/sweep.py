"""Group `sweep`: the trials that the defaults were chosen from: sizes, dropout, rates, windows; for budgets and texts.

Each grid is a text and a list of settings beside those that all of its trials share. A budget is a number of epochs, so
that a busy machine changes no result; `cpu_seconds` says what a trial took.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.learning import rows, words
from benchmarks.options import Options, tell
from benchmarks.table import Plain
from charrnn.engine.threads import physical_cores

RESULTS = Path(__file__).parent / "results" / "sweep.jsonl"
CORPORA = Path(__file__).parents[1] / "corpora"
SHARED = {"precision": "bf16", "validations": 12, "batch": 16, "window": 64}


def grids(text: Path) -> dict[str, tuple[Path, dict[str, Any], list[dict[str, Any]]]]:
    """Name -> text, what all trials share, and what each has of its own; `text` is tinyshakespeare.txt."""
    return {
        # fables.txt, 100,000 characters: what a small text can bear
        "small": (CORPORA / "fables.txt", {"epochs": 30.0}, [
            {"hidden": hidden, "dropout": dropout}
            for hidden, rates in ((128, (0.2, 0.4)), (256, (0.3, 0.5, 0.7)), (512, (0.5, 0.7))) for dropout in rates]),
        # colours.txt, 1,000 lines of 13 characters, each a document
        "names": (CORPORA / "colours.txt", {"epochs": 40.0, "documents": "line"}, [
            {"hidden": hidden, "dropout": dropout, "batch": batch}
            for hidden, dropout, batch in ((64, 0.2, 16), (128, 0.2, 16), (128, 0.5, 16), (256, 0.5, 16), (128, 0.5, 4),
                                           (128, 0.5, 48))]),
        "small-recurrent": (CORPORA / "fables.txt", {"epochs": 30.0, "hidden": 256}, [
            {"dropout": 0.5, "averaging": 0.99}, {"dropout": 0.5, "recurrent_dropout": 0.25},
            {"dropout": 0.5, "recurrent_dropout": 0.25, "averaging": 0.99},
            {"dropout": 0.5, "recurrent_dropout": 0.25, "averaging": 0.99, "lr": 0.008},
            {"dropout": 0.3, "recurrent_dropout": 0.4, "averaging": 0.99, "lr": 0.008}]),
        "names-recurrent": (CORPORA / "colours.txt", {"epochs": 40.0, "documents": "line", "hidden": 128}, [
            {"dropout": 0.5, "averaging": 0.99}, {"dropout": 0.5, "recurrent_dropout": 0.25, "averaging": 0.99},
            {"dropout": 0.5, "recurrent_dropout": 0.25, "averaging": 0.99, "lr": 0.01}]),
        "optimizers": (text, {"hidden": 128, "dropout": 0.0, "epochs": 2.0, "batch": 32}, [
            {"optimizer": rule, "lr": lr} for rule, rates in (
                ("adam", (0.01, 0.02)), ("rmsprop", (0.002, 0.005, 0.01)), ("adagrad", (0.02, 0.05, 0.1)),
                ("sgd", (0.3, 1.0, 3.0))) for lr in rates]),
    }


def measure(options: Options) -> Iterator[Plain]:
    """A table a grid, its best trial first; trials measured before are taken from results/sweep.jsonl."""
    assert options.text is not None
    for name, (text, shared, trials) in grids(options.text.resolve()).items():
        if options.grid and name != options.grid:
            continue
        plan = [{"text": str(text), "threads": physical_cores(), "settings": {**SHARED, **shared, **trial}}
                for trial in trials]
        found = []
        for number, (row, trial) in enumerate(zip(rows(RESULTS, iter(plan)), trials, strict=True), start=1):
            tell(name, number, len(plan))
            found.append((row, trial))
        found.sort(key=lambda pair: pair[0]["validation"])
        yield Plain(f"Grid {name}: {text.stem}, {words({**SHARED, **shared})}",
                    ("trial", "validation", "at step", "of", "CPU s"),
                    [(words(trial), f"{row['validation']:.3f}", f"{row['best_step']:,}", f"{row['steps']:,}",
                      f"{row['cpu_seconds']:.0f}") for row, trial in found])
