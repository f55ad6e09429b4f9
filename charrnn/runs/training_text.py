"""Layer runs: the text that a network was trained on, found again.

A checkpoint, which says what its text was called and what its fingerprint is, comes in; the text goes out, read anew
and made ready in the same way.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from charrnn.errors import CorpusError
from charrnn.runs.trained_text import Trained
from charrnn.settings import Settings, TextSettings
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.sources import STDIN

Read = Callable[[Sequence[str], TextSettings], Corpus]


def _read(sources: Sequence[str], settings: TextSettings) -> Corpus:
    return read_corpus(sources, settings=settings)


def find_trained(settings: Settings, known: Mapping[str, Any], sources: Sequence[str] = (),
                 read: Read = _read) -> Trained:
    """What was trained on: the text that a checkpoint's `settings` and `known` (its `corpus`) tell of.

    sources   where it is now, if not where it was
    read      reads a text

    Raises CorpusError if it can't be found, and says what to do. One that has changed is taken as it is now.
    """
    name = known.get("name") or "a text"
    before = list(known.get("sources") or ())
    if not sources and (not before or STDIN in before):
        origin = "standard input" if before else "a text in memory"
        raise CorpusError(f"the text of this network, {name!r}, came from {origin} and is not kept; name a file that "
                          "has it with --corpus FILE (Python: corpus=)")
    try:
        corpus = read(sources or before, settings.text)
    except CorpusError as error:
        if sources:
            raise
        raise CorpusError(f"the text of this network can't be read where it was: {error}; if it is elsewhere now, name "
                          "it with --corpus FILE (Python: corpus=)") from error
    return Trained.of(corpus, settings, known)
