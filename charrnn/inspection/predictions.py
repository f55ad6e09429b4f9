"""Layer inspection: what a network said about each next character: how surprised it was, how sure, and what it
expected.

    surprise = -log p(next)      entropy = -sum p log p      rank = 1 + how many characters were more probable

Surprise and entropy are in nats.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from charrnn.engine.interface import Scores

GUESSES = 5


@dataclass(frozen=True)
class Predictions:
    """About T characters: nats and entropy (T,) float32, rank (T,) int32 from 1, and the K most probable characters,
    top (T, K) int32 with their probabilities (T, K) float32, the most probable first."""

    nats: np.ndarray
    entropy: np.ndarray
    rank: np.ndarray
    top: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def of(cls, scores: Scores) -> "Predictions":
        """Those of a window of one sequence."""
        return cls(scores.nats[:, 0], scores.entropies[:, 0], scores.ranks[:, 0], scores.ids[:, 0],
                   scores.probabilities[:, 0])

    def cut(self, part: slice) -> "Predictions":
        """Those about some of the characters."""
        return Predictions(*(getattr(self, spec.name)[part] for spec in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence["Predictions"]) -> "Predictions":
        """Several, one behind the other."""
        return cls(*(np.concatenate([getattr(part, spec.name) for part in parts]) for spec in fields(cls)))
