"""Layer runs: a run as it stands on disk: where it is, how its losses went, which moment was the best."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from charrnn.errors import CheckpointError
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.storage.packages import package_for
from charrnn.storage.run_folders import BEST, LAST
from charrnn.training.history import History, Point


class TrainedRun:
    """The run of a model, as its checkpoints tell of it; read when it is first asked.

    path   its folder; the file itself for a checkpoint that lies in no run's folder
    """

    def __init__(self, file: Path) -> None:
        """file   a checkpoint: one of the run, or the only one"""
        lies_in_a_run = file.name in (BEST, LAST)
        self.path = file.parent if lies_in_a_run else file
        last = file.with_name(LAST)
        self._file = last if lies_in_a_run and last.is_file() else file

    @cached_property
    def _history(self) -> History:
        return History.from_dict(load_checkpoint(self._file).progress["history"])

    @property
    def history(self) -> Sequence[Point]:
        """The losses, in the order of their steps. Raises CheckpointError if the checkpoint is gone or damaged."""
        return tuple(self._history.points)

    @property
    def best_loss(self) -> float:
        """The lowest validation loss, in nats a character (training loss where nothing was held out); NaN before one.
        """
        return self._history.best.loss

    @property
    def best_step(self) -> int:
        """The step of that loss; 0 before there is one."""
        return self._history.best.step

    def __repr__(self) -> str:
        return f"<TrainedRun {self.path}: best loss {self.best_loss:.4f} at step {self.best_step:,}>"

    def to_pandas(self) -> Any:
        """A DataFrame with a row for each point: step, epoch, train, val. Raises SettingsError without pandas."""
        pandas = package_for("to_pandas()", "pandas")
        rows = [(point.step, point.epoch, point.train, point.val) for point in self.history]
        return pandas.DataFrame(rows, columns=["step", "epoch", "train", "val"]).astype({"val": "float64"})

    def plot(self, ax: Any = None) -> Any:
        """Draws the losses over the epochs with matplotlib, into `ax` if there is one; returns the axes.

        Raises SettingsError without matplotlib, CheckpointError where there is nothing to draw yet.
        """
        if not self.history:
            raise CheckpointError(f"{self.path} has no losses to draw yet; wait for its first validation")
        ax = ax or package_for("plot()", "matplotlib.pyplot").subplots()[1]
        points = self.history
        measured = [point for point in points if point.val is not None]
        ax.plot([point.epoch for point in points], [point.train for point in points], label="training")
        ax.plot([point.epoch for point in measured], [point.val for point in measured], marker="o", label="validation")
        ax.set(xlabel="epochs", ylabel="nats a character")
        ax.legend()
        return ax
