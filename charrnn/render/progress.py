"""Layer render: the one progress bar: on stderr, in a terminal only, and gone at the end."""

import sys

from tqdm import tqdm

_FORMAT = "{percentage:3.0f}%|{bar}| {desc}"


class ProgressBar:
    """How much of something is done. Where stderr is no terminal, `is_shown` is False and nothing is drawn."""

    def __init__(self, total: float | None = None, words: str = "", unit: str = "", patience: float = 0.0) -> None:
        """unit      what is counted, shown with a rate; without it there are only the bar and the words
        patience   seconds before anything is shown
        """
        form = {"unit": unit, "unit_scale": True} if unit else {"bar_format": _FORMAT}
        # disable=None: in a terminal only
        self._bar: tqdm[None] = tqdm(total=total, desc=words, delay=patience, disable=None, dynamic_ncols=True,
                                     leave=False, file=sys.stderr, **form)
        self.is_shown = not self._bar.disable

    def show(self, done: float, total: float | None = None, words: str | None = None, now: bool = False) -> None:
        """Moves the bar to `done`, drawn at most ten times a second, or `now`."""
        if not self.is_shown:
            return
        if total is not None:
            self._bar.total = total
        if words is not None:
            self._bar.set_description_str(words, refresh=False)
        self._bar.update(done - self._bar.n)
        if now:
            self._bar.refresh()

    def advance(self, count: float) -> None:
        """Moves the bar on by `count`."""
        self.show(self._bar.n + count)

    def clear(self) -> None:
        """Makes room for a line; the bar comes back when it is next drawn."""
        if self.is_shown:
            self._bar.clear()

    def close(self) -> None:
        """Takes the bar away."""
        self._bar.close()

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
