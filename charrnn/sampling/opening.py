"""Layer sampling: what streams begin with: the characters that are read before the first is written, and the luck to
come."""

from collections.abc import Sequence

import numpy as np

from charrnn.errors import SettingsError
from charrnn.text.vocabulary import Vocabulary


def opening(vocabulary: Vocabulary, prime: str, generators: Sequence[np.random.Generator],
            mark: str | None = None, name: str = "prime") -> np.ndarray:
    """The ids (P,) of the prime for all streams, behind the mark where documents begin with one.

    Without a mark and a prime they are those of a line end, else of any one character for each of N streams, (1, N).
    `name` is what messages call the prime.

    Raises VocabularyError for a prime with characters that the model never saw, SettingsError for one that goes past
    the end of a document.
    """
    if mark is not None:
        if mark in prime:
            raise SettingsError(f"the {name} goes past the end of a document: it holds {mark!r}; give what one "
                                "document begins with")
        prime = mark + prime
    ids = vocabulary.encode(prime)
    if len(ids):  # spaces are no tokens: there may be none where there is a prime
        return ids
    if "\n" in vocabulary.units:
        return vocabulary.encode("\n")
    return np.array([[generator.integers(len(vocabulary), dtype=np.int32) for generator in generators]])


def generators_of(seed: int | None, count: int) -> list[np.random.Generator]:
    """A generator for each of `count` streams; the first ones are the same whatever the count."""
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(count)]
