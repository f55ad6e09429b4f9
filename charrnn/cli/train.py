"""Floor 7: `charrnn train`: a new run, or an old one taken up again."""

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.config import read_config
from charrnn.cli.options import SettingOption, Whole, settings_from, settings_options
from charrnn.errors import CorpusError, SettingsError, StorageError
from charrnn.presets import DEFAULT, PRESETS, layered, preset_values
from charrnn.settings import NetworkSettings, RunSettings, TextSettings, TrainingSettings, WindowSettings, settings_of
from charrnn.text.builtin import BUILTINS

if TYPE_CHECKING:
    from charrnn.origin import Origin
    from charrnn.runs import Run
    from charrnn.training.events import Finished

_NAMED = 5  # new characters that are named one by one
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
@click.option("--show-samples", is_flag=True, help="write a short sample at each validation")
@click.option("--samples-every", cls=SettingOption, type=Whole(1, 10**9), metavar="STEPS",
              help="write a short sample every so many steps; samples are kept in samples.txt in the run's folder, and "
                   "change nothing in the training")
@click.option("--config", metavar="FILE", help="take options from a TOML file, as `charrnn info --config` writes it: "
                                               "their names without dashes before them; what is typed has the say")
@click.option("--init-from", metavar="RUN",
              help="begin with what another run has learned (its name, folder or file; its best moment): the network "
                   "is as large, characters new to it are added, and the rate is half the usual one")
@click.option("--resume", metavar="[RUN]", is_flag=False, flag_value="",
              help="go on with a run (its name, folder or file; the newest if none is named), exactly where its last "
                   "checkpoint was saved; of the settings only its --epochs or --minutes (in all) and --threads may "
                   "change")
@click.pass_context
def train(context: click.Context, resume: str | None, config: str | None, **options: Any) -> None:
    """Train a network on CORPUS: text files, folders, built-in texts (@name) or - for standard input.

    The run is kept in checkpoints/NAME: `best`, the moment of the lowest validation loss, `last`, to go on from, and
    metrics.jsonl. Ctrl-C finishes the step, saves, and says how to go on.
    """
    if resume is None:
        given = layered(_typed(context), read_config(config, context.command) if config else {})
        options |= given
        run, why = _start(given, options)
    else:
        run, why = _resume(context, resume, options["corpus"], options["folder"], options["threads"]), ""
    first_step = run.trainer.step
    with run:
        _announce(run, why)
        finished, interrupted = _follow(run, options["samples_every"] or 0, options["show_samples"])
    if resume is not None and finished.step == first_step and not interrupted:
        print("this run was finished before; to train it further give a larger --epochs or --minutes", file=sys.stderr)
    _report(run, finished)
    if interrupted:
        context.exit(128 + interrupted)


def _typed(context: click.Context) -> dict[str, Any]:
    """The options that stand on the command line."""
    return {key: value for key, value in context.params.items() if value != ()
            and context.get_parameter_source(key) == click.core.ParameterSource.COMMANDLINE}


def _start(given: dict[str, Any], options: dict[str, Any]) -> tuple["Run", str]:
    """A new run with the `given` settings, and why it has the others; `options` has everything, given or not."""
    corpus, name, preset = options["corpus"], options["name"], options["preset"]
    if not corpus:
        raise click.UsageError("name a text to train on: a file, a folder, - or a built-in one "
                               f"({', '.join(BUILTINS)})")
    given = {name: value for name, value in given.items() if name in SETTING_NAMES}
    origin = _origin(options)
    inherited = origin.settings(given) if origin else {}
    # refused now, and not after a long text has been read
    early = settings_of(layered(given, inherited, preset_values(preset)))
    from charrnn.cli.reading import read
    from charrnn.runs import Run
    from charrnn.text.doubts import doubts
    from charrnn.training.choice import chosen_settings

    text = read(corpus, early.text)
    for reason in text.skipped.values():
        print(f"note: skipped: {reason}", file=sys.stderr)
    if not all(source in BUILTINS for source in corpus):  # which nobody can mend
        for doubt in doubts(text, early.text):
            print(f"note: {doubt}", file=sys.stderr)
    settings, why = chosen_settings(given, preset, len(text), inherited)
    run = Run.start(text, settings, name, options["folder"], options["threads"], settings_from(RunSettings, options),
                    origin)
    if origin:
        print(_origin_words(origin, run), file=sys.stderr)
    if name and run.folder.name != name:
        print(f"note: there is a run called {name}; this one is {run.folder.name}", file=sys.stderr)
    return run, why


