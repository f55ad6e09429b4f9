"""Floor 6: what a network said about each next character: how surprised it was, how sure, and what it expected.

    surprise = -log p(next)      entropy = -sum p log p      rank = 1 + how many characters were more probable

All of them in nats, from one softmax in float64.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

GUESSES = 5


@dataclass(frozen=True)
class Predictions:
    """About T characters: nats and entropy (T,) float64, rank (T,) int32 from 1, and the K most probable characters,
    top (T, K) int32 with their probabilities (T, K) float32, the most probable first."""

    nats: np.ndarray
    entropy: np.ndarray
    rank: np.ndarray
    top: np.ndarray
    probabilities: np.ndarray

    def cut(self, part: slice) -> "Predictions":
        """Those about some of the characters."""
        return Predictions(*(getattr(self, spec.name)[part] for spec in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence["Predictions"]) -> "Predictions":
        """Several, one behind the other."""
        return cls(*(np.concatenate([getattr(part, spec.name) for part in parts]) for spec in fields(cls)))


def predictions(output: np.ndarray, weight_out: np.ndarray, bias_out: np.ndarray, targets: np.ndarray) -> Predictions:
    """What the last layer's output (T, H padded) says about `targets` (T,), with weights (V, H padded), bias (V...)."""
    logits = output @ weight_out.T + bias_out[:len(weight_out)]
    places = np.arange(len(targets))
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    exponentials = np.exp(wide)
    sums = exponentials.sum(axis=1)
    nats = np.log(sums) - wide[places, targets]
    entropy = np.log(sums) - (exponentials * wide).sum(axis=1) / sums
    rank = 1 + np.count_nonzero(logits > logits[places, targets][:, None], axis=1)
    top = _largest(logits, min(GUESSES, len(weight_out)))
    probabilities = exponentials[places[:, None], top] / sums[:, None]
    return Predictions(nats, entropy, rank.astype(np.int32), top.astype(np.int32), probabilities.astype(np.float32))


def _largest(logits: np.ndarray, count: int) -> np.ndarray:
    """The places of the `count` largest numbers of each row, the largest first."""
    largest = np.argpartition(-logits, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(logits, largest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(largest, order, axis=1)
