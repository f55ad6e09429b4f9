"""Layer inspection: where a cell is on: how often, and where it is on though its feature does not hold."""

from dataclasses import dataclass

import numpy as np

from charrnn.inspection.cell_statistics import peaks
from charrnn.inspection.find import CellSearch, Finding

HARD, APART = 5, 20  # places that are shown, so many places apart

DEFINITIONS = {
    "on": "the share of the places of the second half where the cell is beyond its threshold, beside the share where "
          "its feature holds: a cell that is on more often means more than the feature",
    "hard negatives": "the places of the second half where the cell is farthest beyond its threshold though its "
                      "feature does not hold",
}


@dataclass(frozen=True)
class Activity:
    """density   share of the places of the second half where the cell is on
    hard      hard negatives, the strongest first: places of the recording
    """

    density: float
    hard: list[int]


def activity(search: CellSearch, finding: Finding, warm_up: int) -> Activity | None:
    """Of the cell and the feature of `finding`; None for a numeric feature, which no cell is on for."""
    if finding.threshold is None:
        return None
    half = search.halves[1]
    beyond = finding.sign * (search.values_of(finding.cell, finding.signal)[half] - finding.threshold.value)
    false = np.where((beyond > 0) & ~finding.feature.values[half], beyond, -np.inf)
    strongest = [place for place in peaks(false, HARD, APART) if np.isfinite(false[place])]
    return Activity(float((beyond > 0).mean()), [warm_up + half.start + place for place in strongest])