def _origin(options: dict[str, Any]) -> "Origin | None":
    """The run that a new one is to begin from."""
    if options["init_from"] is None:
        return None
    from charrnn.checkpoint import resolve_checkpoint
    from charrnn.origin import Origin

    return Origin(resolve_checkpoint(options["init_from"], "best", options["folder"]))


def _origin_words(origin: "Origin", run: "Run") -> str:
    """What a run begins from, and which units are new to it."""

    added = origin.added(run.vocabulary)
    named = ", ".join(run.vocabulary.named(unit) for unit in added[:_NAMED])
    more = f" and {len(added) - _NAMED:,} more" if len(added) > _NAMED else ""
    kinds = f"{len(origin.vocabulary):,} different {run.vocabulary.kind}s known"
    return (f"from     {origin.name}, at step {origin.checkpoint.progress.get('step', 0):,}: {kinds}, "
            + (f"{len(added):,} added: {named}{more}" if added else "none added"))


def _resume(context: click.Context, resume: str, corpus: tuple[str, ...], folder: str, threads: int | None) -> "Run":
    allowed = (*_BUDGET, "threads", "resume", "corpus", "folder", "show_samples", "samples_every", "keep_last")
    given = _typed(context)
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


def _announce(run: "Run", why: str) -> None:
    """Says what is about to be trained, on what."""
    from charrnn.cli.wording import corpus_words, counted, network_words
    from charrnn.kernels.target import HAS_BF16

    trainer = run.trainer
    if trainer.settings.training.precision == "bf16" and not HAS_BF16:
        print("note: this processor has no bfloat16 products; --precision float32 would train faster", file=sys.stderr)
    print(f"network  {network_words(trainer.settings.network)}: {trainer.network.parameters.count:,} parameters, "
          f"{trainer.memory / 1e6:,.0f} MB to train\n"
          f"text     {corpus_words(run.corpus, len(run.vocabulary), trainer.settings.text)}; {_kept_words(run)}\n"
          f"run      {run.folder}" + (f", from step {trainer.step:,}" if trainer.step else "")
          + (f"\nchosen   {why}" if why else ""), file=sys.stderr)
    rows = trainer.settings.windows.batch
    if trainer.documents and trainer.documents[0] < rows:
        print(f"note: {counted(trainer.documents[0], 'document')} to train on for {rows} rows side by side, and a row "
              f"reads whole ones: the others stay empty; --batch {trainer.documents[0]} learns the same in less time",
              file=sys.stderr)


def _kept_words(run: "Run") -> str:
    """What is kept for validation."""
    from charrnn.cli.wording import counted

    characters, documents = run.trainer.characters[1], run.trainer.documents
    if not characters:
        return "none kept for validation"
    if documents is None:
        return f"the last {characters:,} kept for validation"
    units = counted(characters, run.trainer.settings.text.unit_name)
    return f"{counted(documents[1], 'document')} ({units}) kept for validation"


def _follow(run: "Run", samples_every: int, show_samples: bool) -> tuple["Finished", int]:
    """Trains to the end; what was told last, and the number of the signal that ended it early, or 0."""
    from charrnn.cli.progress import Progress
    from charrnn.cli.samples import Samples
    from charrnn.cli.signals import stopping
    from charrnn.training.events import Finished

    progress, samples = Progress(run.trainer.settings.text.unit), Samples(run, samples_every, show_samples)
    try:
        with stopping(run.trainer.stop) as signals:
            for event in run.events():
                progress.show(event)
                sample = samples.after(event)
                if sample is not None:
                    progress.line(sample)
    except StorageError as error:
        if any(run.folder.glob("*.safetensors")):
            raise StorageError(f"{error}; what was saved before goes on with: {_resume_call(run)}") from error
        raise
    finally:
        progress.close()
    assert isinstance(event, Finished)
    return event, signals[0] if signals else 0


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
        loss = loss_words(finished.best_loss, run.corpus, run.trainer.settings.text)
        print(f"best {kind} loss {loss}, at step {finished.best_step:,}")
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
