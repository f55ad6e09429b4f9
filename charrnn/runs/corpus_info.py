"""Layer runs: what a checkpoint says of the text that its network was trained on."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from charrnn.storage.records import Record
from charrnn.text.documents import Documents
from charrnn.text.labels import LabelScheme
from charrnn.text.sources import STDIN

if TYPE_CHECKING:
    from charrnn.text.corpus import Corpus
    from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Parent:
    """The run that a fine-tuned one began with, and the text that it was trained on."""

    name: str
    step: int
    text: str | None = None  # its corpus's name
    fingerprint: str | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Parent":
        """From the values of its fields by name; raises TypeError for those of another type."""
        record = Record(values, "origin")
        return cls(record.text("name"), record.whole("step"), record.text("text", None),
                   record.text("fingerprint", None))


@dataclass(frozen=True)
class CorpusInfo:
    """Which text it was, and how much of it there was."""

    name: str = ""
    sources: tuple[str, ...] = ()  # as the user gave them; none for a text that came from Python
    characters: int = 0
    fingerprint: str | None = None  # SHA-256 of the text in UTF-8
    units: int | None = None  # None where units are characters
    rare_units: int | None = None  # that are read as U+FFFD; None where none are
    documents: int | None = None  # None for a text without documents
    different_documents: int | None = None
    parent: Parent | None = None  # None for a run that was not fine-tuned
    file_starts: str | None = None  # SHA-256 of where its files begin; None where that decides nothing
    labels: LabelScheme | None = None  # None for a text without labels
    longest_source: int | None = None  # in units; None for a text without pairs

    @classmethod
    def of(cls, corpus: "Corpus", unit: str, vocabulary: "Vocabulary", parent: Parent | None = None,
           is_by_file: bool = False) -> "CorpusInfo":
        """That of a corpus in `unit`s, read with a vocabulary; with is_by_file it matters what its files are."""
        content = corpus.content
        return cls(corpus.name, corpus.sources, corpus.characters, corpus.fingerprint,
                   len(corpus) if unit != "char" else None,
                   len(set(corpus.counts).difference(vocabulary.units)) if vocabulary.stand_in >= 0 else None,
                   len(content) if isinstance(content, Documents) else None,
                   content.different() if isinstance(content, Documents) else None, parent,
                   _digest(corpus.ids.file_starts) if is_by_file else None,
                   None if corpus.labels is None else corpus.labels.scheme,
                   content.longest_source if isinstance(content, Documents) else None)

    def is_of(self, corpus: "Corpus") -> bool:
        """Whether `corpus` is that text, and where it matters in the same files."""
        is_in_the_files = self.file_starts is None or self.file_starts == _digest(corpus.ids.file_starts)
        return corpus.fingerprint == self.fingerprint and is_in_the_files

    @property
    def can_be_read_again(self) -> bool:
        """Whether the text came from files, folders or built-in texts alone."""
        return bool(self.sources) and STDIN not in self.sources

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a checkpoint: what is None has no key."""
        values = dataclasses.asdict(self)
        values["sources"], values["origin"] = list(self.sources), values.pop("parent")
        return {key: value for key, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CorpusInfo":
        """What to_dict() made; raises TypeError for values of another type. Unknown keys are ignored."""
        record = Record(values, "corpus")
        origin, labels = record.object("origin", None), record.object("labels", None)
        return cls(record.text("name", ""), record.texts("sources"), record.whole("characters", 0),
                   record.text("fingerprint", None), record.whole("units", None), record.whole("rare_units", None),
                   record.whole("documents", None), record.whole("different_documents", None),
                   None if origin is None else Parent.from_dict(origin), record.text("file_starts", None),
                   None if labels is None else _label_scheme(Record(labels, "labels")),
                   record.whole("longest_source", None))


def _label_scheme(record: Record) -> LabelScheme:
    return LabelScheme(record.texts("names"), record.finite("shares"), record.finite("means"), record.finite("scales"))


def _digest(starts: Sequence[int]) -> str:
    return hashlib.sha256(json.dumps(list(starts)).encode()).hexdigest()
