"""Layer inspection: finds the cells that track something, and proves it.

Every feature is compared with every cell on the first half of the text. The cell that fits best there is then scored on
the other half, which had no say in the choice, beside what chance alone would give the best of so many cells. Only what
passes both is claimed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from charrnn.inspection.cells import CellFacts, explained, facts, main_signal
from charrnn.inspection.chance import chance_levels
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.names import CellName
from charrnn.inspection.ranks import RankMatrix, Wanted, alone
from charrnn.inspection.recording import Recording
from charrnn.inspection.threshold import Threshold, best_threshold

# What a claim needs at least on the half that did not choose, however low chance is.
LEAST_AUC, LEAST_RHO = 0.80, 0.50
# Places in each half where a feature is true, and where it is false, and times that it comes, before it is tested.
LEAST_PLACES, LEAST_TIMES = 10, 3
_BINS = 20


@dataclass(frozen=True)
class Finding:
    """One feature and the cell that follows it.

    signal      what of the cell was read: h, or c
    sign        1 if the cell is high where the feature is, -1 if it is low there
    found       the score on the half that chose: AUC, or |rho| for what counts
    score       that on the other half, by the same sign: below 0.5 (or 0) where it turned round
    chance      what the best of all cells exceeds by chance in 1 of 20 searches there
    alone       what the current character alone says of the feature, as a score on the other half
    threshold   where the cell is best cut in two, and how well that fits; None for what counts
    current     share of its variance that the current character explains
    binned      share that the feature explains, in 20 bins: high too where it is followed up and down again
    """

    feature: Feature
    cell: CellName
    signal: str
    sign: int
    found: float
    score: float
    chance: float
    alone: float
    threshold: Threshold | None
    current: float
    binned: float

    @property
    def least(self) -> float:
        """What a claim needs."""
        return max(self.chance, LEAST_AUC if self.feature.is_boolean else LEAST_RHO)

    @property
    def is_confirmed(self) -> bool:
        return self.score > self.least

    @property
    def is_local(self) -> bool:
        """Whether the current character alone tells the feature as well as the cell does."""
        return self.feature.is_plain or self.score <= self.alone

    @property
    def strength(self) -> float:
        """How far the score is on the way to perfection from what chance or the current character alone would give:
        comparable between features."""
        least = max(self.chance, self.chance if self.feature.is_plain else self.alone)
        return (self.score - least) / max(1e-6, 1 - least)


class Search:
    """All features against all cells of a recording; the scores of every pair are kept."""

    def __init__(self, recording: Recording, features: Sequence[Feature]) -> None:
        """`features` have a value for each place of the recording, its warm-up among them."""
        self.recording = recording.settled()
        self.facts: CellFacts = facts(recording)
        self._start, T = recording.warm_up, len(self.recording)
        self.halves = slice(0, T // 2), slice(T // 2, T)
        self.untested = {one.name: reason for one in features if (reason := self._reason(one))}
        self.features = [one.with_values(one.values[self._start:]) for one in features if one.name not in self.untested]
        self.signals = tuple(dict.fromkeys((main_signal(recording), "h")))
        self.columns = [(signal, CellName(int(k), int(u))) for signal in self.signals
                        for k, u in zip(*np.nonzero(~self.facts.is_mute), strict=True)]
        matrices = [RankMatrix.of(self._values[:, half]) for half in self.halves]
        wanted = [Wanted.of(self.features, half) for half in self.halves]
        self.found, self.held = (matrix.scores(one) for matrix, one in zip(matrices, wanted, strict=True))
        self.chance = chance_levels(matrices[1], wanted[1])
        self.alone = np.array([alone(self.recording.tokens, one, *self.halves) for one in self.features])

    @cached_property
    def _values(self) -> np.ndarray:
        """The columns, (C, T) float32."""
        T, mute = len(self.recording), self.facts.is_mute
        values = np.empty((len(self.columns), T), np.float32)
        count = len(self.columns) // len(self.signals)
        for number, signal in enumerate(self.signals):
            shown = self.recording.shown(signal).transpose(0, 2, 1)
            values[number * count:(number + 1) * count] = shown[~mute]
        return values

    @cached_property
    def _columns_of(self) -> dict[CellName, list[int]]:
        """The columns of each cell, one a signal."""
        columns: dict[CellName, list[int]] = {}
        for number, (_, cell) in enumerate(self.columns):
            columns.setdefault(cell, []).append(number)
        return columns

    @cached_property
    def current(self) -> np.ndarray:
        """eta^2 of the current character for each column."""
        return explained(self._values, self.recording.tokens)

    def findings(self) -> list[Finding]:
        """The best cell for each feature that could be tested, the strongest first."""
        if not self.columns:
            return []
        best = np.abs(self.found).argmax(axis=1) if self.features else []
        made = [self._finding(number, int(column)) for number, column in enumerate(best)]
        return sorted(made, key=lambda one: -one.strength)

    def best_of(self, cell: CellName) -> Finding | None:
        """The feature that a cell follows best, claimed or not; None for one that says nothing."""
        columns = self._columns_of.get(cell, [])
        if not self.features or not columns:
            return None
        margin = (np.abs(self.found[:, columns]) - self._levels[:, None]) / (self._most - self._levels)[:, None]
        number, place = np.unravel_index(int(margin.argmax()), margin.shape)
        return self._finding(int(number), columns[int(place)])

    def ranking(self, name: str, count: int) -> list[Finding]:
        """The cells that follow feature `name` best on the first half, each once; none if it was not tested."""
        number = next((n for n, one in enumerate(self.features) if one.name == name), None)
        if number is None:
            return []
        chosen: dict[CellName, Finding] = {}
        for column in np.argsort(-np.abs(self.found[number]), kind="stable"):
            if len(chosen) == count:
                break
            cell = self.columns[column][1]
            if cell not in chosen:
                chosen[cell] = self._finding(number, int(column))
        return list(chosen.values())

    @property
    def _most(self) -> np.ndarray:
        return np.array([0.5 if one.is_boolean else 1.0 for one in self.features])

    @property
    def _levels(self) -> np.ndarray:
        """Chance, or for a feature that chance alone explains a little less than all."""
        levels: np.ndarray = np.minimum(self.chance, 0.999 * self._most)
        return levels

    def _finding(self, number: int, column: int) -> Finding:
        feature, (signal, cell), row = self.features[number], self.columns[column], self._values[column]
        base = 0.5 if feature.is_boolean else 0.0
        sign = -1 if self.found[number, column] < 0 else 1
        threshold = best_threshold(row, feature.values, sign, *self.halves) if feature.is_boolean else None
        held = self.halves[1]
        return Finding(feature, cell, signal, sign, float(base + abs(self.found[number, column])),
                       float(base + sign * self.held[number, column]), float(base + self.chance[number]),
                       float(self.alone[number]), threshold,
                       float(self.current[column]), float(explained(row[None, held], _bins(feature.values[held]))[0]))

    def _reason(self, feature: Feature) -> str:
        """Why a feature can't be tested; nothing if it can."""
        values = feature.values[self._start:]
        if not len(values) or (values == values[0]).all():
            return "always so" if len(values) and values[0] else "absent"
        return "" if all(_is_common_enough(values[half]) for half in self.halves) else "too rare"


def _is_common_enough(values: np.ndarray) -> bool:
    """Whether a feature comes and goes often enough; what counts is there where it has not its commonest value."""
    if values.dtype == bool:
        there, absent = values, int(np.count_nonzero(~values))
    else:
        kinds, counts = np.unique(values, return_counts=True)
        there, absent = values != kinds[counts.argmax()], LEAST_PLACES
    times = int(np.count_nonzero(there[1:] & ~there[:-1])) + int(there[0])
    return min(int(there.sum()), absent) >= LEAST_PLACES and times >= LEAST_TIMES


def _bins(values: np.ndarray) -> np.ndarray:
    """The number of the bin of each value: bins of about equally many places, equal values together."""
    if values.dtype == bool:
        return values.astype(np.intp)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")
