"""Layer inspection: the statistics that findings rest on.

    AUC     the probability that a place where a feature is true has a higher value than one where it is false
    rho     Spearman's rank correlation
    chance  the score that the best of all cells exceeds in 1 of 20 searches for a feature shifted along the text
    IoU     places where a cell is beyond a threshold and the feature is true, over places where either is so
    eta^2   the share of a variance that lies between groups, not within them

AUC and rho of many cells at once are one product with a matrix of ranks. Equal values share the mean of their ranks
(midranks).
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from charrnn.inspection.features.feature import Feature
from charrnn.inspection.one_thread import one_blas_thread

SHIFTS = 50  # shifts of the text whose best scores give the chance level
SHORTEST = 100  # a shorter shift would leave much of a slow feature where it was
QUANTILE = 0.95
_SHIFT_SEED = 1  # the same text must give the same bytes
BLOCKS, DRAWS = 20, 1000  # of the bootstrap


def midranks(values: np.ndarray) -> np.ndarray:
    """The ranks (T,) float64 of values (T,), from 1; equal values share the mean of theirs."""
    order = np.argsort(values)  # in which order equal values come makes no difference
    ordered = values[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(begins, append=len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(begins + (sizes + 1) / 2, sizes)
    return ranks


@dataclass(frozen=True)
class FeatureWeights:
    """Features as factors of a product with centred ranks: weights (F, T) float32, is_boolean (F,)."""

    weights: np.ndarray
    is_boolean: np.ndarray

    @classmethod
    def of(cls, features: list[Feature], part: slice) -> "FeatureWeights":
        """Of the values in `part` of the text; a feature that is constant there has the weight 0."""
        weights = np.zeros((len(features), part.stop - part.start), np.float32)
        for row, feature in zip(weights, features, strict=True):
            row[:] = _weights(feature.values[part])
        return cls(weights, np.array([feature.is_boolean for feature in features], bool))

    def shifted(self, places: int) -> "FeatureWeights":
        """The same features, shifted round the text."""
        return FeatureWeights(np.roll(self.weights, places, axis=1), self.is_boolean)


def _weights(values: np.ndarray) -> np.ndarray:
    """Factors whose product with centred ranks is AUC - 1/2, or rho times the standard deviation of the ranks."""
    T = len(values)
    if values.dtype == bool:
        true = int(values.sum())
        return values / max(1, true * (T - true)) if 0 < true < T else np.zeros(T)
    ranks = midranks(values) - (T + 1) / 2
    spread = np.sqrt((ranks**2).mean()) if T else 0.0
    return ranks / (T * spread) if spread > 0 else np.zeros(T)


@dataclass(frozen=True)
class RankMatrix:
    """Centred ranks (U, T) float32 of U columns over T places, and their standard deviations (U,), 0 for a constant."""

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

    def scores(self, features: FeatureWeights) -> np.ndarray:
        """(F, U): AUC - 1/2 for each boolean feature, rho for each numeric one; 0 where nothing varies."""
        scores: np.ndarray = (features.weights @ self.ranks.T).astype(np.float64)
        scores[~features.is_boolean] /= np.maximum(self.spread, 1e-12)
        return scores

    def parts(self, features: FeatureWeights, number: int, column: int) -> np.ndarray:
        """What each place (T,) adds to the score of one feature and one column."""
        parts: np.ndarray = features.weights[number].astype(np.float64) * self.ranks[column]
        return parts if features.is_boolean[number] else parts / max(float(self.spread[column]), 1e-12)


@one_blas_thread
def chance_levels(matrix: RankMatrix, features: FeatureWeights) -> np.ndarray:
    """(F,) the |AUC - 1/2| or |rho| that the best column of `matrix` exceeds by chance in 1 of 20 searches.

    A slow feature and a slow cell agree now and then by chance, and the best of hundreds of cells does so often. So the
    feature is shifted round the text, which keeps how often it changes but not what it belongs to, and the best cell is
    searched for again, many times.
    """
    F, T = features.weights.shape
    if not F or not len(matrix.ranks):
        return np.zeros(F)
    best = np.array([np.abs(matrix.scores(features.shifted(int(shift)))).max(axis=1) for shift in _shifts(T)])
    levels: np.ndarray = np.quantile(best, QUANTILE, axis=0)
    return levels


def score_of_character(tokens: np.ndarray, feature: Feature, learned_on: slice, held_out: slice) -> float:
    """How well the current character alone predicts a feature: AUC or rho on one part of the text of the feature's mean
    for each character on another part."""
    values, known = feature.values.astype(np.float64), tokens[learned_on]
    count = int(tokens.max()) + 1
    sums, times = np.bincount(known, values[learned_on], count), np.bincount(known, minlength=count)
    expected = np.where(times > 0, sums / np.maximum(times, 1), values[learned_on].mean())[tokens[held_out]]
    [[score]] = RankMatrix.of(expected[None]).scores(FeatureWeights.of([feature], held_out))
    return float(score + 0.5 * feature.is_boolean)


class Threshold(NamedTuple):
    """value    the cell is "on" above it, or below it where the sign is -1
    iou         places on and true / places on or true, on the half that did not choose the value
    prevalence  share of the places where the feature is true: the IoU of a cell that is always on
    chance      the IoU that the cell exceeds in 1 of 20 shifts of the feature along that half
    """

    value: float
    iou: float
    prevalence: float
    chance: float

    @property
    def lift(self) -> float:
        """The IoU on a scale from 0, that of a cell that is always on or of chance, to 1."""
        least = max(self.prevalence, self.chance)
        return (self.iou - least) / max(1e-6, 1 - least)


def best_threshold(values: np.ndarray, feature: np.ndarray, sign: int, chosen_on: slice, held_out: slice) -> Threshold:
    """The threshold of values (T,) with the best IoU on one part of the text, and its IoU on another."""
    signed = sign * values.astype(np.float64)
    cut = _best_cut(signed[chosen_on], feature[chosen_on])
    on, true = signed[held_out] > cut, feature[held_out]
    by_chance = [_iou(on, np.roll(true, int(shift))) for shift in _shifts(len(true))]
    return Threshold(sign * cut, _iou(on, true), float(true.mean()), float(np.quantile(by_chance, QUANTILE)))


def _iou(on: np.ndarray, true: np.ndarray) -> float:
    return int(np.count_nonzero(on & true)) / max(1, int(np.count_nonzero(on | true)))


def _shifts(T: int) -> np.ndarray:
    """By how many places of T a feature is shifted to see what chance does."""
    shortest = min(SHORTEST, T // 4)
    return np.random.default_rng(_SHIFT_SEED).integers(shortest, max(T - shortest, shortest + 1), SHIFTS)


def _best_cut(values: np.ndarray, true: np.ndarray) -> float:
    """The middle between two values such that those above have the best IoU with `true`; or below all values."""
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    hits = np.cumsum(true[order])
    on = np.arange(1, len(values) + 1)
    iou = hits / (on + true.sum() - hits)
    is_last = np.append(ordered[1:] != ordered[:-1], True)  # equal values are on together
    best = int(np.where(is_last, iou, -1.0).argmax())
    return float(ordered[best] - 1 if best == len(values) - 1 else (ordered[best] + ordered[best + 1]) / 2)


def explained(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """eta^2 (U,) of values (U, T) in the groups (T,)."""
    order = np.argsort(groups, kind="stable")
    begins = np.flatnonzero(np.concatenate([[True], np.diff(groups[order]) != 0]))
    sizes = np.diff(begins, append=len(groups))
    eta = np.zeros(len(values))
    for u, row in enumerate(values):
        centred = row.astype(np.float64) - row.mean(dtype=np.float64)
        total = centred @ centred
        if total > 0:
            sums = np.add.reduceat(centred[order], begins)
            eta[u] = (sums**2 / sizes).sum() / total
    return eta


def block_error(values: np.ndarray, counted: np.ndarray | None = None) -> float:
    """The standard error of the mean of `values` (T,), or of those where `counted` (T,) is true: a block bootstrap.

    Neighbouring places are not independent, so 20 blocks of the text are drawn with replacement, not places. NaN where
    fewer than two blocks have something to count. The draws are always the same.
    """
    counted = np.ones(len(values), bool) if counted is None else counted
    edges = np.linspace(0, len(values), min(BLOCKS, len(values)) + 1).round().astype(int)
    sums = np.array([values[a:b][counted[a:b]].sum() for a, b in itertools.pairwise(edges)])
    counts = np.array([np.count_nonzero(counted[a:b]) for a, b in itertools.pairwise(edges)])
    if np.count_nonzero(counts) < 2:
        return float("nan")
    drawn = np.random.default_rng(0).integers(len(sums), size=(DRAWS, len(sums)))
    totals = counts[drawn].sum(axis=1)
    means = sums[drawn].sum(axis=1)[totals > 0] / totals[totals > 0]
    return float(means.std(ddof=1))
