"""Layer render: what the reading of a text looks like: nothing if it is quick, else a bar on a terminal, or a line."""

import sys
import time
from collections.abc import Sequence

from tqdm import tqdm

from charrnn.render.wording import size_words, source_words
from charrnn.settings import TextSettings
from charrnn.text.corpus import Corpus, read_corpus

_PATIENCE = 1.0  # seconds before anything is shown


def read(sources: Sequence[str], settings: TextSettings) -> Corpus:
    """The corpus that `sources` name, made ready as `settings` say.

    Ctrl-C and SIGTERM end it with a line that says what is left: nothing.
    """
    with _Reading(sources) as reading:
        try:
            return read_corpus(sources, sys.stdin.buffer if sys.stdin else None, reading.show, settings)
        except (KeyboardInterrupt, SystemExit):
            reading.close()
            print(f"stopped while {reading.words}; nothing was changed", file=sys.stderr)
            raise


class _Reading:
    """Shows how many bytes are read."""

    def __init__(self, sources: Sequence[str]) -> None:
        self.words = f"reading {source_words(sources)}"
        self._began, self._is_told = time.monotonic(), False
        self._bar: tqdm[None] | None = None

    def show(self, done: int, total: int | None) -> None:
        """Brings the picture up to date."""
        if self._bar is None:
            # disable=None: a bar on a terminal only
            self._bar = tqdm(total=total, desc=self.words, unit="B", unit_scale=True, delay=_PATIENCE, disable=None,
                             dynamic_ncols=True, leave=False, file=sys.stderr)
        if not self._bar.disable:
            self._bar.update(done - self._bar.n)
        elif not self._is_told and time.monotonic() - self._began > _PATIENCE:
            self._is_told = True
            print(self.words + (f" ({size_words(total)})" if total else ""), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> "_Reading":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
