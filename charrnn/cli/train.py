"""Floor 7: `charrnn train`: a new run, or an old one taken up again."""

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.options import SettingOption, Whole, settings_from, settings_options
from charrnn.errors import CorpusError, SettingsError, StorageError
from charrnn.presets import DEFAULT, PRESETS, layered, preset_values
from charrnn.settings import NetworkSettings, RunSettings, TextSettings, TrainingSettings, WindowSettings, settings_of
from charrnn.text.builtin import BUILTINS

if TYPE_CHECKING:
    from charrnn.runs import Run
    from charrnn.training.events import Finished

_BUDGET = ("epochs", "minutes")
SETTING_NAMES = {spec.name for kind in (NetworkSettings, TextSettings, WindowSettings, TrainingSettings)
                 for spec in dataclasses.fields(kind)}
_EPILOG = "Built-in texts: " + "; ".join(f"{name}, {text.description}" for name, text in BUILTINS.items()) + "."


@click.command(epilog=_EPILOG)
@click.argument("corpus", nargs=-1)
@click.option("--preset", type=click.Choice(tuple(PRESETS)), default=DEFAULT, show_default=True,
              help="settings that go together; options given beside it win. " + "; ".join(
                  f"{name}: {preset.description}" for name, preset in PRESETS.items()))
@settings_options(NetworkSettings, TextSettings, WindowSettings, TrainingSettings, RunSettings)
@click.option("--threads", cls=SettingOption, type=Whole(1, 1024), metavar="INTEGER", show_default="one a shard",
              help="threads to run on; changes no result")
@click.option("--name", metavar="TEXT", show_default="from corpus and network", help="name of the run's folder")
@click.option("--folder", metavar="FOLDER", default="checkpoints", show_default=True, help="where runs are kept")
@click.option("--show-samples", is_flag=True, help="show a short sample at each validation")
@click.option("--resume", metavar="[RUN]", is_flag=False, flag_value="",
              help="go on with a run (its name, folder or file; the newest if none is named), exactly where its last "
                   "checkpoint was saved; of the settings only its --epochs or --minutes (in all) and --threads may "
                   "change")
@click.pass_context
def train(context: click.Context, corpus: tuple[str, ...], preset: str, threads: int | None, name: str | None,
          folder: str, show_samples: bool, resume: str | None, **options: Any) -> None:
    """Train a network on CORPUS: text files, folders, built-in texts (@name) or - for standard input.

    The run is kept in checkpoints/NAME: `best`, the moment of the lowest validation loss, `last`, to go on from, and
    metrics.jsonl. Ctrl-C finishes the step, saves, and says how to go on.
    """
    if resume is None and not corpus:
        raise click.UsageError("name a text to train on: a file, a folder, - or a built-in one "
                               f"({', '.join(BUILTINS)})")
    if resume is None:
        run = _start(context, corpus, options, preset, name, folder, threads)
    else:
        run = _resume(context, resume, corpus, folder, threads)
    first_step = run.trainer.step
    with run:
        _announce(run)
        finished, interrupted = _follow(run, show_samples)
    if resume is not None and finished.step == first_step and not interrupted:
        print("this run was finished before; to train it further give a larger --epochs or --minutes", file=sys.stderr)
    _report(run, finished)
    if interrupted:
        context.exit(128 + interrupted)


def _start(context: click.Context, corpus: tuple[str, ...], options: dict[str, Any], preset: str, name: str | None,
           folder: str, threads: int | None) -> "Run":
    given = {name: options[name] for name in _given(context) if name in SETTING_NAMES}
    early = settings_of(layered(given, preset_values(preset)))  # refused now, not after a long text has been read
    from charrnn.cli.reading import read
    from charrnn.runs import Run
    from charrnn.training.choice import chosen_settings

    text = read(corpus, early.text)
    for reason in text.skipped.values():
        print(f"note: skipped: {reason}", file=sys.stderr)
    settings, why = chosen_settings(given, preset, len(text))
    if why:
        print(f"settings {why}", file=sys.stderr)
    run = Run.start(text, settings, name, folder, threads, settings_from(RunSettings, options))
    if name and run.folder.name != name:
        print(f"note: there is a run called {name}; this one is {run.folder.name}", file=sys.stderr)
    return run


def _given(context: click.Context) -> list[str]:
    """The names of the options that were typed."""
    return [key for key in context.params
            if context.get_parameter_source(key) == click.core.ParameterSource.COMMANDLINE]


def _resume(context: click.Context, resume: str, corpus: tuple[str, ...], folder: str, threads: int | None) -> "Run":
    allowed = (*_BUDGET, "threads", "resume", "corpus", "folder", "show_samples", "keep_last")
    given = _given(context)
    for key in given:
        if key not in allowed:
            raise SettingsError(f"--{key.replace('_', '-')} can't change when a run is resumed; leave it out, or start "
                                "a new run")
    from charrnn.checkpoint import load_checkpoint, resolve_checkpoint
    from charrnn.cli.reading import read
    from charrnn.runs import Run
    from charrnn.text.sources import STDIN

    path = resolve_checkpoint(resume or None, "last", folder)
    saved = load_checkpoint(path)
    sources = corpus or tuple(saved.corpus.get("sources", ()))
    call = f"charrnn train CORPUS --resume {_quoted(str(path.parent))}"
    if not sources:
        raise SettingsError(f"{path.parent} was trained on a text that came from no file; name one with it: {call}")
    if STDIN in sources and not corpus:
        raise SettingsError(f"{path.parent} was trained on standard input; pipe the same text in again: "
                            f"{call.replace('CORPUS', STDIN)}")
    try:
        text = read(sources, saved.settings.text)
    except CorpusError as error:
        raise error if corpus else CorpusError(f"{error}; if the text was moved: {call}") from error
    return Run.resume(path, text, {key: context.params[key] for key in given if key in _BUDGET}, threads,
                      settings_from(RunSettings, context.params))


