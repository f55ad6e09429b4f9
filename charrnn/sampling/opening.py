"""Floor 6: what a network reads before it writes."""

import numpy as np

from charrnn.text.vocabulary import Vocabulary


def opening(vocabulary: Vocabulary, prime: str, generator: np.random.Generator) -> np.ndarray:
    """The ids (P, 1) of the prime; without one those of a line end, else of any one character.

    Raises VocabularyError for a prime with characters that the model never saw.
    """
    if prime or "\n" in vocabulary.characters:
        return vocabulary.encode(prime or "\n")[:, None]
    return generator.integers(len(vocabulary), size=(1, 1), dtype=np.int32)
