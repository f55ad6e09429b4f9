"""Layer render: what the errors of a network are, as a table of the oracles that would not make them."""

from collections.abc import Iterator

from charrnn.errors import CorpusError
from charrnn.inspection.results import Inspection
from charrnn.render.inspection.style import ReportStyle, share_words

_WORDS = {"n-gram": "an n-gram model of the training text",
          "memory": "a memory of the words in the last 1,000 characters",
          "rare word": "knowing rare words", "word start": "knowing the first letters of words",
          "punctuation": "knowing signs, spaces and line ends", "boost": "0.1 more for the right character"}
_BAR = 24


def errors_report(inspection: Inspection, style: ReportStyle) -> Iterator[str]:
    """A line for each oracle, in their order; raises CorpusError without the training text, whose n-grams it counts."""
    found = inspection.errors
    if found is None:
        raise CorpusError("--errors counts the n-grams of the training text; leave out --text and --sample")
    yield f"{share_words(found.errors)} of {found.places:,} characters are errors: their probability is below one half"
    yield "these would not be made with"
    for one in [*found.removed]:
        yield f" {share_words(one.share):>4} {_bar(one.share, style):{_BAR}}  {_WORDS[one.name]}"
    yield f" {share_words(found.rest):>4} {_bar(found.rest, style):{_BAR}}  the rest: none of these"
    yield from style.wrapped("", ["each line counts what the lines above leave; in another order the shares differ"])


def _bar(share: float, style: ReportStyle) -> str:
    return ("#" if style.plain else "█") * round(share * _BAR)
