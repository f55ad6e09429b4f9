"""Layer play: what a session needs of a model, and no more: Model has it."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from charrnn.settings import SampleSettings
from charrnn.text.unknown import Readable
from charrnn.text.vocabulary import Vocabulary


class Piece(Protocol):
    """A piece of a continuation."""

    @property
    def text(self) -> str:
        """What it adds."""


class Drawing(Protocol):
    """What a session needs of a continuation in the making."""

    @property
    def endings(self) -> Sequence[str | None]:
        """What ended it: "length", "document" or "stop"."""

    def pieces(self) -> Iterator[Sequence[Piece]]:
        """What it adds, piece by piece."""

    def refuse_endless(self) -> None:
        """Raises SettingsError if it would never end."""


class Writer(Protocol):
    """What a session needs of a Model."""

    vocabulary: Vocabulary
    mark: str | None

    def drawing(self, settings: SampleSettings, prime: str = ..., /) -> Drawing:
        """A continuation of `prime`."""

    def readable(self, text: str, unknown: str = ..., /) -> Readable:
        """The text as the model can read it."""
