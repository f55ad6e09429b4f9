"""Layer novelty: the samples, prepared as the training text was: whole, or cut into documents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from charrnn.settings import TextSettings
from charrnn.text.documents import splitter_of
from charrnn.text.normalize import normalized
from charrnn.text.sources import chunks_of
from charrnn.text.tokenizers import Tokens, tokens_of


@dataclass(frozen=True)
class SampleDocument:
    """A sample, or one document of it.

    sample     number of the sample, from 0
    document   number in the sample, from 1; None if the model was not trained on documents
    line       the line of the sample in which it begins, from 1
    """

    text: str
    sample: int
    document: int | None
    line: int


def sample_documents(texts: Sequence[str], settings: TextSettings) -> list[SampleDocument]:
    """The samples, or their documents."""
    return [document for sample, text in enumerate(texts)
            for document in _documents(normalized(text, settings), sample, settings)]


def _documents(text: str, sample: int, settings: TextSettings) -> Iterator[SampleDocument]:
    splitter = splitter_of(settings)
    if splitter is None:
        yield SampleDocument(_spaced(text, settings), sample, None, 1)
        return
    place, line = 0, 1
    # a separator in the text also ends a document; no training document has one
    documents = "".join(splitter.marked(chunks_of(text))).split(splitter.mark)
    for number, document in enumerate(filter(None, documents), start=1):
        start = text.index(document, place)
        line += text.count("\n", place, start)
        yield SampleDocument(_spaced(document, settings), sample, number, line)
        place, line = start + len(document), line + document.count("\n")


def _spaced(text: str, settings: TextSettings) -> str:
    """The text as tokens are written: with one space between the tokens of a line."""
    if settings.unit != "token":
        return text
    tokens = Tokens(tokens_of(text))
    return tokens.decode(tokens.encode(text))
