"""Layer completion: completes what was typed: the most probable continuations up to a word, a line or a length.

Probabilities are the network's own, at temperature 1. The search is a beam search (`beam`), which proves its result
where it can. Keep a completer from one keystroke to the next: it does not read again what it has read before.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from charrnn.completion.beam import BeamSearch, FoundPath
from charrnn.completion.ends import Ending
from charrnn.completion.prefix_cache import NetworkSteps, PrefixCache
from charrnn.errors import SettingsError
from charrnn.sampling.session import LanguageModel
from charrnn.settings import CompleteSettings
from charrnn.settings.options import CompleteOptions
from charrnn.settings.renamed import take_renamed

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass(frozen=True)
class Completion:
    """One way to go on.

    text          what follows the prefix
    probability   the product of the network's predictions, that of the end included
    nats          the same as a surprisal, -log of it: exact where the probability rounds to 0
    end           why it ends: "word", "line", "length", or "document" where the document ends before
    proven        whether no continuation is more probable, other than those listed before
    """

    text: str
    probability: float
    nats: float
    end: str
    proven: bool


class Completer:
    """Completes texts with one network; made to be called at each keystroke, and by one thread at a time."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._steps = NetworkSteps(model.settings.network, model.weights())
        self._prefix = PrefixCache(self._steps)
        self._endings: dict[tuple[str, int], Ending] = {}

    def complete(self, prefix: str, count: int = 5, *, unknown: str = "error",
                 **options: "Unpack[CompleteOptions]") -> list[Completion]:
        """The `count` most probable continuations of `prefix`, the most probable first; fewer if there are no more.

        unknown   what to do with characters that the model never saw: "error", "fold", "skip" or "replace"
        options   any other field of CompleteSettings: until="line", length=20, beams=64, prove=0

        An empty prefix is the beginning of a document, or of a line in a text without documents.

        Raises VocabularyError for characters that the model never saw; SettingsError for bad numbers, for a prefix that
        goes past the end of a document, and for an empty one that nothing begins with.
        """
        count = take_renamed(cast("dict[str, Any]", options), "k", "count", count)
        settings: CompleteSettings = CompleteSettings.from_dict({**options, "count": count})
        vocabulary, mark = self._model.vocabulary, self._model.mark
        prefix = self._model.readable(prefix, unknown).text
        key = settings.until, settings.most
        if key not in self._endings:
            self._endings[key] = Ending(vocabulary, mark, *key)
        ids = self._model.prime_ids(prefix, name="prefix")
        if not len(ids):
            if vocabulary.unknown("\n"):
                raise SettingsError("there is nothing to complete, and the model knows no line end to begin with; give "
                                    "a text")
            ids = vocabulary.encode("\n")
        state, logits = self._prefix.read(ids)
        search = BeamSearch(self._steps.step, self._endings[key], settings.count, settings.beams, settings.prove)
        return [self._completion(found, prefix) for found in
                search.run(state, logits, self._endings[key].first(prefix))]

    def _completion(self, found: FoundPath, prefix: str) -> Completion:
        text = self._model.vocabulary.writer(prefix)(np.array(found.path, np.int32))
        return Completion(text, math.exp(found.log_probability), 0.0 - found.log_probability, found.end,
                          found.is_proven)
