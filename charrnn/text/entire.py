"""Layer text: a text that is in memory as a whole, as a model reads it to tell how well it foretells it.

Text comes in; it goes the way that a text to train on takes (alike - splitter - ids), but in the vocabulary of a model.
"""

from dataclasses import dataclass, field

import numpy as np

from charrnn.errors import CorpusError
from charrnn.settings import TextSettings
from charrnn.text.cutting import Text
from charrnn.text.documents import Documents
from charrnn.text.normalize import alike
from charrnn.text.splitter import mark_of, splitter_of
from charrnn.text.unknown import readable
from charrnn.text.vocabulary import NAMED, STAND_IN, Vocabulary


@dataclass(frozen=True)
class Entire:
    """A text as ids; of documents with the mark before each, and one behind the last."""

    ids: np.ndarray
    content: Text  # what windows are cut from
    notes: list[str] = field(default_factory=list)  # on what is not read as it stands


def entire(text: str, settings: TextSettings, vocabulary: Vocabulary, unknown: str = "error") -> Entire:
    """`text`, made ready as `settings` say.

    unknown   what becomes of what the model never saw (readable.py)

    Raises VocabularyError for what it never saw, CorpusError for a text shorter than 2, or without a document.
    """
    text, splitter, mark = alike(text, settings), splitter_of(settings), mark_of(settings)
    if splitter is not None and mark is not None:
        marked = "".join(splitter.marked([text]))
        if not marked:
            raise CorpusError(f"{_named(text)} holds no document; give a text with something in it")
        text = mark + marked
    read = readable(text, vocabulary, unknown)
    ids, notes = vocabulary.encode(read.text), read.notes + _rare(vocabulary, read.text)
    if mark is not None:
        return Entire(ids, Documents.of(ids, int(ids[0])), notes)
    if len(ids) < 2:
        raise CorpusError(f"{_named(read.text)} is too short: a loss needs at least 2 {vocabulary.kind}s")
    return Entire(ids, ids, notes)


def _rare(vocabulary: Vocabulary, text: str) -> list[str]:
    """A note on what is read as the stand-in."""
    if not (rare := vocabulary.rare(text)):
        return []
    more = f" and {len(rare) - NAMED:,} more" if len(rare) > NAMED else ""
    return [f"too rare in training to be known, and read as {STAND_IN}: {', '.join(rare[:NAMED])}{more}"]


def _named(text: str) -> str:
    """The text as it is written in a message."""
    return repr(text if len(text) <= 40 else text[:40] + "...")
