"""Layer runs: a run: one training and the folder that keeps it.

It starts on a text with settings, or resumes where an earlier process left it. The trainer's events pass through, and
`last`, `best` and metrics.jsonl appear in checkpoints/<run>/. A run never writes into the folder of another.
"""

import contextlib
import dataclasses
import json
import math
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from types import TracebackType
from typing import Any

import charrnn
from charrnn.engine.ranks import this_rank
from charrnn.errors import CheckpointError, CorpusError, SettingsError, StorageError
from charrnn.runs.checkpoint import Checkpoint, load_checkpoint, naming, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo, Parent
from charrnn.runs.finetune import FineTuning
from charrnn.runs.metrics import METRICS, read_metrics, seconds_at
from charrnn.runs.tensorboard import EventFile
from charrnn.runs.trained_network import check_state
from charrnn.runs.training_text import located
from charrnn.settings import NetworkSettings, RunSettings, Settings
from charrnn.storage.files import TEMPORARY, append_line, check_folder_name, drop_torn_line, new_folder, write_atomic
from charrnn.storage.locks import LOCK_FILE, FolderLock
from charrnn.storage.run_folders import BEST, LAST, RUNS
from charrnn.text.corpus import Corpus
from charrnn.text.validation_split import cut_at
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.events import Event, Finished, Saved, Started, Step, Validated
from charrnn.training.progress import TrainingProgress
from charrnn.training.trainer import Trainer

# Between validations `last` is saved this often, so that a crash costs a minute and not a day.
SECONDS_BETWEEN_SAVES = 60.0
# Sorted by name they are sorted by step, up to ten thousand million.
NUMBERED = "step-{:0>10}.safetensors"


