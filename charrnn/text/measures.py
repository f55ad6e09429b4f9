"""Layer text: what each text with a name of its own measures: characters, vocabulary, n-gram entropies."""

from dataclasses import dataclass

from charrnn.errors import CorpusError
from charrnn.text.builtin import BUILTINS
from charrnn.text.classics import CLASSICS, classic_file
from charrnn.text.ngrams import ngram_entropies
from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class TextMeasures:
    """A text with a name, and its measures; those are None where it can't be read now.

    origin      "charrnn", "toy", "Python" or "fetched", or "to fetch" for a classic that is not on this machine
    different   how many different characters it has
    entropies   in bits a character, knowing the 0, 1 and 2 before it
    size        in bytes, of a classic
    trouble     why it can't be read
    """

    name: str
    description: str
    origin: str
    characters: int | None = None
    different: int | None = None
    entropies: tuple[float, ...] | None = None
    size: int | None = None
    trouble: str | None = None


def measured_texts() -> list[TextMeasures]:
    """All of them, in the order of BUILTINS; each that is there is read once."""
    return [_measured(name) for name in BUILTINS]


def _measured(name: str) -> TextMeasures:
    text, classic = BUILTINS[name], CLASSICS.get(name.removeprefix("@"))
    size = classic.size if classic else None
    if classic and classic_file(name.removeprefix("@")) is None:
        return TextMeasures(name, text.description, "to fetch", size=size)
    try:
        content = text.read()
    except CorpusError as error:
        return TextMeasures(name, text.description, text.origin, size=size, trouble=str(error))
    vocabulary = Vocabulary.of(content)
    entropies = ngram_entropies(vocabulary.encode(content))
    return TextMeasures(name, text.description, text.origin, len(content), len(vocabulary), tuple(entropies), size)
