"""Layer completion: completes what was typed: the most probable continuations up to a word, a line or a length.

Probabilities are the network's own, at temperature 1; the search for the most probable is a beam search (`beam`),
which proves its result where it can. A completer is meant to be kept from one letter to the next: what it has read of
the text before is not read again.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.completion.beam import Found, Search
from charrnn.completion.ends import Ending
from charrnn.completion.prefix_cache import Past, Steps
from charrnn.errors import SettingsError
from charrnn.sampling.opening import opening
from charrnn.sampling.weights import Weights
from charrnn.settings import CompleteSettings, Settings
from charrnn.text.normalize import normalized
from charrnn.text.unknown import readable
from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Completion:
    """One way to go on.

    text          what follows the prefix
    probability   that the text goes on so: the product of the network's predictions, and that it ends there
    nats          the same as a surprise, -log of it, which says something of the least probable too
    end           why it ends: "word", "line", "length", or "document" where the document is over before
    proven        whether no continuation is more probable, but those listed before
    """

    text: str
    probability: float
    nats: float
    end: str
    proven: bool


class Completer:
    """Completes texts with one network; made to be called at each keystroke, and by one thread at a time."""

    def __init__(self, settings: Settings, weights: Weights, vocabulary: Vocabulary, mark: str | None) -> None:
        self._settings, self._vocabulary, self._mark = settings, vocabulary, mark
        self._steps = Steps(settings.network, weights)
        self._past = Past(self._steps)
        self._endings: dict[tuple[str, int], Ending] = {}

    def complete(self, prefix: str, k: int = 5, *, unknown: str = "error", **options: Any) -> list[Completion]:
        """The `k` most probable continuations of `prefix`, from the most probable on; fewer if there are no more.

        unknown   what becomes of characters that the model never saw: "error", "fold", "skip" or "replace"
        options   any other field of CompleteSettings: until="line", length=20, beams=64, prove=0

        An empty prefix is the beginning of a document, or of a line in a text without documents.

        Raises VocabularyError for characters that the model never saw; SettingsError for bad numbers, for a prefix that
        goes past the end of a document, and for an empty one that nothing begins with.
        """
        settings = CompleteSettings(count=k, **options)
        prefix = readable(normalized(prefix, self._settings.text), self._vocabulary, unknown).text
        ending = self._ending(settings.until, settings.most)
        state, logits = self._past.read(self._opening(prefix))
        search = Search(self._steps, ending, settings.count, settings.beams, settings.prove)
        return [self._completion(found, prefix) for found in search.run(state, logits, ending.first(prefix))]

    def _opening(self, prefix: str) -> np.ndarray:
        """The ids of the prefix, and of what a text begins with."""
        ids = opening(self._vocabulary, prefix, [], self._mark, "prefix")
        if ids.ndim > 1:  # one of its own for each stream: a sample may begin with anything, a completion may not
            raise SettingsError("there is nothing to complete, and the model knows no line end to begin with; give a "
                                "text")
        return ids

    def _ending(self, until: str, length: int) -> Ending:
        key = until, length
        if key not in self._endings:
            self._endings[key] = Ending(self._vocabulary, self._mark, until, length)
        return self._endings[key]

    def _completion(self, found: Found, prefix: str) -> Completion:
        text = self._vocabulary.writer(prefix)(np.array(found.path, np.int32))
        return Completion(text, math.exp(found.log_probability), 0.0 - found.log_probability, found.end,
                          found.is_proven)