class Run:
    """A training and its folder; as a context, it leaves no empty folder and no lock behind."""

    def __init__(self, corpus: Corpus, settings: Settings, vocabulary: Vocabulary, threads: int | None,
                 keep: RunSettings | None, parent: Parent | None = None) -> None:
        if threads is not None and threads < 1:
            raise SettingsError(f"threads is {threads}; it must be at least 1")
        self.vocabulary = vocabulary
        self.keep = keep or RunSettings()
        self.trainer = Trainer(settings, corpus.content, len(vocabulary), threads, self.keep.engine,
                               self.keep.device)
        # behind the trainer: once it has split the documents, it is known how many differ
        self.corpus = CorpusInfo.of(corpus, settings.text.unit, vocabulary, parent,
                                    is_by_file=settings.windows.val_from == "files")
        # of the processes that train together the first one has the folder, and the others write nothing
        self.is_first = self.trainer.engine.rank.is_first
        self.trainer.engine.require_equal(_common(self.trainer.settings, corpus))
        self.folder = Path()
        self.lock: FolderLock | None = None
        self.event_file: EventFile | None = None

    @classmethod
    def start(cls, corpus: Corpus, settings: Settings, name: str | None = None, runs: str | Path = RUNS,
              threads: int | None = None, keep: RunSettings | None = None, parent: FineTuning | None = None) -> "Run":
        """A new run on `corpus`; its folder in `runs` gets `name`, or one made from corpus and network.

        With `parent` it begins with that run's parameters, and its vocabulary includes that run's.

        Raises CorpusError for a text that is too short for these settings, and says which would do.
        """
        vocabulary = corpus.vocabulary
        if name is not None:
            check_folder_name(name)
        check_text(len(corpus), vocabulary.units, settings)
        if parent is not None:
            vocabulary = parent.vocabulary_with(corpus.vocabulary, settings.text)
        run = cls(corpus.within(vocabulary), settings, vocabulary, threads, keep,
                  None if parent is None else parent.parent)
        if parent is not None:
            with naming(parent.path):
                run.trainer.begin_from(parent.arrays_for(vocabulary))
        name = run_name(corpus.name, settings.network) if name is None else name
        if run.is_first:
            _remove_unborn(Path(runs) / name)
            run.folder, run.lock = _locked_folder(runs, name)
        return run

    @classmethod
    def resume(cls, path: Path, corpus: Corpus, budget: dict[str, float] | None = None,
               threads: int | None = None, keep: RunSettings | None = None) -> "Run":
        """The run that saved `path`, at that moment; budget may replace its epochs or minutes.

        Raises CorpusError if `corpus` is not the text it was trained on.
        """
        folder = path.parent
        if path.name != LAST and (folder / LAST).exists():
            raise CheckpointError(f"{path} is not where {folder.name} ended; to continue from there, name "
                                  f"{folder / LAST}")
        if path.name not in (LAST, BEST):
            raise CheckpointError(f"{path} lies in no run's folder; to continue from it, copy it as {LAST} into a "
                                  "folder of its own, and name that")
        lock = FolderLock(folder) if this_rank().is_first else None
        try:
            run = cls._restored(path, corpus, budget or {}, threads, keep)
            run.folder, run.lock = folder, lock
            run._tidy()
        except BaseException:
            if lock is not None:
                lock.release()  # a notebook keeps the error, and with it the lock
            raise
        return run

    def _tidy(self) -> None:
        """Brings the folder of a resumed run to the moment of its checkpoint, and its clock."""
        if self.is_first:
            self._complete_metrics()
            for torn in self.folder.glob(TEMPORARY.format("*")):  # left by a run that was killed while it saved
                torn.unlink(missing_ok=True)
        # of a run in epochs the seconds decide nothing, and are not in the checkpoint
        if self.trainer.settings.training.minutes is None:
            self.trainer.seconds = seconds_at(read_metrics(self.folder), self.trainer.step)

    @classmethod
    def _restored(cls, path: Path, corpus: Corpus, budget: dict[str, float], threads: int | None,
                  keep: RunSettings | None) -> "Run":
        """The run that saved `path`, without its folder."""
        folder, checkpoint = path.parent, load_checkpoint(path)
        with naming(path):
            vocabulary = check_state(checkpoint)
        known = checkpoint.corpus
        if corpus.fingerprint != known.fingerprint:
            raise CorpusError(
                f"this is not the text that {folder.name} was trained on ({corpus.characters:,} characters, it had "
                f"{known.characters:,}); give the same text, or start a new run")
        if not known.is_of(corpus):
            raise CorpusError(f"this is the text that {folder.name} was trained on, but not in the same files, and the "
                              "ends of those were kept for validation; give the same files, or start a new run")
        settings = checkpoint.settings
        kinds = [name for name in ("minutes", "epochs") if getattr(settings.training, name) is not None] or ["epochs"]
        if set(budget) - set(kinds):
            raise SettingsError(f"{path.parent.name} is measured in {' and '.join(kinds)}, and its schedule with it; "
                                f"give --{kinds[0]}, the new total, to train it longer")
        with naming(path):
            progress = TrainingProgress.from_dict(checkpoint.progress)
        if budget:
            training = dataclasses.replace(settings.training, epochs=budget.get("epochs"),
                                           minutes=budget.get("minutes"))
            if progress.history.stale >= training.patience:  # it ended the run, and would end it at once again
                training = dataclasses.replace(training, patience=0)
            settings = dataclasses.replace(settings, training=training)
        check_text(len(corpus), corpus.vocabulary.units, settings)
        if list(corpus.sources) == located(known.sources, path):
            corpus = dataclasses.replace(corpus, sources=known.sources)  # found again; the run keeps its name
        run = cls(corpus.within(vocabulary), settings, vocabulary, threads, keep, known.parent)
        with naming(path):
            run.trainer.restore(checkpoint.arrays, progress, known.parent is not None)
        return run

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self.lock is not None:
            self.lock.release()
        if self.is_first:
            with contextlib.suppress(OSError):
                self.folder.rmdir()  # refused where something was saved
        if self.event_file is not None:
            self.event_file.close()

    def events(self) -> Iterator[Event]:
        """Trains; yields the trainer's events, and a Saved for every checkpoint."""
        self.trainer.engine.wait()  # for the last process to have read its text
        saved_at, began, characters, news = self.trainer.seconds, time.perf_counter(), 0, False
        last: Step | None = None
        for event in self.trainer.events():
            if isinstance(event, Step):
                characters, news, last = characters + event.characters, True, event
            if isinstance(event, Finished) and news:
                yield self._save(LAST)
            yield event
            if isinstance(event, Started):
                began, characters = time.perf_counter(), 0
                if self.trainer.engine.rank.size > 1:  # whichever of them ends, there is something to resume
                    yield self._save(LAST)
            elif isinstance(event, Validated):
                if event.is_best:
                    yield self._save(BEST)
                if self.keep.keep_last:
                    yield self._save(NUMBERED.format(event.step))
                    self._forget_oldest()
                # after BEST: a run killed in between comes here again
                yield self._save(LAST)
                self._log(event, last, characters / max(time.perf_counter() - began, 1e-9))
                saved_at, news = self.trainer.seconds, False
            elif isinstance(event, Step) and self.trainer.seconds - saved_at > SECONDS_BETWEEN_SAVES:
                yield self._save(LAST)
                saved_at, news = self.trainer.seconds, False

    def checkpoint(self) -> Checkpoint:
        """The run as it stands now."""
        arrays, progress = self.trainer.state()
        return Checkpoint(self.trainer.settings, self.vocabulary.units, self.corpus, progress.to_dict(), arrays)

    def _save(self, file: str) -> Saved:
        checkpoint = self.checkpoint()
        if self.is_first:
            save_checkpoint(self.folder / file, checkpoint)
        self.trainer.engine.wait()
        return Saved(self.folder / file, self.trainer.step)

    def _forget_oldest(self) -> None:
        """Removes numbered checkpoints, those of the earliest steps, until only so many are there."""
        if not self.is_first:
            return
        for file in sorted(self.folder.glob("step-*.safetensors"))[:-self.keep.keep_last]:
            file.unlink(missing_ok=True)

    def _complete_metrics(self) -> None:
        """Gives metrics.jsonl the validations that a kill between saving and logging took from it, as far as the
        checkpoint knows them, and takes away a last line that was torn."""
        path, lines = self.folder / METRICS, read_metrics(self.folder)
        known, best, missing = {line["step"] for line in lines}, math.inf, []
        for point in self.trainer.history.points:
            is_best = point.val is not None and point.loss < best
            best = point.loss if is_best else best
            if point.val is not None and point.step not in known:
                missing.append({"step": point.step, "epoch": round(point.epoch, 6), "train_loss": point.train,
                                "val_loss": point.val, "best": is_best})
        drop_torn_line(path)
        if missing and missing[0]["step"] < max(known, default=0):
            # readers take a line for one that replaces all later ones, so that it can't be put at the end
            whole = sorted([*lines, *missing], key=lambda line: line["step"])
            write_atomic(path, "".join(f"{_as_json(line)}\n" for line in whole).encode())
        else:
            for line in missing:
                self._append(line)

    def _append(self, line: dict[str, Any]) -> None:
        if not self.is_first:
            return
        append_line(self.folder / METRICS, _as_json(line))

    def _log(self, event: Validated, last: Step | None, characters_a_second: float) -> None:
        """One line of metrics.jsonl; losses in nats per character, JSON's null where there is none.

        seconds        of training in all, without the pauses of a run that was stopped and resumed
        lr, norm       rate and gradient of the last step before
        """
        line = {"step": event.step, "epoch": round(event.epoch, 6), "seconds": round(self.trainer.seconds, 3),
                "train_loss": event.train_loss, "val_loss": event.loss, "best": event.is_best,
                "lr": last.lr if last else math.nan, "norm": last.norm if last else math.nan,
                "characters_a_second": round(characters_a_second), "unix_time": round(time.time(), 3)}
        self._append(line)
        if self.event_file is not None:
            self.event_file.add(line)
        elif self.keep.tensorboard and self.is_first:
            self.event_file = EventFile(self.folder, read_metrics(self.folder))


