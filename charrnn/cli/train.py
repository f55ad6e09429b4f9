"""Layer cli: `charrnn train`: a new run, or an old one resumed."""

import contextlib
import dataclasses
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.checkpoints import offer_checkpoints, offer_texts
from charrnn.cli.config import read_config
from charrnn.cli.options import GroupedCommand, Whole, option, settings_from, settings_options
from charrnn.errors import SettingsError, StorageError
from charrnn.settings import NetworkSettings, RunSettings, TextSettings, TrainingSettings, WindowSettings
from charrnn.settings.presets import DEFAULT, PRESETS, early_settings, merge_settings, preset_values
from charrnn.settings.training import BUDGET, refuse_changes
from charrnn.storage.files import check_folder_name
from charrnn.storage.run_folders import RUNS
from charrnn.text.builtin import BUILTINS, SUCH_AS

if TYPE_CHECKING:
    from charrnn.runs.finetune import FineTuning
    from charrnn.runs.run import Run
    from charrnn.training.events import Finished

_NAMED = 5  # files of a folder that are skipped
_CHANGEABLE = {*BUDGET, "threads", "resume", "corpus", "folder", "show_samples", "samples_every",
               *(spec.name for spec in dataclasses.fields(RunSettings))}
SETTING_NAMES = {spec.name for kind in (NetworkSettings, TextSettings, WindowSettings, TrainingSettings)
                 for spec in dataclasses.fields(kind)}
_EPILOG = "Built-in texts: " + "; ".join(f"{name}, {text.description}" for name, text in BUILTINS.items()
                                         if text.origin != "fetched") + ". `charrnn corpora` lists more."
_FILES = "Files and samples"


@dataclass(frozen=True)
class TrainArguments:
    """What is trained, from where, and what is shown meanwhile: all that is no setting of the run."""

    corpus: tuple[str, ...]
    preset: str
    threads: int | None
    name: str | None
    folder: str
    show_samples: bool
    samples_every: int | None
    init_from: str | None


@click.command(cls=GroupedCommand, epilog=_EPILOG)
@click.argument("corpus", nargs=-1, shell_complete=offer_texts)
@option("--preset", type=click.Choice(tuple(PRESETS)), default=DEFAULT, show_default=True,
        help="a named set of settings; other options win over it. " + "; ".join(
            f"{name}: {preset.description}" for name, preset in PRESETS.items()))
@option("--config", metavar="FILE", help="take options from a TOML file, as `charrnn info --config` writes it; the "
        "keys are the names of the options, without the dashes; command-line options win")
@option("--init-from", metavar="RUN", shell_complete=offer_checkpoints,
        help="fine-tune: start with the weights of another run (its name, folder or file; its best checkpoint) or of "
             "@shakespeare, which comes with charrnn; the network has the same size, characters new to it are added, "
             "and the default learning rate is halved")
@option("--resume", metavar="[RUN]", is_flag=False, flag_value="", shell_complete=offer_checkpoints,
        help="resume a run (its name, folder or file; the newest if none is named), exactly where its last checkpoint "
             "was saved; of its settings only --epochs or --minutes (the new total) may change")
@settings_options(NetworkSettings, TextSettings, WindowSettings, TrainingSettings)
@option("--threads", type=Whole(1, 1024), metavar="INTEGER", show_default="one per shard", group="Seed and speed",
        help="threads to run on; results do not depend on it")
@option("--name", metavar="TEXT", show_default="from corpus and network", group=_FILES, help="name of the run's folder")
@option("--folder", metavar="FOLDER", default=str(RUNS), show_default=True, group=_FILES,
        help="where runs are kept")
@settings_options(RunSettings, group="Seed and speed")
@option("--show-samples", is_flag=True, group=_FILES, help="write a short sample at each validation")
@option("--samples-every", type=Whole(1, 10**9), metavar="STEPS", group=_FILES,
        help="write a short sample every STEPS steps; samples are kept in samples.txt in the run's folder, and do "
             "not affect training")
@click.pass_context
def train(context: click.Context, resume: str | None, config: str | None, **options: Any) -> None:
    """Train a network on CORPUS: text files, folders, built-in texts (@name) or - for standard input.

    The run is kept in checkpoints/NAME: `best`, the checkpoint with the lowest validation loss, `last`, to resume from,
    and metrics.jsonl. Ctrl-C finishes the step, saves, and says how to resume.
    """
    from charrnn.cli.ranks import only_first_speaks

    with only_first_speaks():
        interrupted = _train(context, resume, config, options)
    if interrupted:
        context.exit(128 + interrupted)


def _train(context: click.Context, resume: str | None, config: str | None, options: dict[str, Any]) -> int:
    """The number of the signal that ended it early, or 0."""
    typed = {key: value for key, value in context.params.items() if value != ()
             and context.get_parameter_source(key) == click.core.ParameterSource.COMMANDLINE}
    if resume is None:
        given = merge_settings(typed, read_config(config, context.command) if config is not None else {})
        options |= given
    train_options, run_settings = settings_from(TrainArguments, options), settings_from(RunSettings, options)
    if resume is None:
        run, why = _start(given, train_options, run_settings)
    else:
        run, why = _resume(resume, typed, train_options, run_settings), ""
    from charrnn.render.training import announce, report

    first_step = run.trainer.step
    with run:
        announce(run, why)
        finished, interrupted = _follow(run, train_options)
    if resume is not None and finished.step == first_step and not interrupted:
        print("this run was already finished; give a larger --epochs or --minutes to train it longer", file=sys.stderr)
    report(run, finished)
    return interrupted