def _announce(run: "Run") -> None:
    """Says what is about to be trained, on what."""
    from charrnn.cli.wording import corpus_words, network_words
    from charrnn.kernels.target import HAS_BF16

    trainer = run.trainer
    if trainer.settings.training.precision == "bf16" and not HAS_BF16:
        print("note: this processor has no bfloat16 products; --precision float32 would train faster", file=sys.stderr)
    print(f"network  {network_words(trainer.settings.network)}: {trainer.network.parameters.count:,} parameters, "
          f"{trainer.memory / 1e6:,.0f} MB to train\n"
          f"text     {corpus_words(run.corpus)}, {len(run.vocabulary)} different; {_kept_words(run)}\n"
          f"run      {run.folder}" + (f", from step {trainer.step:,}" if trainer.step else ""), file=sys.stderr)


def _kept_words(run: "Run") -> str:
    """What is kept for validation."""
    from charrnn.cli.wording import counted

    characters, documents = run.trainer.characters[1], run.trainer.documents
    if not characters:
        return "none kept for validation"
    if documents is None:
        return f"the last {characters:,} kept for validation"
    return f"{counted(documents[1], 'document')} ({counted(characters, 'character')}) kept for validation"


def _follow(run: "Run", show_samples: bool) -> tuple["Finished", int]:
    """Trains to the end; what was told last, and the number of the signal that ended it early, or 0."""
    from charrnn.cli.progress import Progress
    from charrnn.cli.signals import stopping
    from charrnn.training.events import Finished, Validated

    progress = Progress()
    try:
        with stopping(run.trainer.stop) as signals:
            for event in run.events():
                progress.show(event)
                if isinstance(event, Validated) and show_samples:
                    progress.line(_short_sample(run))
    except StorageError as error:
        if any(run.folder.glob("*.safetensors")):
            raise StorageError(f"{error}; what was saved before goes on with: {_resume_call(run)}") from error
        raise
    finally:
        progress.close()
    assert isinstance(event, Finished)
    return event, signals[0] if signals else 0


def _short_sample(run: "Run") -> str:
    """A few lines as the network writes them now; the run's own generator is not touched."""
    from charrnn.sampling.opening import generators_of, opening
    from charrnn.sampling.sampler import Sampler
    from charrnn.sampling.writing import written
    from charrnn.text.splitter import mark_of

    mark = mark_of(run.trainer.settings.text)
    generators = generators_of(run.trainer.step, 5 if mark == "\n" else 1)
    sampler = Sampler(run.trainer.settings.network, run.trainer.network.weights, len(generators))
    sampler.begin(opening(run.vocabulary, "", generators, mark))
    pieces = written(sampler.stream(200, generators, 0.8, 0), run.vocabulary, mark)
    text = "\n".join(map("".join, zip(*pieces, strict=True)))
    return "\n".join("    " + line for line in text.strip().splitlines())


def _report(run: "Run", finished: "Finished") -> None:
    """Says on stdout what was reached, where it lies, and what to type next."""
    from charrnn.cli.wording import counted, loss_words

    if finished.step == 0:
        print("nothing was trained")
        return
    verb = "stopped after" if finished.stopped else "trained for"
    print(f"{verb} {counted(finished.step, 'step')}, {finished.epoch:.2f} epochs")
    if finished.best_step:
        kind = "validation" if run.trainer.characters[1] > 1 else "training"
        print(f"best {kind} loss {loss_words(finished.best_loss)}, at step {finished.best_step:,}")
    if finished.stale:
        print(f"ended early: {finished.stale} validations without a new best")
    if line := _overfitting_words(run):
        print(line)
    print(f"kept in {run.folder}")
    if finished.stopped:
        print(f"to go on: {_resume_call(run)}")
    print(f"next: charrnn sample {_short(run)}")


def _overfitting_words(run: "Run") -> str:
    """What the curves say when the network has begun to learn the text by heart; else nothing."""
    turn = run.trainer.history.overfitting
    if turn is None:
        return ""
    best, last = turn
    return (f"overfitting: from step {best.step:,} to {last.step:,} the validation loss rose from {best.loss:.3f} to "
            f"{last.loss:.3f} while that in training fell from {best.train:.3f} to {last.train:.3f}; a higher "
            "--dropout, a smaller network, fewer --epochs or more text would help")


def _resume_call(run: "Run") -> str:
    """What to type to go on with `run`."""
    from charrnn.text.sources import STDIN

    return f"charrnn train {'- ' if STDIN in run.corpus['sources'] else ''}--resume {_short(run)}"


def _short(run: "Run") -> str:
    """How to name `run` in the shell; its name is enough in its usual place."""
    return _quoted(run.folder.name if run.folder.parent == Path("checkpoints") else str(run.folder))


def _quoted(argument: str) -> str:
    import os
    import shlex
    import subprocess

    return subprocess.list2cmdline([argument]) if os.name == "nt" else shlex.quote(argument)
