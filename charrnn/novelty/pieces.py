"""Layer novelty: the texts that are looked at, made ready as what is trained on: whole, or document by document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from charrnn.settings import TextSettings
from charrnn.text.documents import splitter_of
from charrnn.text.normalize import normalized
from charrnn.text.sources import chunks_of
from charrnn.text.tokenizers import Tokens, tokens_of


@dataclass(frozen=True)
class Piece:
    """A text, or one document of it.

    sample     number of the text, from 0
    document   number in it, from 1; None if texts are not of documents
    line       of the text in which it begins, from 1
    """

    text: str
    sample: int
    document: int | None
    line: int


def pieces_of(texts: Sequence[str], settings: TextSettings) -> list[Piece]:
    """The texts, or their documents."""
    return [piece for sample, text in enumerate(texts)
            for piece in _pieces(normalized(text, settings), sample, settings)]


def _pieces(text: str, sample: int, settings: TextSettings) -> Iterator[Piece]:
    splitter = splitter_of(settings)
    if splitter is None:
        yield Piece(_spaced(text, settings), sample, None, 1)
        return
    place, line = 0, 1
    # a mark in the text ends a document too; none is trained on that has one
    documents = "".join(splitter.marked(chunks_of(text))).split(splitter.mark)
    for number, document in enumerate(filter(None, documents), start=1):
        start = text.index(document, place)
        line += text.count("\n", place, start)
        yield Piece(_spaced(document, settings), sample, number, line)
        place, line = start + len(document), line + document.count("\n")


def _spaced(text: str, settings: TextSettings) -> str:
    """The text as tokens are written: with one space between those of a line."""
    if settings.unit != "token":
        return text
    tokens = Tokens(tokens_of(text))
    return tokens.decode(tokens.encode(text))
