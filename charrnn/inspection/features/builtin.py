"""Layer inspection: all features that every text is searched for."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from charrnn.inspection.features.anticipating import anticipating
from charrnn.inspection.features.enclosures import comments, enclosures, looks_like_code
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.features.layout import layout
from charrnn.inspection.features.letters import letters


def causal_features(texts: Sequence[str]) -> list[Feature]:
    """Those that follow from what was read so far, of texts that know nothing of each other, one behind the other.

    Which of them there are depends on the whole; their values do not.
    """
    whole = "".join(texts)
    code = _each(texts, lambda text: [comments(text)]) if looks_like_code(whole) else []
    return [*_each(texts, enclosures), *code, *_each(texts, layout), *letters(whole)]


def features(texts: Sequence[str], following: str = "") -> list[Feature]:
    """All of them; `following` is the character after the end of each text, if there is one."""
    return [*causal_features(texts), *_each(texts, lambda text: anticipating(text, following))]


def _each(texts: Sequence[str], made: Callable[[str], Iterable[Feature]]) -> Iterator[Feature]:
    """The same features of every text, joined."""
    for parts in zip(*(made(text) for text in texts), strict=True):
        first = parts[0]
        yield Feature(first.name, np.concatenate([part.values for part in parts]), first.definition, first.is_causal,
                      first.is_plain)
