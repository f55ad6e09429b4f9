"""Layer training: the training loop. Text as ids comes in; events go out, and a state that can be saved and taken up
again.

It prints nothing and writes nothing. One generator owns every random draw, in this order: initial values, then for each
step its window and the keys of dropout and of recurrent dropout.
"""

import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from charrnn.engine.compiled.averaging import Average
from charrnn.engine.compiled.memory import training_bytes
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.optimizers import optimizer_of
from charrnn.engine.compiled.precompile import compile_kernels
from charrnn.errors import CheckpointError, TrainingError
from charrnn.kernels.jit import is_compiled
from charrnn.settings import Settings
from charrnn.text.documents import Documents
from charrnn.text.windows import Text, Window, size, split, training_windows
from charrnn.training.auto_settings import decided
from charrnn.training.evaluation import Evaluation
from charrnn.training.events import Compiling, Event, Finished, RolledBack, Started, Step, Validated
from charrnn.training.history import History, Point
from charrnn.training.rollback import Recovery
from charrnn.training.schedules import learning_rate


class Trainer:
    """One run over a text as ids; `settings` is what was asked for with every choice made."""

    def __init__(self, settings: Settings, text: Text, vocabulary: int, threads: int | None = None) -> None:
        cut = settings.windows
        self.generator = np.random.Generator(np.random.PCG64(settings.training.seed))
        train_text, val_text = split(text, cut.val_fraction)
        self.cutter = training_windows(train_text, cut, self.generator)
        self.settings = settings = decided(settings, size(text), self.cutter.windows_per_epoch)
        training = settings.training
        self.network = Network(settings.network, vocabulary, self.generator, threads or training.shards,
                               training.precision, text.mark if isinstance(text, Documents) else -1)
        self.optimizer = optimizer_of(self.network, training)
        self.batch = self.network.batch(cut.batch, cut.window, training.shards)
        self.gradients = self.network.gradients(len(self.batch.shards))
        self.evaluation = Evaluation(self.network, val_text, cut.window, training.shards)
        self.characters = size(train_text), size(val_text)
        self.documents = ((len(train_text), len(val_text))  # to train and to validate on, if there are any
                          if isinstance(train_text, Documents) and isinstance(val_text, Documents) else None)
        self.average = Average(self.network, training.averaging)
        self.history = History()
        self.recovery = Recovery(vocabulary)
        self.seconds = 0.0  # since training began; only a run measured in minutes looks at it
        self._stop = False

    @property
    def step(self) -> int:
        """Updates made so far."""
        return self.optimizer.steps

    @property
    def memory(self) -> int:
        """Bytes that network, optimizer, a step's buffers and a copy to go back to take; the text comes on top."""
        cut, training, network = self.settings.windows, self.settings.training, self.network
        parameters, remembered = network.parameters.flat.size, len(self.optimizer.memory)
        copies = 1 + remembered + 2 * (training.averaging > 0)
        return copies * 4 * parameters + training_bytes(
            network.settings, parameters, network.vocabulary, cut.batch, cut.window, len(self.batch.shards),
            training.precision, network.weights.start >= 0, remembered)

    @property
    def progress(self) -> float:
        """How much of the run is done, 0 to 1."""
        training = self.settings.training
        if training.minutes is not None:
            return min(1.0, self.seconds / (60 * training.minutes)) if training.minutes else 1.0
        steps = math.ceil((training.epochs or 0.0) * self.cutter.windows_per_epoch)
        return min(1.0, self.step / steps) if steps else 1.0

    def stop(self) -> None:
        """Ends events() after the step under way; a validation under way is given up, and stays due."""
        self._stop = True

    def events(self) -> Iterator[Event]:
        """Trains to the end of the run, telling what happens; the state may be saved at any event but Compiling."""
        if not is_compiled(f"{self.settings.network.cell}_backward"):
            yield Compiling()
        compile_kernels(self.settings.network, self.settings.training)
        began = time.perf_counter() - self.seconds
        yield Started(self.step, self.network.parameters.count, *self.characters)
        self.recovery.keep(self.state())
        while not self._stop:
            # What a step made due comes first here, so that a run taken up right after that step does it too.
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
            self.seconds = time.perf_counter() - began
        best, is_stale = self.history.best, self._is_out_of_patience
        is_unfinished = (self.progress < 1.0 or self._validation_is_due) and not is_stale
        yield Finished(self.step, self.cutter.progress, is_unfinished, best.loss, best.step,
                       self.history.stale if is_stale else 0)

    @property
    def _is_out_of_patience(self) -> bool:
        return 0 < self.settings.training.patience <= self.history.stale

    @property
    def _validation_is_due(self) -> bool:
        return self.history.validation_is_due(self.progress, self.settings.training.validations)

    def _step(self) -> Step | RolledBack:
        training = self.settings.training
        lr = learning_rate(training, self.progress, self.cutter.progress) * self.recovery.share
        window = self.cutter.next_window()
        if window.fresh:
            self.batch.reset_state()
        loss = self._learn(window)
        try:
            norm = self.optimizer.update(self.gradients, lr, training.clip)
        except TrainingError:
            return self._roll_back("the gradient is no longer a number")
        if self.recovery.has_exploded(loss):
            return self._roll_back("the loss explodes")
        self.average.add(self.step)
        self.history.add(loss, window.predicted)
        return Step(self.step, self.cutter.progress, self.progress, loss, lr, norm, window.predicted)

    def _learn(self, window: Window) -> float:
        """The mean loss of a window, and its gradients; both kinds of dropout draw their keys for it."""
        network = self.settings.network
        keys = self._keys() if network.dropout else None
        silenced = self._keys() if network.recurrent_dropout else None
        if silenced is not None:
            self.network.silence(silenced)
        loss = self.batch.learn(window.inputs, window.targets, self.gradients, keys)
        if silenced is not None:
            for gradient in self.gradients:
                self.network.silence_gradient(gradient, silenced)
        return loss

    def _keys(self) -> np.ndarray:
        return self.generator.integers(0, 2**32, self.settings.network.layers, np.uint32)

    def _roll_back(self, cause: str) -> RolledBack:
        """Takes back everything since the last good state but the time that it took."""
        step, seconds = self.step, self.seconds
        self.restore(*self.recovery.halve(step, cause))
        self.seconds = seconds
        return RolledBack(step, self.step, self.recovery.share, cause)

    def _validate(self) -> Validated | None:
        """None if stop() came in between: the validation then stays due."""
        with self.average.in_use():
            val_loss = self.evaluation.loss(lambda: self._stop)
        if val_loss is None:
            return None
        point = self._note(val_loss)
        if not self.recovery.is_wrong(point.loss):
            self.recovery.keep(self.state())
        return Validated(self.step, point.epoch, val_loss, point.train, self.history.best.step == self.step)

    def _note(self, val_loss: float | None) -> Point:
        return self.history.close(self.progress, self.settings.training.validations, self.step, self.cutter.progress,
                                  val_loss)

    def begin_from(self, arrays: dict[str, np.ndarray]) -> None:
        """Takes parameters (PyTorch's shapes, by name) in place of those that were drawn."""
        self.recovery.may_begin_worse = True
        self.network.parameters.from_arrays(arrays)
        self.average.flat[:] = self.network.parameters.flat
        self.network.refresh()

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Arrays and plain numbers from which restore() goes on as if nothing had happened."""
        arrays = {**self.average.to_arrays(), **self.optimizer.to_arrays(),
                  **{f"state.{name}": array for name, array in self.batch.state().items()}}
        progress = {"step": self.step, "epoch": self.cutter.progress, "cursor": self.cutter.state(),
                    "generator": self.generator.bit_generator.state, "history": self.history.to_dict()}
        if self.settings.training.minutes is not None:
            progress["seconds"] = self.seconds
        if self.recovery.halvings:
            progress["halvings"] = self.recovery.halvings
        return arrays, progress

    def restore(self, arrays: dict[str, np.ndarray], progress: dict[str, Any]) -> None:
        """Takes up the state of an earlier run with the same settings and text."""
        try:
            self.average.from_arrays(arrays)
            self.optimizer.from_arrays(arrays, progress["step"])
            self.batch.set_state({name.removeprefix("state."): array for name, array in arrays.items()
                                  if name.startswith("state.")})
            self.cutter.restore(progress["cursor"])
            self.generator.bit_generator.state = progress["generator"]
            self.history = History.from_dict(progress["history"])
            self.seconds = progress.get("seconds", 0.0)
            # Going back leaves the count as it is; a run taken up begins with what it had come to.
            self.recovery.halvings = max(self.recovery.halvings, progress.get("halvings", 0))
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"cannot resume: the saved state does not fit ({error})") from error
        self.network.refresh()
        self.history.rewind(self.progress, self.settings.training.validations)
