"""A network of random weights that can score: small, and never trained."""

import numpy as np

from charrnn.engine.reference.backpropagation import truncated_bptt
from charrnn.scoring.score import score_text
from charrnn.settings import NetworkSettings, ScoreSettings, Settings, TextSettings, TrainingSettings, WindowSettings
from charrnn.text.documents import mark_of
from charrnn.text.model_input import model_input
from charrnn.text.tokenizers import vocabulary_of
from charrnn.training.evaluation import Evaluation
from tests.engine.compiled import compiled_engine
from tests.networks import random_parameters

LETTERS = "abc \n.é"
UNITS = {
    "char": [*LETTERS],
    "byte": [*"abc \n.\xc3\xa9"],
    "token": ["a", "b", "ab", "c.", "é", "\n"],
    "word": ["a", "b", "ab", "c", ".", "é", "\n", " "],
}


class Made:
    """A network of random weights, and all that scoring wants to know of it."""

    def __init__(self, cell="lstm", layers=1, unit="char", documents=None, window=7, shards=2, seed=0, **network):
        rng = np.random.default_rng(seed)
        text = TextSettings(unit=unit, documents=documents)
        self.mark = mark_of(text)
        self.vocabulary = vocabulary_of(text, {*UNITS[unit], *([] if self.mark is None else [self.mark])})
        self.settings = Settings(NetworkSettings(cell=cell, layers=layers, hidden=9, **network),
                                 WindowSettings(window=window), TrainingSettings(shards=shards), text)
        parameters = random_parameters(self.settings.network, len(self.vocabulary), rng)
        self.parameters = {name: (1.5 * array).astype(np.float32).astype(np.float64)
                           for name, array in parameters.items()}
        start = -1 if self.mark is None else int(self.vocabulary.encode(self.mark)[0])
        self.network = compiled_engine(self.settings.network, self.parameters, 2, start=start)

    def score(self, text, others=(), **how):
        unknown = how.pop("unknown", "error")
        networks = [self.network, *(other.network for other in others)]
        return score_text(networks, self.vocabulary, self.settings, text, ScoreSettings(**how), unknown)

    def loss(self, text):
        content = model_input(text, self.settings.text, self.vocabulary).content
        return Evaluation(self.network, content, self.settings.windows.window, self.settings.training.shards).loss()

    def probabilities(self, ids):
        """Probabilities (n - 1, V) of what follows in a text that is read from the initial state."""
        inputs = np.asarray(ids)[:-1, None]
        logits = truncated_bptt(self.settings.network, self.parameters, inputs, inputs, None).logits[:, 0]
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)
