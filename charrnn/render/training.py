"""Layer render: what `charrnn train` says of a run: before it begins and while it goes on, on stderr; at its end, on
stdout."""

import math
import sys
import time

from charrnn.kernels.cpu import HAS_BF16
from charrnn.render.progress import ProgressBar
from charrnn.render.streams import notes_are_lost
from charrnn.render.wording import (
    bits,
    compiling_words,
    corpus_words,
    counted,
    duration_words,
    loss_words,
    network_words,
    shell_quoted,
)
from charrnn.runs.finetune import FineTuning
from charrnn.runs.run import Run
from charrnn.storage.run_folders import RUNS
from charrnn.text.sources import STDIN
from charrnn.training.events import Compiling, Event, Finished, RolledBack, Started, Step, Validated

_NAMED = 5  # new characters that are named one by one
_HIGH_DROPOUT = 0.5  # from where on still more hardly helps
_SMOOTHING = 0.95  # how slowly the figures on the bar follow the last step


def announce(run: Run, why: str) -> None:
    """Says what is about to be trained, on what."""
    trainer = run.trainer
    device = trainer.engine.device_name
    if trainer.settings.training.precision == "bf16" and not HAS_BF16 and not device:
        print("note: this processor has no bfloat16 products; --precision float32 would train faster", file=sys.stderr)
    print(f"network  {network_words(trainer.settings.network)}: {trainer.engine.parameter_count:,} parameters, "
          f"{trainer.memory / 1e6:,.0f} MB to train{f' on {device}' if device else ''}\n"
          f"text     {corpus_words(run.corpus, len(run.vocabulary), trainer.settings.text)}; {_kept_words(run)}\n"
          f"run      {run.folder}" + (f", from step {trainer.step:,}" if trainer.step else "")
          + ("\nchosen   " + why.replace("\n", "\n         ") if why else ""), file=sys.stderr)
    windows, validated = trainer.settings.windows, trainer.characters[1]
    if trainer.documents is None and 0 < validated <= windows.window:
        print(f"note: {counted(validated, trainer.settings.text.unit_name)} to validate on, fewer than a window of "
              f"{windows.window}: the validation loss will be little more than chance", file=sys.stderr)
    rows = windows.batch
    if trainer.documents and trainer.documents[0] < rows:
        print(f"note: {counted(trainer.documents[0], 'document')} to train on for {rows} rows side by side, and a row "
              f"reads whole documents: the others stay empty; --batch {trainer.documents[0]} learns the same in less "
              "time", file=sys.stderr)


def _kept_words(run: Run) -> str:
    """What is kept for validation."""
    trainer = run.trainer
    characters, documents, unit = trainer.characters[1], trainer.documents, trainer.settings.text.unit_name
    if not characters:
        return "none kept for validation"
    if documents is not None:
        return f"{counted(documents[1], 'document')} ({counted(characters, unit)}) kept for validation"
    if trainer.files is None:
        return f"the last {characters:,} kept for validation"
    files, ends = trainer.files
    parts = f"{files:,} files" if files == ends else f"{ends:,} groups of the {files:,} files"
    return f"the end of each of {parts} kept for validation, {counted(characters, unit)} in all"


def parent_words(parent: FineTuning, run: Run) -> str:
    """What a fine-tuned run begins with, and which units are new to it."""
    added = parent.added(run.vocabulary)
    named = ", ".join(run.vocabulary.named(unit) for unit in added[:_NAMED])
    more = f" and {len(added) - _NAMED:,} more" if len(added) > _NAMED else ""
    kinds = f"{len(parent.vocabulary):,} different {run.vocabulary.kind}s known"
    return (f"from     {parent.name}, at step {parent.checkpoint.progress.get('step', 0):,}: {kinds}, "
            + (f"{len(added):,} added: {named}{more}" if added else "none added"))


class TrainingDisplay:
    """Shows a run's events as they come: a bar in a terminal, and a line for each validation."""

    def __init__(self, unit: str = "char") -> None:
        self._unit = unit
        self._bar: ProgressBar | None = None
        self._loss, self._speed, self._val = math.nan, math.nan, math.nan
        self._began = self._last = time.perf_counter()
        self._first = 0.0

    def show(self, event: Event) -> None:
        """Brings the picture up to date."""
        if isinstance(event, Compiling):
            self.line(compiling_words())
        elif isinstance(event, Started):
            self._bar = ProgressBar(1.0)
            self._began = self._last = time.perf_counter()
        elif isinstance(event, Step):
            self._step(event)
        elif isinstance(event, RolledBack):
            self.line(f"step {event.step:,}: {event.cause}; back to step {event.to_step:,}, and on at {event.share:g} "
                      "of the learning rate")
        elif isinstance(event, Validated):
            self._last = time.perf_counter()
            self._val = event.loss
            self.line(_validated(event))

    def line(self, text: str) -> None:
        """A line of its own, above the bar."""
        if self._bar is not None:
            self._bar.clear()
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()

    def _step(self, event: Step) -> None:
        now = time.perf_counter()
        speed = event.characters / max(now - self._last, 1e-9)
        if math.isnan(self._loss):
            self._loss, self._speed, self._first = event.loss, speed, event.progress
        self._loss += (1 - _SMOOTHING) * (event.loss - self._loss)
        self._speed += (1 - _SMOOTHING) * (speed - self._speed)
        self._last = now
        if self._bar is not None and self._bar.is_shown:
            self._bar.show(event.progress, words=self._figures(event))

    def _figures(self, event: Step) -> str:
        done = event.progress - self._first
        left = (time.perf_counter() - self._began) * (1 - event.progress) / done if done > 0 else 0.0
        val = "" if math.isnan(self._val) else f" val {self._val:.3f}"
        # short enough to leave room for a bar in 80 columns
        return (f"epoch {event.epoch:.2f} loss {self._loss:.3f} ({bits(self._loss):.3f} bits){val} "
                f"{self._speed / 1000:.0f}k {self._unit}/s {duration_words(left)} left")


def _validated(event: Validated) -> str:
    head = f"epoch {event.epoch:6.2f}  step {event.step:6}  train {event.train_loss:.3f}"
    if math.isnan(event.loss):
        return f"{head} nats ({bits(event.train_loss):.3f} bits)"
    star = "  best so far" if event.is_best else ""
    return f"{head}  validation {event.loss:.3f} nats ({bits(event.loss):.3f} bits){star}"


def report(run: Run, finished: Finished) -> None:
    """Says on stdout what was reached, where it lies, and what to type next."""
    if finished.step == 0:
        print("nothing was trained")
        return
    verb = "stopped after" if finished.stopped else "trained for"
    print(f"{verb} {counted(finished.step, 'step')}, {finished.epoch:.2f} epochs")
    if finished.best_step:
        kind = "validation" if run.trainer.characters[1] > 1 else "training"
        loss = loss_words(finished.best_loss, run.corpus, run.trainer.settings.text)
        print(f"best {kind} loss {loss}, at step {finished.best_step:,}")
    if finished.stale:
        print(f"ended early: {finished.stale} validations without a new best")
    if line := _overfitting_words(run):
        print(line)
    print(f"kept in {run.folder}")
    if notes_are_lost():
        print("standard error could not be written: what was said there during the run is lost")
    if finished.stopped:
        print(f"to go on: {resume_call(run)}")
    print(f"next: {_next_call(run)}")


def _next_call(run: Run) -> str:
    """The command that shows first what the network has learned."""
    labels = run.corpus.labels
    if run.trainer.settings.text.pairs:
        return f"charrnn translate {_short(run)} FILE"
    if labels is not None and labels.names:
        return f"charrnn sample {_short(run)} --label {shell_quoted(labels.names[0])}"
    return f"charrnn sample {_short(run)}"


def _overfitting_words(run: Run) -> str:
    """What is said when the network has begun to learn the text by heart; else nothing."""
    turn = run.trainer.history.overfitting
    if turn is None:
        return ""
    best, last = turn
    is_high = run.trainer.settings.network.dropout >= _HIGH_DROPOUT
    advice = "only more text" if is_high else "a higher --dropout, a smaller network, fewer --epochs or more text"
    return (f"overfitting: from step {best.step:,} to {last.step:,} the validation loss rose from {best.loss:.3f} to "
            f"{last.loss:.3f} while that in training fell from {best.train:.3f} to {last.train:.3f}; the best one is "
            f"kept, and {advice} would help")


def resume_call(run: Run) -> str:
    """What to type to go on with `run`."""
    return f"charrnn train {'- ' if STDIN in run.corpus.sources else ''}--resume {_short(run)}"


def _short(run: Run) -> str:
    """How to name `run` in the shell; its name is enough in its usual place."""
    return shell_quoted(run.folder.name if run.folder.parent == RUNS else str(run.folder))
