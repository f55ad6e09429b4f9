"""Layer training: the losses of a run so far, and which validation was the best."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from charrnn.storage.records import Record

# Points of the training loss between two validations, for a smooth curve.
POINTS_A_VALIDATION = 5
# Nats that the validation loss must have risen by before that is called overfitting; less is noise.
OVERFITTING = 0.01


@dataclass(frozen=True)
class Point:
    """A moment of a run: `train` is the mean training loss since the point before.

    `val` is the validation loss; None where it was not measured, NaN where there was nothing to measure it on.
    """

    step: int
    epoch: float
    train: float
    val: float | None

    @property
    def loss(self) -> float:
        """What decides which validation is the best."""
        return self.train if self.val is None or math.isnan(self.val) else self.val


class History:
    """The points of a run so far, and the sum of the losses since the last of them."""

    def __init__(self, points: Sequence[Point] = (), ticks: int = 0, loss_sum: float = 0.0, count: int = 0) -> None:
        """ticks: of the clock that calls for points; loss_sum and count: of the characters since the last of them."""
        self.points = list(points)
        self._ticks, self._sum, self._count = ticks, loss_sum, count

    def rewind(self, progress: float, validations: int) -> None:
        """Sets the clock back where a run that has been made longer is less far on."""
        self._ticks = min(self._ticks, int(progress * validations * POINTS_A_VALIDATION))

    def add(self, loss: float, characters: int) -> None:
        """Counts a step's mean loss over `characters`."""
        self._sum += loss * characters
        self._count += characters

    def is_due(self, progress: float, validations: int) -> bool:
        """True when the clock has ticked since the last point; it ticks POINTS_A_VALIDATION times a validation.

        A point needs a step: during a long validation the clock of a run in minutes ticks on with nothing new to tell.
        """
        return self._count > 0 and int(progress * validations * POINTS_A_VALIDATION) > self._ticks

    def validation_is_due(self, progress: float, validations: int) -> bool:
        """True when one of `validations` evenly spread moments has passed since the last point, and a step was made."""
        return self._count > 0 and int(progress * validations) > self._ticks // POINTS_A_VALIDATION

    def close(self, progress: float, validations: int, step: int, epoch: float, val_loss: float | None) -> Point:
        """Adds the point at `step`."""
        self._ticks = int(progress * validations * POINTS_A_VALIDATION)
        point = Point(step, epoch, self._sum / self._count if self._count else math.nan, val_loss)
        self.points.append(point)
        self._sum, self._count = 0.0, 0
        return point

    @property
    def best(self) -> Point:
        """The validation of lowest loss, the first of equals; all NaN before there is one."""
        return min((point for point in self.points if point.val is not None), key=lambda point: point.loss,
                   default=Point(0, 0.0, math.nan, math.nan))

    @property
    def stale(self) -> int:
        """Validations since the best."""
        best = self.best.step
        return sum(point.val is not None and point.step > best for point in self.points)

    @property
    def overfitting(self) -> tuple[Point, Point] | None:
        """The best validation and the last one, where the loss rose in between while that in training fell.

        None within the first epoch: what was read only once was not learned by heart.
        """
        validated = [point for point in self.points if point.val is not None]
        if not validated or math.isnan(self.best.val or math.nan):
            return None
        best, last = self.best, validated[-1]
        has_turned = last.epoch > 1 and last.loss > best.loss + OVERFITTING and last.train < best.train
        return (best, last) if has_turned else None

    def copy(self) -> "History":
        """A history that later points of this one do not reach."""
        return History.from_dict(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings that JSON keeps exactly."""
        points = [{key: "nan" if value != value else value for key, value in asdict(point).items()}
                  for point in self.points]
        return {"points": points, "ticks": self._ticks, "sum": self._sum, "count": self._count}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "History":
        """What to_dict() was made from; raises TypeError for values of another type."""
        record = Record(values, "history")
        points = [_point(item) for item in record.list("points")]
        return cls(points, record.whole("ticks"), record.number("sum"), record.whole("count"))


def _point(values: Any) -> Point:
    if isinstance(values, dict):
        values = {key: math.nan if value == "nan" else value for key, value in values.items()}
    point = Record(values, "a point of the history")
    return Point(point.whole("step"), point.size("epoch"), point.number("train"), point.number("val", None))
