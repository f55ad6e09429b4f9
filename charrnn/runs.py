"""Floor 5: a run: one training and the folder that keeps it.

A text and settings come in, or an earlier run to go on with; the trainer's events pass through, and `last`, `best` and
metrics.jsonl appear in checkpoints/<run>/. A run never writes into the folder of another.
"""

import dataclasses
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from charrnn.checkpoint import BEST, LAST, RUNS, Checkpoint, load_checkpoint, save_checkpoint
from charrnn.errors import CheckpointError, CorpusError
from charrnn.files import append_line, new_folder
from charrnn.settings import Settings
from charrnn.text.corpus import Corpus
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.events import Event, Finished, Saved, Started, Step, Validated
from charrnn.training.trainer import Trainer

# Between validations `last` is saved this often, so that a crash costs a minute and not a day.
SECONDS_BETWEEN_SAVES = 60.0


class Run:
    """A training under way, or about to be."""

    def __init__(self, corpus: Corpus, settings: Settings, vocabulary: Vocabulary, threads: int | None) -> None:
        self.vocabulary = vocabulary
        self.corpus: dict[str, Any] = {"name": corpus.name, "sources": list(corpus.sources),
                                       "characters": len(corpus.text), "fingerprint": corpus.fingerprint}
        self.trainer = Trainer(settings, vocabulary.encode(corpus.text), len(vocabulary), threads)
        self.folder: Path | None = None  # made when training starts

    @classmethod
    def start(cls, corpus: Corpus, settings: Settings, name: str | None = None, runs: str | Path = RUNS,
              threads: int | None = None) -> "Run":
        """A new run on `corpus`; its folder in `runs` gets `name`, or one made from corpus and network."""
        run = cls(corpus, settings, Vocabulary.of(corpus.text), threads)
        network = settings.network
        name = name or f"{corpus.name}-{network.cell}-{network.layers}x{network.hidden}"
        Path(runs).mkdir(parents=True, exist_ok=True)
        run.folder = new_folder(runs, name)
        return run

    @classmethod
    def resume(cls, path: Path, corpus: Corpus, budget: dict[str, float] | None = None,
               threads: int | None = None) -> "Run":
        """The run that saved `path`, at that moment; budget may replace its epochs or minutes.

        Raises CorpusError if `corpus` is not the text it was trained on.
        """
        checkpoint = load_checkpoint(path)
        if corpus.fingerprint != checkpoint.corpus.get("fingerprint"):
            raise CorpusError(
                f"this is not the text that {path.parent.name} was trained on ({len(corpus.text):,} characters, it had "
                f"{checkpoint.corpus.get('characters', 0):,}); give the same text, or start a new run")
        settings = checkpoint.settings
        if budget:
            training = dataclasses.replace(settings.training, epochs=budget.get("epochs"),
                                           minutes=budget.get("minutes"))
            settings = dataclasses.replace(settings, training=training)
        run = cls(corpus, settings, Vocabulary(checkpoint.vocabulary), threads)
        try:
            run.trainer.restore(checkpoint.arrays, checkpoint.progress)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from error
        run.folder = path.parent
        return run

    def events(self) -> Iterator[Event]:
        """Trains; tells the trainer's events and every Saved checkpoint."""
        saved_at, began, characters = time.monotonic(), time.perf_counter(), 0
        for event in self.trainer.events():
            if isinstance(event, Step):
                characters += event.characters
            if isinstance(event, Finished) and event.step > 0:
                yield self._save(LAST)
            yield event
            if isinstance(event, Started):
                began, characters = time.perf_counter(), 0
            elif isinstance(event, Validated):
                yield self._save(LAST)
                if event.is_best:
                    yield self._save(BEST)
                self._log(event, characters / max(time.perf_counter() - began, 1e-9))
                saved_at = time.monotonic()
            elif isinstance(event, Step) and time.monotonic() - saved_at > SECONDS_BETWEEN_SAVES:
                yield self._save(LAST)
                saved_at = time.monotonic()

    def checkpoint(self) -> Checkpoint:
        """The run as it stands now."""
        arrays, progress = self.trainer.state()
        return Checkpoint(self.trainer.settings, self.vocabulary.characters, self.corpus, progress, arrays)

    def _save(self, file: str) -> Saved:
        assert self.folder is not None
        save_checkpoint(self.folder / file, self.checkpoint())
        return Saved(self.folder / file, self.trainer.step)

    def _log(self, event: Validated, characters_a_second: float) -> None:
        """One line of metrics.jsonl; losses in nats per character, JSON's null where there is none."""
        assert self.folder is not None
        line = {"step": event.step, "epoch": round(event.epoch, 6), "train_loss": event.train_loss,
                "val_loss": event.loss, "best": event.is_best,
                "characters_a_second": round(characters_a_second), "unix_time": round(time.time(), 3)}
        append_line(self.folder / "metrics.jsonl", json.dumps(
            {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in line.items()}))
