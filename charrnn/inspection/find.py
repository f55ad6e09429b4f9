"""Layer inspection: the search for cells that track a feature, and the test of what it finds.

Every feature is compared with every cell on the first half of the text. The cell that fits best there is tested on the
second half, and compared with what the best of so many cells would reach by chance. Only a cell that passes is reported
as tracking the feature.

A cell speaks in two signals, its memory c and its output h. A claim is about c, which is what the cell keeps, unless h
fits better by more than the noise; where tanh c is pinned it is about h, unless c fits better by more than the noise.
c is ranked without the tanh, which makes values equal that are not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from charrnn.inspection.cell_statistics import CellName, cell_statistics, main_signal
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.recording import Recording
from charrnn.inspection.statistics import (
    FeatureWeights,
    RankMatrix,
    Threshold,
    best_threshold,
    block_error,
    chance_levels,
    explained,
    score_of_character,
)

# The least score of a confirmed finding on the second half, however low chance is.
LEAST_AUC, LEAST_RHO = 0.80, 0.50
# A boolean feature also needs an IoU that is so far from that of a cell that is always on, or of chance, towards 1.
LEAST_LIFT = 0.1
# How many standard errors of their difference the other signal must be better by.
_NOISE = 2.0
# A feature is tested if it is true, and false, at so many places of each half, and comes so many times.
LEAST_PLACES, LEAST_TIMES = 10, 3
_BINS = 20


@dataclass(frozen=True)
class Finding:
    """One feature and the cell that follows it.

    signal      the signal of the cell: h, or c (without the tanh)
    sign        1 if the cell is high where the feature is, -1 if it is low there
    found       the score on the first half: AUC, or |rho| for a numeric feature
    score       the score on the second half, with the same sign: below 0.5 (or 0) if the cell does the opposite there
    chance      what the best of all cells exceeds by chance in 1 of 20 searches on the second half
    alone       the score that the current character alone reaches on the second half
    threshold   the best threshold of the cell; None for a numeric feature
    current     share of the cell's variance that the current character explains
    binned      share that the feature explains, in 20 bins: also high where the relation is not monotonic
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
    def is_confirmed(self) -> bool:
        fits = self.threshold is None or self.threshold.lift >= LEAST_LIFT
        return fits and self.score > max(self.chance, LEAST_AUC if self.feature.is_boolean else LEAST_RHO)

    @property
    def is_context(self) -> bool:
        """Whether the cell tracks more of the text than its current character."""
        return self.is_confirmed and not self.is_local

    @property
    def is_local(self) -> bool:
        """Whether the current character alone predicts the feature as well as the cell does."""
        return self.feature.is_plain or self.score <= self.alone

    @property
    def strength(self) -> float:
        """The score on a scale from 0, chance or the current character alone, to 1: comparable between features."""
        least = max(self.chance, self.chance if self.feature.is_plain else self.alone)
        return (self.score - least) / max(1e-6, 1 - least)


def each_cell_once(findings: Iterable[Finding]) -> list[Finding]:
    """The first finding of each cell."""
    once: dict[CellName, Finding] = {}
    for finding in findings:
        once.setdefault(finding.cell, finding)
    return list(once.values())


