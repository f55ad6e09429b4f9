"""Floor 7: `charrnn train`: a new run, or an old one taken up again."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.options import settings_from, settings_options
from charrnn.errors import SettingsError
from charrnn.settings import NetworkSettings, Settings, TrainingSettings, WindowSettings
from charrnn.text.builtin import BUILTINS

if TYPE_CHECKING:
    from charrnn.runs import Run
    from charrnn.training.events import Finished

_BUDGET = ("epochs", "minutes")
_EPILOG = "Built-in texts: " + "; ".join(f"{name}, {text.description}" for name, text in BUILTINS.items()) + "."


@click.command(epilog=_EPILOG)
@click.argument("corpus", nargs=-1)
@settings_options(NetworkSettings, WindowSettings, TrainingSettings)
@click.option("--threads", type=click.IntRange(1, 1024), metavar="INTEGER",
              help="Threads to run on; changes no result.  [default: one a shard]")
@click.option("--name", metavar="TEXT", help="Name of the run's folder.  [default: from corpus and network]")
@click.option("--folder", metavar="FOLDER", default="checkpoints", show_default=True, help="Where runs are kept.")
@click.option("--show-samples", is_flag=True, help="Show a short sample at each validation.")
@click.option("--resume", metavar="RUN", is_flag=False, flag_value="",
              help="Go on with a run (its name, folder or file; the newest if none is named), exactly where its last "
                   "checkpoint was saved. Only --epochs, --minutes and --threads may be given with it.")
@click.pass_context
def train(context: click.Context, corpus: tuple[str, ...], threads: int | None, name: str | None, folder: str,
          show_samples: bool, resume: str | None, **options: Any) -> None:
    """Train a network on CORPUS: text files, folders, built-in texts (@name) or - for standard input.

    The run is kept in checkpoints/NAME: `best`, the moment of the lowest validation loss, `last`, to go on from, and
    metrics.jsonl. Ctrl-C finishes the step, saves, and says how to go on.
    """
    if resume is None and not corpus:
        raise click.UsageError("name a text to train on: a file, a folder, - or a built-in one "
                               f"({', '.join(BUILTINS)})")
    if resume is None:
        run = _start(corpus, options, name, folder, threads)
    else:
        run = _resume(context, resume, corpus, folder, threads)
    first_step = run.trainer.step
    _announce(run)
    finished, interrupted = _follow(run, show_samples)
    if resume is not None and finished.step == first_step and not interrupted:
        print("this run was finished before; to train it further give a larger --epochs or --minutes", file=sys.stderr)
    _report(run, finished)
    if interrupted:
        context.exit(128 + interrupted)


def _start(corpus: tuple[str, ...], options: dict[str, Any], name: str | None, folder: str,
           threads: int | None) -> "Run":
    settings = Settings(settings_from(NetworkSettings, options), settings_from(WindowSettings, options),
                        settings_from(TrainingSettings, options))
    from charrnn.runs import Run
    from charrnn.text.corpus import read_corpus

    text = read_corpus(corpus, sys.stdin.buffer if sys.stdin else None)
    for skipped in text.skipped:
        print(f"note: skipped {skipped}: not UTF-8 text", file=sys.stderr)
    return Run.start(text, settings, name, folder, threads)


def _resume(context: click.Context, resume: str, corpus: tuple[str, ...], folder: str, threads: int | None) -> "Run":
    allowed = (*_BUDGET, "threads", "resume", "corpus", "folder", "show_samples")
    given = [key for key in context.params
             if context.get_parameter_source(key) == click.core.ParameterSource.COMMANDLINE]
    for key in given:
        if key not in allowed:
            raise SettingsError(f"--{key.replace('_', '-')} can't change when a run is resumed; leave it out, or start "
                                "a new run")
    from charrnn.checkpoint import load_checkpoint, resolve_checkpoint
    from charrnn.runs import Run
    from charrnn.text.corpus import read_corpus

    path = resolve_checkpoint(resume or None, "last", folder)
    sources = corpus or tuple(load_checkpoint(path).corpus.get("sources", ()))
    if not sources:
        raise SettingsError(f"{path} doesn't know the file of its text; name it: "
                            f"charrnn train CORPUS --resume {resume}")
    text = read_corpus(sources, sys.stdin.buffer if sys.stdin else None)
    return Run.resume(path, text, {key: context.params[key] for key in given if key in _BUDGET}, threads)


def _announce(run: "Run") -> None:
    """Says what is about to be trained, on what."""
    from charrnn.cli.wording import corpus_words, network_words
    from charrnn.kernels.jit import CACHE_FOLDER, JIT

    trainer = run.trainer
    val_characters = trainer.characters[1]
    kept = f"the last {val_characters:,} kept for validation" if val_characters else "none kept for validation"
    print(f"network  {network_words(trainer.settings.network)}: {trainer.network.parameters.count:,} parameters\n"
          f"text     {corpus_words(run.corpus)}, {len(run.vocabulary)} different; {kept}\n"
          f"run      {run.folder}" + (f", from step {trainer.step:,}" if trainer.step else ""), file=sys.stderr)
    if JIT and CACHE_FOLDER is None:
        print("note: no folder to keep compiled kernels in; they are compiled at every start", file=sys.stderr)


def _follow(run: "Run", show_samples: bool) -> tuple["Finished", int]:
    """Trains to the end; what was told last, and the number of the signal that ended it early, or 0."""
    from charrnn.cli.progress import Progress
    from charrnn.training.events import Finished, Validated

    progress = Progress()
    try:
        with _stopping(run) as signals:
            for event in run.events():
                progress.show(event)
                if isinstance(event, Validated) and show_samples:
                    progress.line(_short_sample(run))
    finally:
        progress.close()
    assert isinstance(event, Finished)
    return event, signals[0] if signals else 0


@contextlib.contextmanager
def _stopping(run: "Run") -> Iterator[list[int]]:
    """Makes the first Ctrl-C or SIGTERM end the run after its step, and a second one end the program at once."""
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: Any) -> None:
        received.append(number)
        run.trainer.stop()
        signal.signal(number, before[signal.Signals(number)] or signal.SIG_DFL)

    for number in before:
        signal.signal(number, stop)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _short_sample(run: "Run") -> str:
    """A few lines as the network writes them now; the run's own generator is not touched."""
    import numpy as np

    from charrnn.sampling.opening import opening
    from charrnn.sampling.sampler import Sampler

    generator = np.random.default_rng(run.trainer.step)
    sampler = Sampler(run.trainer.settings.network, run.trainer.network.weights)
    sampler.begin(opening(run.vocabulary, "", generator))
    text = "".join(run.vocabulary.decode(ids[:, 0]) for ids in sampler.stream(200, generator, 0.8, 0))
    return "\n".join("    " + line for line in text.strip().splitlines())


def _report(run: "Run", finished: "Finished") -> None:
    """Says on stdout what was reached, where it lies, and what to type next."""
    from charrnn.cli.wording import loss_words

    assert run.folder is not None
    # a name is enough for a run in its usual place
    here = run.folder.name if run.folder.parent == Path("checkpoints") else str(run.folder)
    if finished.step == 0:
        print("nothing was trained")
        return
    verb = "stopped" if finished.stopped else "trained"
    print(f"{verb} after {finished.step:,} steps, {finished.epoch:.2f} epochs")
    if finished.best_step:
        kind = "validation" if run.trainer.characters[1] > 1 else "training"
        print(f"best {kind} loss {loss_words(finished.best_loss)}, at step {finished.best_step:,}")
    print(f"kept in {run.folder}")
    if finished.stopped:
        print(f"to go on: charrnn train --resume {_quoted(here)}")
    print(f"next: charrnn sample {_quoted(here)}")


def _quoted(argument: str) -> str:
    import shlex

    return shlex.quote(argument)
