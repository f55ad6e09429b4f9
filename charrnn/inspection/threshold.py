"""Layer inspection: where a cell is best cut in two to follow a feature, and how well the two parts fit it."""

from typing import NamedTuple

import numpy as np


class Threshold(NamedTuple):
    """value    the cell is "on" above it, or below it where the sign is -1
    iou         places on and true / places on or true, on the half that did not choose the value
    prevalence  share of the places where the feature is true: the iou of a cell that is always on
    """

    value: float
    iou: float
    prevalence: float


def best_threshold(values: np.ndarray, feature: np.ndarray, sign: int, chosen_on: slice, held: slice) -> Threshold:
    """The cut of values (T,) that fits a true-or-false feature (T,) best on one part of the text, scored on another."""
    signed = sign * values.astype(np.float64)
    cut = _cut(signed[chosen_on], feature[chosen_on])
    on, true = signed[held] > cut, feature[held]
    either = int(np.count_nonzero(on | true))
    return Threshold(sign * cut, int(np.count_nonzero(on & true)) / max(1, either), float(true.mean()))


def _cut(values: np.ndarray, true: np.ndarray) -> float:
    """Half-way between two values, such that those above fit `true` best; below all of them if nothing is better."""
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    hits = np.cumsum(true[order])
    on = np.arange(1, len(values) + 1)
    iou = hits / (on + true.sum() - hits)
    is_last = np.append(ordered[1:] != ordered[:-1], True)  # equal values are on together, or not at all
    best = int(np.where(is_last, iou, -1.0).argmax())
    return float(ordered[best] - 1 if best == len(values) - 1 else (ordered[best] + ordered[best + 1]) / 2)
