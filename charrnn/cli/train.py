"""Layer cli: `charrnn train`: a new run, or an old one taken up again."""

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.config import read_config
from charrnn.cli.options import SettingOption, Whole, settings_from, settings_options
from charrnn.errors import SettingsError, StorageError
from charrnn.settings import NetworkSettings, RunSettings, TextSettings, TrainingSettings, WindowSettings, settings_of
from charrnn.settings.presets import DEFAULT, PRESETS, merge_settings, preset_values
from charrnn.text.builtin import BUILTINS

if TYPE_CHECKING:
    from charrnn.runs.finetune import FineTuning
    from charrnn.runs.run import Run
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
                   "checkpoint was saved; of the settings only its --epochs or --minutes (in all), --threads and "
                   "--engine may change")
@click.pass_context
def train(context: click.Context, resume: str | None, config: str | None, **options: Any) -> None:
    """Train a network on CORPUS: text files, folders, built-in texts (@name) or - for standard input.

    The run is kept in checkpoints/NAME: `best`, the moment of the lowest validation loss, `last`, to go on from, and
    metrics.jsonl. Ctrl-C finishes the step, saves, and says how to go on.
    """
    if resume is None:
        given = merge_settings(_typed(context), read_config(config, context.command) if config else {})
        options |= given
        run, why = _start(given, options)
    else:
        run, why = _resume(context, resume, options["corpus"], options["folder"], options["threads"]), ""
    from charrnn.render.training import announce, report

    first_step = run.trainer.step
    with run:
        announce(run, why)
        finished, interrupted = _follow(run, options["samples_every"] or 0, options["show_samples"])
    if resume is not None and finished.step == first_step and not interrupted:
        print("this run was finished before; to train it further give a larger --epochs or --minutes", file=sys.stderr)
    report(run, finished)
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
    parent = _parent(options)
    inherited = parent.settings(given, preset_values(preset)) if parent else {}
    # refused now, and not after a long text has been read
    early = settings_of(merge_settings(given, inherited, preset_values(preset)))
    from charrnn.render.reading import read
    from charrnn.render.training import parent_words
    from charrnn.runs.run import Run
    from charrnn.text.corpus_checks import corpus_warnings
    from charrnn.training.auto_settings import automatic_settings

    text = read(corpus, early.text)
    for reason in text.skipped.values():
        print(f"note: skipped: {reason}", file=sys.stderr)
    if not all(source in BUILTINS for source in corpus):  # which nobody can mend
        for warning in corpus_warnings(text, early.text):
            print(f"note: {warning}", file=sys.stderr)
    settings, why = automatic_settings(given, preset, len(text), inherited, options["engine"])
    run = Run.start(text, settings, name, options["folder"], options["threads"], settings_from(RunSettings, options),
                    parent)
    if parent:
        print(parent_words(parent, run), file=sys.stderr)
    if name and run.folder.name != name:
        print(f"note: there is a run called {name}; this one is {run.folder.name}", file=sys.stderr)
    return run, why


def _parent(options: dict[str, Any]) -> "FineTuning | None":
    """The run that a new one is to begin from."""
    if options["init_from"] is None:
        return None
    from charrnn.runs.checkpoint import resolve_checkpoint
    from charrnn.runs.finetune import FineTuning

    return FineTuning(resolve_checkpoint(options["init_from"], "best", options["folder"]))


def _resume(context: click.Context, resume: str, corpus: tuple[str, ...], folder: str, threads: int | None) -> "Run":
    allowed = (*_BUDGET, "threads", "engine", "resume", "corpus", "folder", "show_samples", "samples_every",
               "keep_last")
    given = _typed(context)
    for key in given:
        if key not in allowed:
            raise SettingsError(f"--{key.replace('_', '-')} can't change when a run is resumed; leave it out, or start "
                                "a new run")
    from charrnn.render.reading import read
    from charrnn.render.training import quoted
    from charrnn.runs.checkpoint import load_checkpoint, resolve_checkpoint
    from charrnn.runs.run import Run
    from charrnn.runs.training_text import read_training_text
    from charrnn.text.sources import STDIN

    path = resolve_checkpoint(resume or None, "last", folder)
    saved = load_checkpoint(path)
    sources = corpus or saved.corpus.sources
    call = f"charrnn train CORPUS --resume {quoted(str(path.parent))}"
    if not sources:
        raise SettingsError(f"{path.parent} was trained on a text that came from no file; name one with it: {call}")
    if STDIN in sources and not corpus:
        raise SettingsError(f"{path.parent} was trained on standard input; pipe the same text in again: "
                            f"{call.replace('CORPUS', STDIN)}")
    text = read_training_text(saved.corpus, saved.settings.text, path, corpus, read,
                              advice=f"if the text was moved: {call}")
    return Run.resume(path, text, {key: context.params[key] for key in given if key in _BUDGET}, threads,
                      settings_from(RunSettings, context.params))


def _follow(run: "Run", samples_every: int, show_samples: bool) -> tuple["Finished", int]:
    """Trains to the end; what was told last, and the number of the signal that ended it early, or 0."""
    from charrnn.cli.signals import stopping
    from charrnn.cli.training_samples import Samples
    from charrnn.render.progress import Progress
    from charrnn.render.training import resume_call
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
            raise StorageError(f"{error}; what was saved before goes on with: {resume_call(run)}") from error
        raise
    finally:
        progress.close()
    assert isinstance(event, Finished)
    return event, signals[0] if signals else 0
