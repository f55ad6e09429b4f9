"""Layer training: the events of a training run. Losses are mean nats per character."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Compiling:
    """The kernels are about to be compiled, once for this machine and version."""


@dataclass(frozen=True)
class Started:
    """Training begins, at `step` when it is resumed."""

    step: int
    parameters: int
    train_characters: int
    val_characters: int


@dataclass(frozen=True)
class Step:
    """One update was made."""

    step: int
    epoch: float
    progress: float  # of the run, 0 to 1
    loss: float
    lr: float
    norm: float  # of the gradient, before clipping
    characters: int  # predicted in this step


@dataclass(frozen=True)
class Validated:
    """The network was measured; `loss` is NaN where nothing is kept for validation."""

    step: int
    epoch: float
    loss: float
    train_loss: float  # mean since the last point of the curve, of which there are several to a validation
    is_best: bool


@dataclass(frozen=True)
class RolledBack:
    """Training went wrong, was rolled back to `to_step`, and continues at `share` of its rate."""

    step: int
    to_step: int
    share: float
    cause: str


@dataclass(frozen=True)
class Saved:
    """A checkpoint is on the disk, whole."""

    path: Path
    step: int


@dataclass(frozen=True)
class Finished:
    """The run is over: its budget is used up, or it was asked to stop."""

    step: int
    epoch: float
    stopped: bool  # before its end
    best_loss: float
    best_step: int
    stale: int = 0  # validations without a new best that ended it; 0 where patience did not


Event = Compiling | Started | Step | Validated | RolledBack | Saved | Finished
