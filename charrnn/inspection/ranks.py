"""Layer inspection: rank statistics of many columns at once: one matrix of ranks, and every score is a product with it.

    AUC  the probability that a place where a feature is true has a higher value than one where it is false
    rho  Spearman's: the correlation of two rows of ranks

Equal values share the mean of their ranks (midranks), so that a cell that stands at the end of its scale gains nothing.
"""

from dataclasses import dataclass

import numpy as np

from charrnn.inspection.features.feature import Feature


def midranks(values: np.ndarray) -> np.ndarray:
    """The ranks (T,) float64 of values (T,), from 1; equal ones share the mean of theirs."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(begins, append=len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(begins + (sizes + 1) / 2, sizes)
    return ranks


@dataclass(frozen=True)
class RankMatrix:
    """The ranks of U columns over T places, their mean taken off: ranks (U, T) float32, spread (U,) their standard
    deviation, 0 for a column of equal values."""

    ranks: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, columns: np.ndarray) -> "RankMatrix":
        """The ranks of columns (U, T)."""
        T = columns.shape[1]
        ranks = np.empty(columns.shape, np.float32)
        for row, values in zip(ranks, columns, strict=True):
            row[:] = midranks(values) - (T + 1) / 2
        return cls(ranks, np.sqrt(np.einsum("ut,ut->u", ranks, ranks, dtype=np.float64) / max(1, T)))

    def scores(self, wanted: "Wanted") -> np.ndarray:
        """(F, U): AUC - 1/2 for each feature that is true or false, rho for each that counts; 0 where nothing varies.
        """
        scores: np.ndarray = (wanted.weights @ self.ranks.T).astype(np.float64)
        scores[~wanted.is_boolean] /= np.maximum(self.spread, 1e-12)
        return scores


@dataclass(frozen=True)
class Wanted:
    """Features made ready for products with ranks: weights (F, T) float32, is_boolean (F,)."""

    weights: np.ndarray
    is_boolean: np.ndarray

    @classmethod
    def of(cls, features: list[Feature], part: slice) -> "Wanted":
        """Those values of the features that lie in `part`; a feature that is the same there throughout weighs 0."""
        weights = np.zeros((len(features), part.stop - part.start), np.float32)
        for row, feature in zip(weights, features, strict=True):
            row[:] = _weights(feature.values[part])
        return cls(weights, np.array([feature.is_boolean for feature in features], bool))

    def shifted(self, places: int) -> "Wanted":
        """The same features `places` later, their end put before their start."""
        return Wanted(np.roll(self.weights, places, axis=1), self.is_boolean)


def _weights(values: np.ndarray) -> np.ndarray:
    """What the product of with centred ranks is AUC - 1/2, or rho times the spread of the ranks."""
    T = len(values)
    if values.dtype == bool:
        true = int(values.sum())
        return values / max(1, true * (T - true)) if 0 < true < T else np.zeros(T)
    ranks = midranks(values) - (T + 1) / 2
    spread = np.sqrt((ranks**2).mean()) if T else 0.0
    return ranks / (T * spread) if spread > 0 else np.zeros(T)


def alone(tokens: np.ndarray, feature: Feature, learned_on: slice, held: slice) -> float:
    """How well the current character says what a feature is: AUC or rho, on a part of the text, of the feature's mean
    for each character on another. What a cell says beyond that, it has from what came before."""
    values, known = feature.values.astype(np.float64), tokens[learned_on]
    count = int(tokens.max()) + 1
    sums, times = np.bincount(known, values[learned_on], count), np.bincount(known, minlength=count)
    expected = np.where(times > 0, sums / np.maximum(times, 1), values[learned_on].mean())[tokens[held]]
    [[score]] = RankMatrix.of(expected[None]).scores(Wanted.of([feature], held))
    return float(score + 0.5 * feature.is_boolean)
