"""Layer render: what a training run looks like while it goes on: a bar on a terminal, a line a validation elsewhere.

Events come in; everything goes to stderr.
"""

import math
import sys
import time

from tqdm import tqdm

from charrnn.render.wording import bits, compiling_words, duration_words
from charrnn.training.events import Compiling, Event, RolledBack, Started, Step, Validated

_BAR = "{percentage:3.0f}%|{bar}| {desc}"
# How slowly the figures on the bar follow the last step.
_SMOOTHING = 0.95


class Progress:
    """Shows a run's events as they come."""

    def __init__(self, unit: str = "char") -> None:
        self._unit = unit
        self._bar: tqdm[None] | None = None
        self._loss, self._speed, self._val = math.nan, math.nan, math.nan
        self._began = self._last = time.perf_counter()
        self._first = 0.0

    def show(self, event: Event) -> None:
        """Brings the picture up to date."""
        if isinstance(event, Compiling):
            self.line(compiling_words())
        elif isinstance(event, Started):
            # disable=None: a bar on a terminal only
            self._bar = tqdm(total=1.0, bar_format=_BAR, disable=None, dynamic_ncols=True, leave=False, file=sys.stderr)
            self._began = self._last = time.perf_counter()
        elif isinstance(event, Step):
            self._step(event)
        elif isinstance(event, RolledBack):
            self.line(f"step {event.step:,}: {event.cause}; "
                      f"back to step {event.to_step:,}, on at {event.share:g} of the rate")
        elif isinstance(event, Validated):
            self._last = time.perf_counter()
            self._val = event.loss
            self.line(self._validated(event))

    def line(self, text: str) -> None:
        """A line of its own, above the bar."""
        if self._bar is not None and not self._bar.disable:
            self._bar.clear()
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()

    def _step(self, event: Step) -> None:
        now = time.perf_counter()
        speed = event.characters / max(now - self._last, 1e-9)
        if math.isnan(self._loss):
            self._loss, self._speed, self._first = event.loss, speed, event.progress
        self._loss += (1 - _SMOOTHING) * (event.loss - self._loss)
        self._speed += (1 - _SMOOTHING) * (speed - self._speed)
        self._last = now
        if self._bar is not None and not self._bar.disable:
            self._bar.set_description_str(self._figures(event), refresh=False)
            self._bar.update(event.progress - self._bar.n)

    def _figures(self, event: Step) -> str:
        done = event.progress - self._first
        left = (time.perf_counter() - self._began) * (1 - event.progress) / done if done > 0 else 0.0
        val = "" if math.isnan(self._val) else f" val {self._val:.3f}"
        # short enough to leave room for a bar in 80 columns
        return (f"epoch {event.epoch:.2f} loss {self._loss:.3f} ({bits(self._loss):.3f} bits){val} "
                f"{self._speed / 1000:.0f}k {self._unit}/s {duration_words(left)} left")

    def _validated(self, event: Validated) -> str:
        head = f"epoch {event.epoch:6.2f}  step {event.step:6}  train {event.train_loss:.3f}"
        if math.isnan(event.loss):
            return f"{head} nats ({bits(event.train_loss):.3f} bits)"
        star = "  best so far" if event.is_best else ""
        return f"{head}  validation {event.loss:.3f} nats ({bits(event.loss):.3f} bits){star}"
