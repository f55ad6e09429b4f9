"""Layer render: the one progress bar: on stderr, in a terminal only, and gone at the end."""

import sys

from tqdm import tqdm

from charrnn.render.streams import unmarked
from charrnn.render.terminal_text import terminal_text

_FORMAT = "{percentage:3.0f}%|{bar}| {desc}"


class ProgressBar:
    """How much of something is done. Where stderr is no terminal, `is_shown` is False and nothing is drawn."""

    def __init__(self, total: float | None = None, words: str = "", unit: str = "", patience: float = 0.0) -> None:
        """total      of what is to be done; None where only show() knows it
        unit       what is counted, shown with a rate; without it there are only the bar and the words
        patience   seconds before anything is shown
        """
        self.is_shown = sys.stderr is not None and sys.stderr.isatty()
        self._total, self._done = total, 0.0
        look = {"unit": unit, "unit_scale": True} if unit else {"bar_format": _FORMAT}
        self._settings = {"desc": terminal_text(words), "delay": patience, "dynamic_ncols": True, "leave": False,
                          **look}
        self._bar: tqdm[None] | None = None

    def show(self, done: float, total: float | None = None, words: str | None = None, now: bool = False) -> None:
        """Moves the bar to `done`, drawn at most ten times a second, or `now`."""
        self._done = done
        if not self.is_shown:
            return
        if self._bar is None:
            self._bar = tqdm(total=self._total if total is None else total, file=unmarked(sys.stderr), **self._settings)
        if words is not None:
            self._bar.set_description_str(terminal_text(words), refresh=False)
        self._bar.update(done - self._bar.n)
        if now:
            self._bar.refresh()

    def advance(self, count: float) -> None:
        """Moves the bar on by `count`."""
        self.show(self._done + count)

    def clear(self) -> None:
        """Makes room for a line; the bar comes back when it is next drawn."""
        if self._bar is not None:
            self._bar.clear()

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
