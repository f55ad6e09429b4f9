"""Layer inspection: how many cells carry a feature: probes that may read only a few signals.

A linear probe predicts a feature from the ranks of all signals. A sparse one reads k of them, chosen one after the
other on the first half of the text, each the one that explains most of what the others left (orthogonal matching
pursuit). All are scored on the second half. If one signal does nearly as well as all of them, a single cell carries the
feature; if many are needed, the network spreads it.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.inspection.find import CellSearch
from charrnn.inspection.one_thread import one_blas_thread
from charrnn.inspection.statistics import FeatureWeights, RankMatrix

SIZES = (1, 2, 4, 8, 16)
_RIDGE = 1e-3  # of the mean variance, so that copies of a cell do not make the weights explode
ENOUGH = 0.95  # of what all signals reach

DEFINITIONS = {
    "probe": "how well k signals together tell a feature: AUC or rho on the second half of a linear probe on their "
             "ranks, which were chosen one by one on the first half; the last number is that of all signals",
    "carried by": f"the least k whose score above chance (0.5, or rho 0) is at least {100 * ENOUGH:.0f}% of that of "
                  "all signals",
}


@dataclass(frozen=True)
class Probe:
    """scores   for each of SIZES, what the probe of so many signals reaches on the second half
    whole    what all signals reach
    base     what chance reaches: 0.5 for an AUC, 0 for rho
    """

    scores: list[float]
    whole: float
    base: float

    @property
    def carried_by(self) -> int | None:
        """How many signals are nearly as good as all; None if more than the largest size are needed."""
        wanted = self.base + ENOUGH * (self.whole - self.base)
        return next((k for k, score in zip(SIZES, self.scores, strict=True) if score >= wanted), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for a file or a page."""
        return {"scores": {str(k): round(score, 4) for k, score in zip(SIZES, self.scores, strict=True)},
                "all": round(self.whole, 4), "carried_by": self.carried_by}


@dataclass(frozen=True)
class Probes:
    """The probes of the features of a search."""

    search: CellSearch
    _known: dict[str, Probe] = field(default_factory=dict, repr=False)

    def of(self, name: str) -> Probe | None:
        """The probe of the feature `name`; None if it was not tested."""
        number = next((n for n, one in enumerate(self.search.features) if one.name == name), None)
        if number is None or not self.search.columns:
            return None
        if name not in self._known:
            self._known[name] = self._probe(number)
        return self._known[name]

    @cached_property
    def _ranks(self) -> tuple[Array, Array]:
        """The ranks of both halves, (U, T) float32: mean 0 and length 1 for each signal."""
        first, second = (matrix.ranks / (np.maximum(matrix.spread, 1e-12)[:, None].astype(np.float32)
                                         * np.float32(np.sqrt(matrix.ranks.shape[1])))
                         for matrix in self.search.matrices)
        return first, second

    @cached_property
    def _gram(self) -> Array:
        first = self._ranks[0]
        gram: Array = (first @ first.T).astype(np.float64)
        gram[np.diag_indices_from(gram)] += _RIDGE
        return gram

    @one_blas_thread
    def _probe(self, number: int) -> Probe:
        feature, (first, second) = self.search.features[number], self._ranks
        values = feature.values[self.search.halves[0]].astype(np.float64)
        target = (first @ (values - values.mean()).astype(np.float32)).astype(np.float64)
        weights = np.zeros((len(SIZES) + 1, len(target)))
        chosen: list[int] = []
        left = target
        for _ in range(min(SIZES[-1], len(target))):
            left = np.where(np.isin(np.arange(len(target)), chosen), 0.0, left)
            chosen.append(int(np.abs(left).argmax()))
            solved = np.linalg.solve(self._gram[np.ix_(chosen, chosen)], target[chosen])
            left = target - self._gram[:, chosen] @ solved
            for place, k in enumerate(SIZES):
                if k >= len(chosen):
                    weights[place] = 0
                    weights[place, chosen] = solved
        weights[-1] = np.linalg.solve(self._gram, target)
        predicted = RankMatrix.of(weights.astype(np.float32) @ second)
        base = 0.5 if feature.is_boolean else 0.0
        scores = base + predicted.scores(FeatureWeights.of([feature], self.search.halves[1]))[0]
        return Probe([float(score) for score in scores[:-1]], float(scores[-1]), base)
