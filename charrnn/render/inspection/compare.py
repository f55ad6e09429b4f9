"""Layer render: the cells of two networks side by side, in words."""

from collections.abc import Iterator

import numpy as np

from charrnn.inspection.compare import Matches
from charrnn.inspection.inspection import Inspection
from charrnn.inspection.names import CellName
from charrnn.render.inspection.look import Look, score_words

_CELLS = 12  # in the table, where nothing is tracked


def compare_report(done: Inspection, found: Matches, names: tuple[str, str], look: Look, top: int) -> Iterator[str]:
    """A line for each cell that tracks something, or for those with the best matches; then all cells at once."""
    tracks = {one.cell: one.feature.name for one in done.context[:top]}
    order = np.argsort(-np.abs(found.correlation), axis=None)[:min(top, _CELLS)]
    hidden = found.unit.shape[1]
    cells = list(tracks) or [CellName(int(place) // hidden, int(place) % hidden) for place in order]
    yield f" {names[0]} -> {names[1]}"
    yield f" {'cell':8}{'match':8}{'corr':>5}  tracks"
    for cell in cells:
        match, correlation = found.of(cell)
        sure = "" if abs(correlation) > found.chance else "  (no better than chance)"
        yield f" {cell!s:8}{match!s:8}{score_words(correlation):>5}  {tracks.get(cell, '')}{sure}".rstrip()
    median = float(np.median(np.abs(found.correlation)))
    yield from look.wrapped("", [f"of all {found.unit.size} cells {100 * found.confirmed:.0f}% have a match better "
                                 f"than chance ({score_words(found.chance)}); the median is {score_words(median)}"])