def _start(given: Mapping[str, Any], options: TrainArguments, run_settings: RunSettings) -> tuple["Run", str]:
    """A new run with the `given` settings, and why it has the others."""
    if not options.corpus:
        raise click.UsageError(f"name a text to train on: a file, a folder, - or {SUCH_AS}")
    given = {name: value for name, value in given.items() if name in SETTING_NAMES}
    parent = _parent(options)
    inherited = parent.settings(given, preset_values(options.preset)) if parent else {}
    # refused now, and not after a long text has been read
    early = early_settings(given, inherited, options.preset)
    if options.name is not None:
        check_folder_name(options.name)
    from charrnn.engine.ranks import first_of_machine_first, this_rank
    from charrnn.render.reading import read
    from charrnn.render.training import parent_words
    from charrnn.render.wording import compiling_words
    from charrnn.runs.run import Run
    from charrnn.text.corpus_checks import corpus_warnings
    from charrnn.training.auto_settings import automatic_settings

    with first_of_machine_first(this_rank()):
        text = read(options.corpus, early.text, run_settings.max_size)
    for reason in list(text.skipped.values())[:_NAMED]:
        print(f"note: skipped: {reason.partition('; ')[0]}", file=sys.stderr)
    if len(text.skipped) > _NAMED:
        print(f"note: skipped: {len(text.skipped) - _NAMED:,} more files that are no text", file=sys.stderr)
    if not all(source.partition(":")[0] in BUILTINS for source in options.corpus):  # which nobody can mend
        for warning in corpus_warnings(text, early.text):
            print(f"note: {warning}", file=sys.stderr)
    text, settings, why = automatic_settings(given, options.preset, text, inherited, run_settings, options.threads,
                                             lambda: print(compiling_words(), file=sys.stderr, flush=True))
    run = Run.start(text, settings, options.name, options.folder, options.threads, run_settings, parent)
    if parent:
        print(parent_words(parent, run), file=sys.stderr)
    if options.name and run.folder.name != options.name:
        print(f"note: there is a run called {options.name}; this one is {run.folder.name}", file=sys.stderr)
    return run, why


def _parent(options: TrainArguments) -> "FineTuning | None":
    """The run that a new one starts from."""
    if options.init_from is None:
        return None
    from charrnn.runs.checkpoint import resolve_checkpoint
    from charrnn.runs.finetune import FineTuning

    return FineTuning(resolve_checkpoint(options.init_from, "best", options.folder))


def _resume(resume: str, typed: Mapping[str, Any], options: TrainArguments, run_settings: RunSettings) -> "Run":
    """The run `resume`, the newest if that is empty, with what was `typed` in addition."""
    refuse_changes(key for key in typed if key not in _CHANGEABLE)
    from charrnn.engine.ranks import first_of_machine_first, this_rank
    from charrnn.render.reading import read
    from charrnn.render.wording import shell_quoted
    from charrnn.runs.checkpoint import latest_checkpoint, load_checkpoint, resolve_checkpoint
    from charrnn.runs.pretrained import refuse_pretrained
    from charrnn.runs.run import Run
    from charrnn.runs.training_text import read_training_text
    from charrnn.text.sources import STDIN

    refuse_pretrained(resume)
    if resume in BUILTINS:
        raise SettingsError(f"{resume} is a text, and --resume takes the name of a run; leave it out to resume the "
                            f"newest, or put the text first: charrnn train {resume} --resume RUN")
    path = (resolve_checkpoint(resume, "last", options.folder) if resume
            else latest_checkpoint(options.folder, "last"))
    saved = load_checkpoint(path)
    sources = options.corpus or saved.corpus.sources
    call = f"charrnn train CORPUS --resume {shell_quoted(str(path.parent))}"
    if not sources:
        raise SettingsError(f"{path.parent} was trained on a text that came from no file; name one with it: {call}")
    if STDIN in sources and not options.corpus:
        raise SettingsError(f"{path.parent} was trained on standard input; pipe the same text in again: "
                            f"{call.replace('CORPUS', STDIN)}")
    with first_of_machine_first(this_rank()):
        text = read_training_text(saved.corpus, saved.settings.text, path, options.corpus,
                                  partial(read, max_size=run_settings.max_size),
                                  advice=f"if the text was moved: {call}")
    return Run.resume(path, text, {key: typed[key] for key in BUDGET if key in typed}, options.threads, run_settings)


def _follow(run: "Run", options: TrainArguments) -> tuple["Finished", int]:
    """Trains to the end; the last event, and the number of the signal that ended it early, or 0."""
    from charrnn.render.training import TrainingDisplay, resume_call
    from charrnn.render.training_samples import TrainingSamples
    from charrnn.training.events import Finished

    progress = TrainingDisplay(run.trainer.settings.text.unit)
    samples = TrainingSamples(run, options.samples_every or 0, options.show_samples)
    try:
        with _stopping(run.trainer.stop) as signals:
            for event in run.events():
                progress.show(event)
                sample = samples.after(event)
                if sample is not None:
                    progress.line(sample)
    except StorageError as error:
        if any(run.folder.glob("*.safetensors")):
            raise StorageError(f"{error}; resume from what was saved with: {resume_call(run)}") from error
        raise
    finally:
        progress.close()
    assert isinstance(event, Finished)
    return event, signals[0] if signals else 0


@contextlib.contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Makes the first Ctrl-C or SIGTERM call stop(), and a second one end the program at once."""
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def received_one(number: int, frame: Any) -> None:
        received.append(number)
        stop()
        # not print(): the signal may have come in the middle of one
        with contextlib.suppress(OSError):
            os.write(2, b"\nstopping after this step and saving; press again to quit at once\n")
        signal.signal(number, before[signal.Signals(number)] or signal.SIG_DFL)

    for number in before:
        signal.signal(number, received_one)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
