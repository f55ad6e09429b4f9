"""Layer training: where a run stands, beside the arrays of its network: what a checkpoint keeps as JSON."""

from dataclasses import dataclass
from typing import Any

from charrnn.storage.records import Record
from charrnn.training.history import History


@dataclass(frozen=True)
class TrainingProgress:
    """
    cursor      where the windows have come to (their own state())
    generator   the state of the random generator
    seconds     of training; only for a run measured in minutes
    halvings    how often the learning rate was halved
    """

    step: int
    epoch: float
    cursor: dict[str, Any]
    generator: dict[str, Any]
    history: History
    seconds: float | None = None
    halvings: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings that JSON keeps exactly."""
        values = {"step": self.step, "epoch": self.epoch, "cursor": self.cursor, "generator": self.generator,
                  "history": self.history.to_dict()}
        if self.seconds is not None:
            values["seconds"] = self.seconds
        if self.halvings:
            values["halvings"] = self.halvings
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TrainingProgress":
        """What to_dict() was made from; raises TypeError for values of another type."""
        record = Record(values, "progress")
        # the epoch is for readers: the cursor says it too
        return cls(record.whole("step"), record.size("epoch", 0.0), record.wholes("cursor"), record.object("generator"),
                   History.from_dict(record.object("history")), record.size("seconds", None),
                   record.whole("halvings", 0))
