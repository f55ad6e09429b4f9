"""Layer engine: what a network predicted for the characters of a text."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Predictions(NamedTuple):
    """Predictions of target characters, and the K most probable characters of each.

    The arrays have the shape (T, N) for N sequences and (T,) for one. Where nothing was predicted they hold NaN, 0
    and -1.

    loss            the sum of nats
    nats            float32          surprisal of each target: -log p(target)
    ranks           int32            1 + how many characters were more probable than the target
    entropies       float32          -sum p log p, in nats: the surprisal that the network expected
    top             (..., K) int32   the most probable characters, the most probable first
    probabilities   (..., K) float32 their probabilities
    """

    loss: float
    nats: np.ndarray
    ranks: np.ndarray
    entropies: np.ndarray
    top: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def empty(cls, T: int, N: int, K: int) -> "Predictions":
        return cls(0.0, np.empty((T, N), np.float32), np.empty((T, N), np.int32), np.empty((T, N), np.float32),
                   np.empty((T, N, K), np.int32), np.empty((T, N, K), np.float32))

    @classmethod
    def joined(cls, parts: "Sequence[Predictions]", axis: int = 1) -> "Predictions":
        """Those of a batch from those of its shards; with axis 0, those of a text from those of its windows."""
        return cls(sum(part.loss for part in parts),
                   *(np.concatenate(arrays, axis) for arrays in zip(*(part[1:] for part in parts), strict=True)))

    def select(self, index: Any) -> "Predictions":
        """The predictions at a NumPy index of the targets."""
        return Predictions(float(np.nansum(self.nats[index], dtype=np.float64)), *(array[index] for array in self[1:]))

    @property
    def surprisals(self) -> np.ndarray:
        """The surprisal of each target in bits."""
        bits: np.ndarray = self.nats / np.float32(math.log(2))
        return bits

    @property
    def expected(self) -> np.ndarray:
        """The entropies in bits."""
        bits: np.ndarray = self.entropies / np.float32(math.log(2))
        return bits


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """The natural logarithms of the probabilities (..., V), in the precision of the logits; none is above 0."""
    shifted: np.ndarray = logits - logits.max(axis=-1, keepdims=True)  # exp() of large numbers would overflow
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted
