"""Layer render: the matching cells of two networks, as a table."""

from collections.abc import Iterator

import numpy as np

from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.compare import CellMatches
from charrnn.inspection.results import Inspection
from charrnn.render.inspection.style import ReportStyle, score_words

_CELLS = 12  # in the table, if no cell tracks context


def compare_report(inspection: Inspection, found: CellMatches, names: tuple[str, str], style: ReportStyle,
                   top: int) -> Iterator[str]:
    """A line for each cell that tracks context, or for those with the best matches; then one for all cells."""
    tracks = {one.cell: one.feature.name for one in inspection.context[:top]}
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
    yield from style.wrapped("", [f"of all {found.unit.size} cells {100 * found.confirmed:.0f}% have a match better "
                                 f"than chance ({score_words(found.chance)}); the median is {score_words(median)}"])
