"""Layer training: the training loop. Text as ids comes in; events go out, and a state that can be saved and resumed.

It prints nothing and writes nothing. One generator makes every random draw, in this order: initial values, then for
each step its window, the keys of dropout and those of recurrent dropout.
"""

import dataclasses
import logging
import math
import time
from collections.abc import Iterator

import numpy as np

from charrnn.engine.engines import open_engine
from charrnn.engine.ranks import Rank, this_rank
from charrnn.engine.threads import physical_cores
from charrnn.errors import CheckpointError, SettingsError, TrainingError
from charrnn.settings import Settings
from charrnn.text.documents import Documents
from charrnn.text.ids import IdRanges, MappedIds
from charrnn.text.windows import Text, as_read, size, split, training_windows
from charrnn.training.auto_settings import with_automatic_settings
from charrnn.training.evaluation import Evaluation
from charrnn.training.events import Compiling, Event, Finished, RolledBack, Started, Step, Validated
from charrnn.training.history import History, Point
from charrnn.training.progress import TrainingProgress
from charrnn.training.rollback import Rollback
from charrnn.training.schedules import learning_rate

_log = logging.getLogger(__name__)


class Trainer:
    """One run over a text as ids; its `settings` are those given, with everything left open decided."""

    def __init__(self, settings: Settings, text: Text, vocabulary: int, threads: int | None = None,
                 engine: str = "compiled", device: str = "auto") -> None:
        windows = settings.windows
        self.generator = np.random.Generator(np.random.PCG64(settings.training.seed))
        text = as_read(text, settings.network, vocabulary)
        train_text, val_text = split(text, windows)
        self.cutter = training_windows(train_text, windows, self.generator)
        labels = text.labels if isinstance(text, Documents) else None
        width = 0 if labels is None else labels.scheme.width
        settings = dataclasses.replace(settings, network=dataclasses.replace(settings.network, label_width=width))
        self.settings = settings = with_automatic_settings(settings, size(text), self.cutter.windows_per_epoch)
        training, rank = settings.training, this_rank()
        if rank.size > 1:
            _check_processes(rank, engine, windows.batch)
            threads = threads or max(1, physical_cores() // rank.local_size)
        self.engine = open_engine(engine, settings.network, vocabulary, training=training, generator=self.generator,
                                  start=text.start if isinstance(text, Documents) else -1,
                                  threads=threads or training.shards, device=device)
        self.streams = self.engine.streams(windows.batch, windows.window, training.shards)
        self.evaluation = Evaluation(self.engine, val_text, windows.window, training.shards,
                                     most=windows.batch * windows.window)
        self.characters = size(train_text), size(val_text)
        self.documents = ((len(train_text), len(val_text))  # to train and to validate on, if there are any
                          if isinstance(train_text, Documents) and isinstance(val_text, Documents) else None)
        # of how many files, and how many ends are validated on, if it is more than one
        self.files = ((len(text.file_starts), len(val_text.starts))
                      if isinstance(text, MappedIds) and isinstance(val_text, IdRanges) else None)
        self.history = History()
        self.rollback = Rollback(vocabulary)
        self.seconds = 0.0  # of training; decides something only for a run measured in minutes
        self._wants_to_stop = False

    @property
    def step(self) -> int:
        """Updates made so far."""
        return self.engine.steps

    @property
    def memory(self) -> int:
        """Bytes that the process takes while it trains; the text lies on disk."""
        windows = self.settings.windows
        shards = self.settings.training.shards
        return (self.engine.memory(windows.batch, windows.window, shards)
                + self.engine.streams_memory(max(1, self.evaluation.rows), self.evaluation.at_once, shards))

    @property
    def progress(self) -> float:
        """How much of the run is done, 0 to 1: in epochs or in minutes, whichever is further."""
        training, shares = self.settings.training, []
        if training.epochs is not None:
            steps = math.ceil(training.epochs * self.cutter.windows_per_epoch)
            shares.append(self.step / steps if steps else 1.0)
        if training.minutes is not None:
            shares.append(self.seconds / (60 * training.minutes) if training.minutes else 1.0)
        return min(1.0, max(shares))

    def stop(self) -> None:
        """Ends events() after the current step; a validation under way is abandoned, and stays due."""
        self._wants_to_stop = True

    def events(self) -> Iterator[Event]:
        """Trains to the end of the run; the state may be saved at any event but Compiling."""
        if not self.engine.is_compiled:
            yield Compiling()
        self.engine.precompile()
        began = time.perf_counter() - self.seconds
        yield Started(self.step, self.engine.parameter_count, *self.characters)
        self.rollback.keep(self.state())
        is_stopped = self._agrees_to_stop(self.seconds)  # whatever the time, there is a first step
        while not is_stopped:
            # What a step made due comes first, so that a run resumed right after that step does it too.
            if self._validation_is_due:
                validated = self._validate()
                if validated is not None:
                    yield validated
            else:
                if self.history.is_due(self.progress, self.settings.training.validations):
                    self._note(None)
                if self.progress >= 1.0 or self._is_out_of_patience:
                    break
                yield self._step()
            is_stopped = self._agrees_to_stop(time.perf_counter() - began)
        best, is_stale = self.history.best, self._is_out_of_patience
        is_unfinished = (self.progress < 1.0 or self._validation_is_due) and not is_stale
        yield Finished(self.step, self.cutter.progress, is_unfinished, best.loss, best.step,
                       self.history.stale if is_stale else 0)

    def _agrees_to_stop(self, seconds: float) -> bool:
        """Whether this process, or one that trains with it, was asked to stop; their clocks are set by the latest."""
        stop, self.seconds = self.engine.agree(self._wants_to_stop, seconds)
        return bool(stop)

    @property
    def _is_out_of_patience(self) -> bool:
        return 0 < self.settings.training.patience <= self.history.stale

    @property
    def _validation_is_due(self) -> bool:
        return self.history.validation_is_due(self.progress, self.settings.training.validations)

    def _step(self) -> Step | RolledBack:
        training, network = self.settings.training, self.settings.network
        lr = learning_rate(training, self.progress, self.cutter.progress) * self.rollback.share
        window = self.cutter.next_window()
        if window.fresh:
            self.streams.reset()
        keys = self._keys() if network.dropout else None
        recurrent_keys = self._keys() if network.recurrent_dropout else None
        loss = self.streams.learn(window.inputs, window.targets, keys, recurrent_keys, window.labels)
        try:
            norm = self.engine.update(lr, training.clip)
        except TrainingError:
            return self._roll_back("the gradient is no longer a number")
        if self.rollback.has_exploded(loss):
            return self._roll_back("the loss explodes")
        self.history.add(loss, window.predicted)
        return Step(self.step, self.cutter.progress, self.progress, loss, lr, norm, window.predicted)

    def _keys(self) -> np.ndarray:
        return self.generator.integers(0, 2**32, self.settings.network.layers, np.uint32)

    def _roll_back(self, cause: str) -> RolledBack:
        """Takes back everything since the last good state, but not the time that it took."""
        step, seconds = self.step, self.seconds
        self.restore(*self.rollback.halve(step, cause))
        _log.warning("%s at step %s; back to step %s, at half the rate", cause, f"{step:,}", f"{self.step:,}")
        self.seconds = seconds
        return RolledBack(step, self.step, self.rollback.share, cause)

    def _validate(self) -> Validated | RolledBack | None:
        """None if stop() was called meanwhile: the validation then stays due."""
        with self.engine.averaged():
            val_loss = self.evaluation.loss(lambda: bool(self.engine.agree(self._wants_to_stop)[0]))
        if val_loss is None:
            return None
        if not math.isfinite(val_loss) and self.characters[1] > 1:  # else there was nothing to measure
            return self._roll_back("the validation loss is no longer a number")
        if not all(np.isfinite(array).all() for array in self.engine.parameters().values()):
            # an infinite bias holds a gate open or shut, and the loss tells nothing
            return self._roll_back("a weight is no longer a number")
        point = self._note(val_loss)
        if not self.rollback.is_wrong(point.loss):
            self.rollback.keep(self.state())
        return Validated(self.step, point.epoch, val_loss, point.train, self.history.best.step == self.step)

    def _note(self, val_loss: float | None) -> Point:
        return self.history.close(self.progress, self.settings.training.validations, self.step, self.cutter.progress,
                                  val_loss)

    def begin_from(self, arrays: dict[str, np.ndarray]) -> None:
        """Takes another run's parameters, by name, in place of the initial values; the weights of labels are left."""
        self.rollback.may_begin_worse = True
        self.engine.load({**self.engine.parameters(), **arrays} if self.settings.network.label_width else arrays)

    def state(self) -> tuple[dict[str, np.ndarray], TrainingProgress]:
        """Arrays and progress from which restore() continues as if nothing had happened."""
        arrays = {**self.engine.state(), **{f"state.{name}": array for name, array in self.streams.state().items()}}
        seconds = None if self.settings.training.minutes is None else self.seconds
        return arrays, TrainingProgress(self.step, self.cutter.progress, self.cutter.state(),
                                        dict(self.generator.bit_generator.state), self.history.copy(), seconds,
                                        self.rollback.halvings)

    def restore(self, arrays: dict[str, np.ndarray], progress: TrainingProgress, is_fine_tuned: bool = False) -> None:
        """Continues from the state of an earlier run with the same settings and text.

        is_fine_tuned   that run began with another run's parameters

        Raises CheckpointError where the state does not fit.
        """
        try:
            self.engine.restore(arrays, progress.step)
            self.streams.set_state({name.removeprefix("state."): array for name, array in arrays.items()
                                    if name.startswith("state.")})
            self.cutter.restore(progress.cursor)
            self.generator.bit_generator.state = progress.generator
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError(f"cannot resume: the saved state does not fit ({error})") from error
        self.history = progress.history.copy()
        self.seconds = progress.seconds or 0.0
        # A rollback leaves the count as it is; a resumed run begins with the saved one.
        self.rollback.halvings = max(self.rollback.halvings, progress.halvings)
        self.rollback.may_begin_worse |= is_fine_tuned
        self.history.rewind(self.progress, self.settings.training.validations)


def _check_processes(rank: Rank, engine: str, batch: int) -> None:
    """Raises SettingsError where several processes can't train together."""
    if engine != "torch":
        raise SettingsError(f"torchrun started {rank.size} processes, and only --engine torch trains in several")
    if batch % rank.size:
        near = max(1, round(batch / rank.size)) * rank.size
        raise SettingsError(f"--batch {batch} can't be shared evenly by {rank.size} processes; --batch {near} can")
