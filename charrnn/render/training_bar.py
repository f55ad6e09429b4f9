"""Layer render: the progress of a training in a notebook or a terminal, for those who train from Python."""

import math
from typing import Any

from charrnn.training.events import Compiling, Event, RolledBack, Started, Step, Validated

_FORMAT = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining}]"
_STEPS_A_DRAW = 0.1  # seconds between two drawings


class TrainingBar:
    """A bar that follows the events of a training; tqdm chooses between a widget and characters."""

    def __init__(self) -> None:
        from tqdm.auto import tqdm

        self._bar: Any = tqdm(total=1.0, bar_format=_FORMAT, mininterval=_STEPS_A_DRAW, desc="reading")
        self._loss = self._best = math.nan

    def show(self, event: Event) -> None:
        """Moves on with what has happened."""
        if isinstance(event, (Compiling, Started)):
            self._say("compiling" if isinstance(event, Compiling) else "training")
        elif isinstance(event, Step):
            self._loss = event.loss if math.isnan(self._loss) else 0.98 * self._loss + 0.02 * event.loss
            self._bar.update(event.progress - self._bar.n)
            self._say(self._words(event.epoch), refresh=False)
        elif isinstance(event, Validated):
            self._best = event.loss if event.is_best else self._best
            self._say(self._words(event.epoch))
        elif isinstance(event, RolledBack):
            self._say(f"back to step {event.to_step:,}: {event.cause}")

    def _words(self, epoch: float) -> str:
        best = "" if math.isnan(self._best) else f", best validation {self._best:.3f}"
        return f"epoch {epoch:.2f}, loss {self._loss:.3f}{best}"

    def _say(self, words: str, refresh: bool = True) -> None:
        self._bar.set_description_str(words, refresh=refresh)

    def __enter__(self) -> "TrainingBar":
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()
