"""One training in a process of its own: what the network came to and what that took; and a file that keeps it."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from charrnn.bench.processes import Job, run_job

# Characters of the training part that its loss is measured on: the beginning, as many as tell enough.
TRAINING_PART = 100_000


def learned(text: str, settings: dict[str, Any], test_share: float = 0.0, threads: int | None = None) -> dict[str, Any]:
    """Trains with `settings` (fields of any settings class) and measures the best moment; losses are nats a character.

    test_share   what is cut off the end of the text, never trained nor validated on
    cpu_seconds  is what all threads took together: other work on the machine hardly counts in it
    """
    from charrnn.settings import settings_of
    from charrnn.text.corpus import read_corpus
    from charrnn.training.evaluation import Evaluation
    from charrnn.training.events import RolledBack, Validated
    from charrnn.training.trainer import Trainer

    chosen = settings_of(settings)
    corpus = read_corpus([text], settings=chosen.text)
    kept = len(corpus) - int(len(corpus) * test_share)
    trainer = Trainer(chosen, corpus.content if not test_share else corpus.ids[:kept], len(corpus.vocabulary), threads)
    start, cpu, halved, best, weights = time.perf_counter(), time.process_time(), 0, None, None
    for event in trainer.events():
        halved += isinstance(event, RolledBack)
        if isinstance(event, Validated) and event.is_best:
            best, weights = event, trainer.engine.state()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    assert best is not None
    assert weights is not None
    trainer.engine.load(weights)

    def loss(part: Any) -> float | None:
        measured = Evaluation(trainer.engine, part, trainer.settings.windows.window, 1).loss()
        return round(measured, 5) if measured is not None else None

    return {"parameters": trainer.engine.parameter_count, "steps": trainer.step, "best_step": best.step,
            "epochs": round(trainer.cutter.progress, 3), "validation": round(best.loss, 5),
            "training": loss(corpus.ids[:min(TRAINING_PART, trainer.characters[0])]) if test_share else None,
            "test": loss(corpus.ids[kept:]) if test_share else None, "halved": halved,
            "seconds": round(seconds, 1), "cpu_seconds": round(cpu_seconds, 1)}


def rows(file: Path, plan: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each point of the plan with its results, trained now, or taken from the file, which grows by what is new.

    A point is the arguments of learned() and whatever else names it; `text` is a path, kept by the name of its file.
    """
    known = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    file.parent.mkdir(parents=True, exist_ok=True)
    for point in plan:
        named = {**point, "text": Path(point["text"]).name}
        found = next((row for row in known if all(row.get(key) == value for key, value in named.items())), None)
        if found is None:
            arguments = {key: point[key] for key in ("text", "settings", "test_share", "threads") if key in point}
            found = {**named, **run_job(Job("benchmarks.learning:learned", arguments))}
            with open(file, "a", encoding="utf-8") as stream:
                stream.write(json.dumps(found) + "\n")
        yield found


def words(settings: Mapping[str, Any]) -> str:
    """`hidden 256, dropout 0.1`."""
    return ", ".join(f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
                     for name, value in settings.items())
