"""Layer scoring: a text, scored: from the text itself to what the model said of it."""

import math
from collections.abc import Callable

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.scoring.score import Score
from charrnn.scoring.scorer import Scorer
from charrnn.settings import ScoreSettings, Settings
from charrnn.text.documents import Documents
from charrnn.text.model_input import model_input
from charrnn.text.vocabulary import Vocabulary


def scored(engine: Engine, vocabulary: Vocabulary, settings: Settings, text: str, how: ScoreSettings,
           unknown: str = "error", told: Callable[[int, int], None] = lambda done, total: None) -> Score:
    """What `engine`, made as `settings` say, foretells of `text`; told() hears how far it is.

    Raises VocabularyError for characters that it never saw, CorpusError for a text shorter than 2, or without a
    document.
    """
    whole = model_input(text, settings.text, vocabulary, unknown)
    scorer = Scorer(engine, whole.content, settings.windows.window, settings.training.shards or 1, how.rows,
                    how.guesses)
    scorer.read(told)
    is_documents = isinstance(whole.content, Documents)
    first = 1 if is_documents else 0  # the mark before the first document is none of the text
    nats, ranks, entropies, guesses, probabilities = (array[first:, 0] for array in scorer.scores[1:])
    for array in (nats, entropies):
        array /= np.float32(math.log(2))
    unseen = "" if is_documents else vocabulary.writer()(whole.ids[:1])
    return Score(
        total=scorer.loss, predicted=scorer.predicted,
        characters=len(vocabulary.decode(whole.ids[first:])) - len(unseen),
        unit=vocabulary.kind, ids=whole.ids[first:], surprises=nats, entropies=entropies, ranks=ranks, guesses=guesses,
        chances=probabilities, starts=scorer.starts[:0] if is_documents else scorer.starts, notes=whole.notes,
        vocabulary=vocabulary, mark=whole.content.mark if isinstance(whole.content, Documents) else -1)
