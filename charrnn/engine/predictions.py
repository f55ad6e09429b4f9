"""Layer engine: what a network says of each character of a window: arrays side by side."""

from typing import NamedTuple

import numpy as np


class Scores(NamedTuple):
    """Of targets (T, N): NaN, 0 and -1 where none was predicted. K likeliest characters are told, the likeliest first.

    loss        the sum of all nats
    nats        (T, N)     float32
    ranks       (T, N)     int32    1 where the right character was the likeliest
    entropies   (T, N)     float32  nats that were to be expected
    ids         (T, N, K)  int32    the likeliest characters
    chances     (T, N, K)  float32  their probabilities
    """

    loss: float
    nats: np.ndarray
    ranks: np.ndarray
    entropies: np.ndarray
    ids: np.ndarray
    chances: np.ndarray

    @classmethod
    def empty(cls, T: int, N: int, K: int) -> "Scores":
        return cls(0.0, np.empty((T, N), np.float32), np.empty((T, N), np.int32), np.empty((T, N), np.float32),
                   np.empty((T, N, K), np.int32), np.empty((T, N, K), np.float32))

    @classmethod
    def joined(cls, parts: "list[Scores]") -> "Scores":
        """Those of a batch, from its shards'."""
        return cls(sum(part.loss for part in parts),
                   *(np.concatenate(arrays, axis=1) for arrays in zip(*(part[1:] for part in parts), strict=True)))
