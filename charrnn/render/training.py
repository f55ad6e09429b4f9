"""Layer render: what `charrnn train` says of a run before it begins, on stderr, and after it has ended, on stdout."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from charrnn.kernels.cpu import HAS_BF16
from charrnn.render.wording import corpus_words, counted, loss_words, network_words
from charrnn.runs.finetune import FineTuning
from charrnn.runs.run import Run
from charrnn.text.sources import STDIN
from charrnn.training.events import Finished

_NAMED = 5  # new characters that are named one by one


def announce(run: Run, why: str) -> None:
    """Says what is about to be trained, on what."""
    trainer = run.trainer
    if trainer.settings.training.precision == "bf16" and not HAS_BF16:
        print("note: this processor has no bfloat16 products; --precision float32 would train faster", file=sys.stderr)
    print(f"network  {network_words(trainer.settings.network)}: {trainer.engine.parameter_count:,} parameters, "
          f"{trainer.memory / 1e6:,.0f} MB to train\n"
          f"text     {corpus_words(run.corpus, len(run.vocabulary), trainer.settings.text)}; {_kept_words(run)}\n"
          f"run      {run.folder}" + (f", from step {trainer.step:,}" if trainer.step else "")
          + ("\nchosen   " + why.replace("\n", "\n         ") if why else ""), file=sys.stderr)
    windows, validated = trainer.settings.windows, trainer.characters[1]
    if trainer.documents is None and 0 < validated <= windows.window:
        print(f"note: {counted(validated, trainer.settings.text.unit_name)} to validate on, fewer than a window of "
              f"{windows.window}: what they say is little more than chance", file=sys.stderr)
    rows = windows.batch
    if trainer.documents and trainer.documents[0] < rows:
        print(f"note: {counted(trainer.documents[0], 'document')} to train on for {rows} rows side by side, and a row "
              f"reads whole ones: the others stay empty; --batch {trainer.documents[0]} learns the same in less time",
              file=sys.stderr)


def _kept_words(run: Run) -> str:
    """What is kept for validation."""
    characters, documents = run.trainer.characters[1], run.trainer.documents
    if not characters:
        return "none kept for validation"
    if documents is None:
        return f"the last {characters:,} kept for validation"
    units = counted(characters, run.trainer.settings.text.unit_name)
    return f"{counted(documents[1], 'document')} ({units}) kept for validation"


def parent_words(parent: FineTuning, run: Run) -> str:
    """What a fine-tuned run begins with, and which units are new to it."""
    added = parent.added(run.vocabulary)
    named = ", ".join(run.vocabulary.named(unit) for unit in added[:_NAMED])
    more = f" and {len(added) - _NAMED:,} more" if len(added) > _NAMED else ""
    kinds = f"{len(parent.vocabulary):,} different {run.vocabulary.kind}s known"
    return (f"from     {parent.name}, at step {parent.checkpoint.progress.get('step', 0):,}: {kinds}, "
            + (f"{len(added):,} added: {named}{more}" if added else "none added"))


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
    if finished.stopped:
        print(f"to go on: {resume_call(run)}")
    print(f"next: charrnn sample {_short(run)}")


def _overfitting_words(run: Run) -> str:
    """What the curves say when the network has begun to learn the text by heart; else nothing."""
    turn = run.trainer.history.overfitting
    if turn is None:
        return ""
    best, last = turn
    return (f"overfitting: from step {best.step:,} to {last.step:,} the validation loss rose from {best.loss:.3f} to "
            f"{last.loss:.3f} while that in training fell from {best.train:.3f} to {last.train:.3f}; a higher "
            "--dropout, a smaller network, fewer --epochs or more text would help")


def resume_call(run: Run) -> str:
    """What to type to go on with `run`."""
    return f"charrnn train {'- ' if STDIN in run.corpus.sources else ''}--resume {_short(run)}"


def _short(run: Run) -> str:
    """How to name `run` in the shell; its name is enough in its usual place."""
    return quoted(run.folder.name if run.folder.parent == Path("checkpoints") else str(run.folder))


def quoted(argument: str) -> str:
    """An argument as the shell wants it."""
    return subprocess.list2cmdline([argument]) if os.name == "nt" else shlex.quote(argument)
