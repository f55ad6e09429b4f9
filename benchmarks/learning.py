"""One training in a process of its own: what the network came to and what that took; and a file that keeps it."""

import hashlib
import inspect
import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.bench.processes import Job, run_job
from charrnn.engine.engines import open_engine
from charrnn.engine.interface import Engine
from charrnn.errors import MeasurementError
from charrnn.sampling.session import LanguageModel
from charrnn.settings import SampleSettings, Settings, TrainingSettings, presets, settings_of
from charrnn.settings.training import PARTS
from charrnn.storage.files import append_line
from charrnn.text.corpus import read_corpus
from charrnn.text.documents import Documents
from charrnn.text.shape import TextShape
from charrnn.text.windows import NO_TARGET, Text
from charrnn.training import schedules
from charrnn.training.auto_settings import Machine, automatic_settings, fitting
from charrnn.training.evaluation import Evaluation
from charrnn.training.events import RolledBack, Validated
from charrnn.training.trainer import Trainer

# Characters of the training part that its loss is measured on: the beginning, as many as tell enough.
TRAINING_PART = 100_000
# A cold block, as nanoGPT's procedure for tiny Shakespeare has it; and how many are read side by side.
BLOCK, SIDE_BY_SIDE = 256, 64


def learned(text: str, settings: dict[str, Any], test_share: float = 0.0, threads: int | None = None,
            sample: int = 0, preset: str = "") -> dict[str, Any]:
    """Trains with `settings` (fields of any settings class) and measures the best moment; losses are nats a character.

    preset       what else to set, as `charrnn train --preset` does; empty: nothing, what is not given has its default
    test_share   what is cut off the end of the text, never trained nor validated on
    sample       characters that the network then writes

    Of the results `validation` carries the state through the text and `cold` starts anew every 256 characters;
    `rounded` is `validation` with bfloat16 products; `cpu_seconds` is what all threads took together: other work on
    the machine hardly counts in it.
    """
    chosen = settings_of(settings)
    corpus = read_corpus([text], settings=chosen.text)
    if preset:
        corpus, chosen, _ = automatic_settings(settings, preset, corpus, threads=threads)
    kept = len(corpus) - int(len(corpus) * test_share)
    trainer = Trainer(chosen, corpus.content if not test_share else corpus.ids[:kept], len(corpus.vocabulary), threads)
    start, cpu, halved, validations, best, weights = time.perf_counter(), time.process_time(), 0, 0, None, None
    for event in trainer.events():
        halved += isinstance(event, RolledBack)
        validations += isinstance(event, Validated)
        if isinstance(event, Validated) and event.is_best:
            best, weights = event, trainer.engine.state()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    if best is None or weights is None:
        raise MeasurementError("the training came to no validation")
    engine, validation = trainer.engine, trainer.evaluation.text
    engine.load(weights)
    rounded = open_engine("compiled", engine.settings, engine.vocabulary, start=engine.start, threads=engine.threads,
                          training=TrainingSettings(precision="bf16"))
    rounded.load(engine.parameters())

    def loss(part: Any, reader: Engine = engine) -> float | None:
        measured = Evaluation(reader, part, trainer.settings.windows.window, 1).loss()
        return round(measured, 5) if measured is not None else None

    return {"chosen": words_of(chosen), "parameters": engine.parameter_count,
            "steps": trainer.step, "best_step": best.step, "validations": validations,
            "epochs": round(trainer.cutter.progress, 3),
            "validation": round(best.loss, 5), "cold": cold_loss(engine, validation),
            "rounded": loss(validation, rounded),
            "training": loss(corpus.ids[:min(TRAINING_PART, trainer.characters[0])]) if test_share else None,
            "test": loss(corpus.ids[kept:]) if test_share else None, "halved": halved,
            "seconds": round(seconds, 1), "cpu_seconds": round(cpu_seconds, 1),
            "sample": _written(LanguageModel(engine, trainer.settings, corpus.vocabulary), sample) if sample else None}


def _written(model: LanguageModel, length: int) -> str:
    [text] = model.session(SampleSettings(length=length, seed=1)).samples()
    return text.text


def cold_loss(engine: Engine, text: Text, block: int = BLOCK) -> float | None:
    """The mean loss of blocks of `block` characters, each read from the initial state; all their characters count.

    None for documents, which are read from there anyway, and for a text with nothing to predict.
    """
    predicted = len(text) - 1
    if isinstance(text, Documents) or predicted < 1:
        return None
    rows = min(SIDE_BY_SIDE, math.ceil(predicted / block))
    group = rows * block
    streams, total = engine.streams(rows, block), 0.0
    for start in range(0, predicted, group):
        ids = text.take(np.arange(start, min(start + group, predicted) + 1))
        inputs, targets = np.zeros(group, np.int32), np.full(group, NO_TARGET, np.int32)
        inputs[:len(ids) - 1], targets[:len(ids) - 1] = ids[:-1], ids[1:]
        streams.reset()
        total += streams.evaluate(*(np.ascontiguousarray(part.reshape(rows, block).T) for part in (inputs, targets)))
    return round(total / predicted, 5)


def words_of(settings: Settings) -> str:
    """The settings that are not as they are by default: `hidden 256, dropout 0.1`."""
    usual = Settings()
    return words({name: value for part in PARTS for name, value in getattr(settings, part).to_dict().items()
                  if value != getattr(getattr(usual, part), name)})


@cache
def rules(text: Path, minutes: float) -> str:
    """A digest of the settings that a usual machine with these cores would choose, and of how a rate follows from them:
    where it is another one, they have to be measured anew."""
    shape = TextShape.of(read_corpus([str(text)]))
    chosen, _ = fitting({"minutes": minutes}, shape, Machine.here(shape))
    sources = (inspect.getsource(module) for module in (presets, schedules))
    return hashlib.sha256("".join([words(dict(sorted(chosen.items()))), *sources]).encode()).hexdigest()[:12]


def rows(file: Path, plan: Iterable[dict[str, Any]],
         function: str = "benchmarks.learning:learned") -> Iterator[dict[str, Any]]:
    """Each point of the plan with its results, trained now, or taken from the file, which grows by what is new.

    A point is the arguments of learned(), or of another function, and whatever else names it; `text` is a path, kept
    by the name of its file. What failed has the reason as its `failure`, and is not tried again.
    """
    known = read_rows(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    for point in plan:
        named = {**point, "text": Path(point["text"]).name}
        found = next((row for row in known if all(row.get(key) == value for key, value in named.items())), None)
        if found is None:
            names = ("text", "settings", "test_share", "threads", "preset", "lever", "seed")
            arguments = {key: point[key] for key in names if key in point}
            try:
                found = {**named, **run_job(Job(function, arguments))}
            except MeasurementError as error:
                found = {**named, "failure": str(error)}
            append_line(file, json.dumps(found))
        yield found


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The whole lines of a file of results; none if there is no such file."""
    if not file.exists():
        return []
    *lines, _ = file.read_text(encoding="utf-8").split("\n")  # what stands behind the last line end was torn
    return [json.loads(line) for line in lines]


def words(settings: Mapping[str, Any]) -> str:
    """`hidden 256, dropout 0.1`."""
    return ", ".join(f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
                     for name, value in settings.items())
