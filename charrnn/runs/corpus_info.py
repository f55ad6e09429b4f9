"""Layer runs: what a checkpoint says of the text that its network was trained on."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from charrnn.text.documents import Documents
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
                   _digest(corpus.ids.file_starts) if is_by_file else None)

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
        known = {spec.name: values[spec.name] for spec in dataclasses.fields(cls)
                 if spec.name != "parent" and values.get(spec.name) is not None}
        for key, value in known.items():
            wanted = str if key in ("name", "fingerprint", "file_starts") else list if key == "sources" else int
            if not isinstance(value, wanted):
                raise TypeError(f"{key} is {value!r}")
        if not all(isinstance(source, str) for source in known.setdefault("sources", [])):
            raise TypeError(f"sources are {known['sources']!r}")
        origin = values.get("origin")
        parent = Parent(str(origin["name"]), int(origin["step"]), origin.get("text"),
                        origin.get("fingerprint")) if origin else None
        return cls(**{**known, "sources": tuple(known["sources"])}, parent=parent)


def _digest(starts: Sequence[int]) -> str:
    return hashlib.sha256(json.dumps(list(starts)).encode()).hexdigest()