def _common(settings: Settings, corpus: Corpus) -> dict[str, str]:
    """What processes that train together must have in common, by name; how a batch is cut is no part of it."""
    training = dataclasses.replace(settings.training, shards=1)
    return {"version of charrnn": charrnn.__version__, "text": str(corpus.fingerprint),
            "settings": json.dumps(dataclasses.replace(settings, training=training).to_dict(), sort_keys=True)}


def _as_json(line: dict[str, Any]) -> str:
    """A line of metrics.jsonl; null for what is no number."""
    return json.dumps({key: None if isinstance(value, float) and math.isnan(value) else value
                       for key, value in line.items()})


def _remove_unborn(folder: Path) -> None:
    """Removes the folder of a run that was killed before its first save was done, and left nothing but a part of that.
    """
    with contextlib.suppress(OSError, ValueError, StorageError):  # there is none, or it is another process's
        names = {file.name for file in folder.iterdir()}
        unfinished = names - {LOCK_FILE}
        if not all(fnmatch(name, TEMPORARY.format("*")) for name in unfinished):
            return
        if names:
            lock = FolderLock(folder)
            try:
                for name in unfinished:
                    (folder / name).unlink(missing_ok=True)
            finally:
                lock.release()
        folder.rmdir()


def _locked_folder(runs: str | Path, name: str) -> tuple[Path, FolderLock]:
    """A new folder in `runs` and its lock. While it is empty, another process may take it for one that a killed run
    left, and remove it: then there is a next one."""
    while True:
        folder = new_folder(runs, name)
        with contextlib.suppress(StorageError):  # the other one was faster
            lock = FolderLock(folder)
            if folder.is_dir():
                return folder, lock