class CellSearch:
    """The scores of all features for all cells of a recording."""

    def __init__(self, recording: Recording, features: Sequence[Feature]) -> None:
        """`features` have a value for each place of the recording, with its warm-up."""
        self.recording = recording.settled()
        self.statistics = cell_statistics(recording)
        self._start, T = recording.warm_up, len(self.recording)
        self.halves = slice(0, T // 2), slice(T // 2, T)
        self.untested = {one.name: reason for one in features if (reason := why_untested(one, self._start))}
        self.features = [one.with_values(one.values[self._start:]) for one in features if one.name not in self.untested]
        self.signals = tuple(dict.fromkeys((main_signal(recording), "h")))
        self.columns = [(signal, CellName(int(k), int(u))) for signal in self.signals
                        for k, u in zip(*np.nonzero(~self.statistics.is_mute(signal)), strict=True)]
        self.matrices = [RankMatrix.of(self._values[:, half]) for half in self.halves]
        weights = [FeatureWeights.of(self.features, half) for half in self.halves]
        self.found, self.held_out = (matrix.scores(one) for matrix, one in zip(self.matrices, weights, strict=True))
        self.chance = chance_levels(self.matrices[1], weights[1])
        self._first_half = self.matrices[0], weights[0]
        self.alone = np.array([score_of_character(self.recording.tokens, one, *self.halves) for one in self.features])

    @cached_property
    def _values(self) -> np.ndarray:
        """The columns, (C, T) float32; c without the tanh."""
        signals = [self.recording.signals[signal].transpose(0, 2, 1)[~self.statistics.is_mute(signal)]
                   for signal in self.signals]
        return np.concatenate(signals).astype(np.float32, copy=False)

    @cached_property
    def _columns_of(self) -> dict[CellName, list[int]]:
        """The columns of each cell, one per signal."""
        columns: dict[CellName, list[int]] = {}
        for number, (_, cell) in enumerate(self.columns):
            columns.setdefault(cell, []).append(number)
        return columns

    @cached_property
    def current(self) -> np.ndarray:
        """eta^2 of the current character for each column, as it is shown."""
        signals = [self.recording.shown(signal).transpose(0, 2, 1)[~self.statistics.is_mute(signal)]
                   for signal in self.signals]
        return explained(np.concatenate(signals), self.recording.tokens)

    def findings(self) -> list[Finding]:
        """The best cell for each feature that could be tested, the strongest first."""
        if not self.columns or not self.features:
            return []
        found = [self._finding(number, int(column)) for number, column in enumerate(np.abs(self.found).argmax(axis=1))]
        return sorted(found, key=lambda one: -one.strength)

    def best_of(self, cell: CellName) -> Finding | None:
        """The feature that a cell follows best, confirmed or not; None for a cell without a signal that moves."""
        columns = self._columns_of.get(cell, [])
        if not self.features or not columns:
            return None
        most = np.array([0.5 if one.is_boolean else 1.0 for one in self.features])
        levels = np.minimum(self.chance, 0.999 * most)  # chance alone may reach all
        margin = (np.abs(self.found[:, columns]) - levels[:, None]) / (most - levels)[:, None]
        number, place = np.unravel_index(int(margin.argmax()), margin.shape)
        return self._finding(int(number), columns[int(place)])

    def values_of(self, cell: CellName, signal: str) -> np.ndarray:
        """A signal of a cell (T,), c without the tanh."""
        values: np.ndarray = self._values[self.columns.index((signal, cell))]
        return values

    def ranking(self, name: str, count: int) -> list[Finding]:
        """The cells that follow the feature `name` best on the first half, each once; none if it was not tested."""
        number = next((n for n, one in enumerate(self.features) if one.name == name), None)
        if number is None:
            return []
        order = np.argsort(-np.abs(self.found[number]), kind="stable")
        first: dict[CellName, int] = {}
        for column in order:
            first.setdefault(self.columns[column][1], int(column))
        return [self._finding(number, column) for column in list(first.values())[:count]]

    def _signal(self, number: int, column: int) -> int:
        """The column of the same cell that a claim is about."""
        columns = self._columns_of[self.columns[column][1]]
        if len(columns) == 1:
            return column
        memory, output = columns
        usual, other = (output, memory) if self.statistics.flags["saturated"][self.columns[column][1]] else (
            memory, output)
        better, noise = self._difference(number, usual, other)
        return other if better > 0 and better > _NOISE * noise else usual

    def _difference(self, number: int, one: int, other: int) -> tuple[float, float]:
        """By how much the second of two columns scores better on the first half, and the standard error of that.

        Summed anew in float64: the scores of equal columns differ by the rounding of a float32 product.
        """
        matrix, weights = self._first_half
        first, second = (matrix.parts(weights, number, column) * np.sign(self.found[number, column])
                         for column in (one, other))
        gains = second - first
        return float(gains.sum()), block_error(gains * len(gains))

    def _finding(self, number: int, column: int) -> Finding:
        column = self._signal(number, column)
        feature, (signal, cell), row = self.features[number], self.columns[column], self._values[column]
        base = 0.5 if feature.is_boolean else 0.0
        sign = -1 if self.found[number, column] < 0 else 1
        held_out = self.halves[1]
        return Finding(
            feature, cell, signal, sign, found=float(base + abs(self.found[number, column])),
            score=float(base + sign * self.held_out[number, column]), chance=float(base + self.chance[number]),
            alone=float(self.alone[number]),
            threshold=best_threshold(row, feature.values, sign, *self.halves) if feature.is_boolean else None,
            current=float(self.current[column]),
            binned=float(explained(row[None, held_out], _bins(feature.values[held_out]))[0]))


def why_untested(feature: Feature, warm_up: int) -> str:
    """Why a feature can't be tested on a text of which `warm_up` places don't count; empty if it can."""
    values = feature.values[warm_up:]
    if not len(values) or (values == values[0]).all():
        return "always so" if len(values) and values[0] else "absent"
    halves = values[:len(values) // 2], values[len(values) // 2:]
    return "" if all(_is_common_enough(half, feature.restarts) for half in halves) else "too rare"


def _is_common_enough(values: np.ndarray, restarts: bool) -> bool:
    """Whether a feature comes often enough; a numeric one is there where it does not have its commonest value, and one
    that counts has to start again often enough."""
    if restarts and np.count_nonzero(values[1:] < values[:-1]) < LEAST_PLACES:
        return False
    if values.dtype == bool:
        there, absent = values, int(np.count_nonzero(~values))
    else:
        kinds, counts = np.unique(values, return_counts=True)
        there, absent = values != kinds[counts.argmax()], LEAST_PLACES
    times = int(np.count_nonzero(there[1:] & ~there[:-1])) + int(there[0])
    return min(int(there.sum()), absent) >= LEAST_PLACES and times >= LEAST_TIMES


def _bins(values: np.ndarray) -> np.ndarray:
    """The bin of each value: bins of about equally many places, equal values together."""
    if values.dtype == bool:
        return values.astype(np.intp)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")
