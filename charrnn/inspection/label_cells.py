"""Layer inspection: which cells tell the label of a document at its end.

The network reads every document with the same label, the average unless one is given, so that what a cell tells comes
from the text. The search is that for features, with a document in place of a place: the label that fits a cell best on
one half of the documents is tested on the other, and compared with chance.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.find import CellSearch, Finding
from charrnn.inspection.recording import Recording

_SEED = 1  # documents may be sorted by label, so they are shuffled; the same text must give the same bytes

DEFINITIONS = {
    "tell the label": "how well a cell's state at the end of a document tells one label from all others: AUC on half "
                      "of the documents, of the label that fits best on the other half; [chance] is what the best of "
                      "all cells exceeds in 1 of 20 searches for that label with the documents shifted; they are read "
                      "with the average of all labels, or with that of --label",
}


def label_cells(recording: Recording, labels: Sequence[str]) -> list[Finding]:
    """For each cell the label that it tells best, the best cells first.

    labels   of each document of the recording; none, or too few of each, give no findings
    """
    if not labels:
        return []
    starts = np.flatnonzero(recording.tokens == recording.tokens[0])
    ends = np.append(starts[1:], len(recording)) - 1
    order = np.random.default_rng(_SEED).permutation(len(ends))
    at, shuffled = ends[order], np.array(labels)[order]
    states = dataclasses.replace(recording, tokens=recording.tokens[at], targets=recording.targets[at], warm_up=0,
                                 signals={name: array[:, at] for name, array in recording.signals.items()},
                                 predictions=recording.predictions.select(at))
    search = CellSearch(states, [Feature(name, shuffled == name, f"the document's label is {name}")
                                 for name in dict.fromkeys(labels)])
    cells = [CellName(k, u) for k in range(recording.layers) for u in range(recording.hidden)]
    found = [one for cell in cells if (one := search.best_of(cell))]
    return sorted(found, key=lambda one: -one.score)