def run_name(corpus: str, network: NetworkSettings) -> str:
    """The name of a run that the user gave none: `alice-lstm-1x256`."""
    return f"{corpus}-{network.cell}-{network.layers}x{network.hidden}"


def check_text(length: int, units: Sequence[str], settings: Settings) -> None:
    """Raises CorpusError for a text of that length and those units that can't be trained on with `settings`."""
    windows, training = settings.windows, settings.training
    if 0 in (training.epochs, training.minutes):
        raise SettingsError("a run of length 0 trains nothing; give a longer --epochs or --minutes")
    unit = settings.text.unit_name
    if len(units) < 2:
        raise CorpusError(f"the text is one {unit}, {units[0]!r}, again and again: there is nothing to learn; "
                          "give another text")
    if settings.text.documents is not None:
        return  # whole ones are trained on, however few and short
    for_training = cut_at(length, windows.val_fraction)
    for_validation = length - for_training
    if for_training < 2 or (windows.val_fraction != 0 and for_validation < 2):
        raise CorpusError(f"a text of {length:,} {unit}s leaves {for_training:,} for training and {for_validation:,} "
                          "for validation, and both need at least 2; give --val-fraction 0 or a longer text")
    side_by_side = windows.windows == "stream"  # snippets may overlap
    needed = (windows.batch if side_by_side else 1) * windows.window + 1
    if for_training < needed:
        # a few steps an epoch, and a window long enough to learn something
        window = max(1, min(windows.window, for_training // 16))
        batch = max(1, min(windows.batch, for_training // (4 * window)))
        raise CorpusError(f"the text is too short: {for_training:,} {unit}s for training, and {needed:,} are needed "
                          f"({f'--batch {windows.batch} x ' if side_by_side else ''}--window {windows.window} + 1); "
                          f"--batch {batch} --window {window} will do")
