"""Layer text: a text as a trained model reads it: normalized and split as its training text was, in its own ids."""

from dataclasses import dataclass, field

import numpy as np

from charrnn.errors import CorpusError
from charrnn.settings import TextSettings
from charrnn.text.documents import Documents, mark_of, source_ends, splitter_of
from charrnn.text.normalize import normalized
from charrnn.text.unknown import readable
from charrnn.text.vocabulary import STAND_IN, Vocabulary, listed
from charrnn.text.windows import Text


@dataclass(frozen=True)
class UnknownUnits:
    """How many of a text's units the vocabulary lacks."""

    count: int
    units: int

    @property
    def share(self) -> float:
        return self.count / self.units


@dataclass(frozen=True)
class ModelInput:
    """A text as ids; of documents with the mark before each, and one behind the last.

    unknown   of units that are words or tokens, or may be read as the stand-in; None where there can be none
    """

    ids: np.ndarray
    content: Text  # what windows are cut from
    notes: list[str] = field(default_factory=list)  # on what is read as something else
    unknown: UnknownUnits | None = None


def model_input(text: str, settings: TextSettings, vocabulary: Vocabulary, unknown: str = "error") -> ModelInput:
    """`text` as a model with these settings and this vocabulary reads it.

    unknown   what becomes of units that the model never saw (unknown.py)

    Raises VocabularyError for such units, CorpusError for a text shorter than 2, or without a document.
    """
    text, splitter, mark = normalized(text, settings), splitter_of(settings), mark_of(settings)
    if splitter is not None and mark is not None:
        marked = "".join(splitter.marked([text]))
        if not marked:
            raise CorpusError(f"{_named(text)} holds no document; give a text with something in it")
        text = marked
    found = _unknown_units(text, vocabulary)
    read = readable(text, vocabulary, unknown)
    # a document begins behind a mark
    ids, notes = vocabulary.encode((mark or "") + read.text), list(read.notes)
    if rare := vocabulary.rare(read.text):
        notes.append(f"too rare in training to be known, and read as {STAND_IN}: {listed(rare)}")
    if mark is not None:
        documents = Documents.of(ids, int(ids[0]))
        if settings.pairs:
            ends = source_ends(ids, documents.marks, vocabulary)
            documents = Documents(ids, documents.marks, source_ends=ends)
        return ModelInput(ids, documents, notes, found)
    if len(ids) < 2:
        raise CorpusError(f"{_named(read.text)} is too short: a loss needs at least 2 {vocabulary.kind}s")
    return ModelInput(ids, ids, notes, found)


def _unknown_units(text: str, vocabulary: Vocabulary) -> UnknownUnits | None:
    """Those of a text as it stands, before anything is read in their place."""
    if vocabulary.kind not in ("token", "word") and vocabulary.stand_in < 0:
        return None
    units, known = vocabulary.units_of(text), set(vocabulary.units)
    return UnknownUnits(sum(unit not in known for unit in units), len(units))


def _named(text: str) -> str:
    """The text as it is written in a message."""
    return repr(text if len(text) <= 40 else text[:40] + "...")
