"""Layer render: the summary of an inspection, in at most 45 lines of 80 columns: which cells track what, which are
unusual, how far back the network looks, and where the surprisal is high."""

import math
from collections.abc import Iterator

import numpy as np

from charrnn.inspection.advice import reach_words
from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.find import Finding
from charrnn.inspection.results import AGREEMENT, Inspection
from charrnn.inspection.surprisal import kinds, most_surprising
from charrnn.render.inspection.findings import brief, missing, on_the_text, table
from charrnn.render.inspection.style import ReportStyle, memory_words, score_words

_WORST, _BEFORE = 3, 20  # places of high surprisal, and characters shown before each
_VISIBLE = 3  # characters that a feature must last for its colour to be seen


def summary(inspection: Inspection, style: ReportStyle, top: int, window: int) -> Iterator[str]:
    """The whole summary; `window` is the window in training."""
    yield from check(inspection, style)
    yield ""
    yield from _tracking(inspection, style, top)
    if inspection.context:
        yield ""
        yield from on_the_text(inspection, _most_visible(inspection), style)
    yield ""
    yield from _health(inspection, style)
    yield from _memory(inspection, style, window)
    yield from _surprisal(inspection, style)


def check(inspection: Inspection, style: ReportStyle) -> Iterator[str]:
    """The text that was read, and whether the numbers can be trusted."""
    kind = "documents, each from the initial state" if inspection.passage.mark is not None else "one stream"
    agrees = (f"evaluation finds the same, to {AGREEMENT:g}" if inspection.agrees else
              f"EVALUATION FINDS {inspection.evaluated_nats / math.log(2):.5f}: TRUST NOTHING BELOW")
    yield from style.wrapped("", [f"{inspection.passage.origin}: {len(inspection.passage):,} places, read as {kind}",
                                  f"{inspection.recording.nats / math.log(2):.3f} bits each ({agrees})"])


def _tracking(inspection: Inspection, style: ReportStyle, top: int) -> Iterator[str]:
    if inspection.context:
        rows = inspection.context[:top]
        costs = inspection.costs([one.cell for one in rows])
        yield "CELLS THAT TRACK CONTEXT, found on the first half, tested on the second"
        yield from table(rows, inspection.statistics, costs, [inspection.steering(one.cell) for one in rows])
        if len(inspection.context) > top:
            yield f" and {len(inspection.context) - top} more; --top {len(inspection.context)} shows all"
    else:
        yield "NO CELL TRACKS MORE THAN THE CHARACTER JUST READ"
    yield from style.wrapped("EXPECT what comes:", [f"{brief(one)} [{score_words(one.chance)}]"
                                                     for one in inspection.expecting], most=2)
    yield from style.wrapped("FOLLOW the character just read:", [brief(one) for one in inspection.local], most=2)
    if inspection.passage.labels:
        telling = [one for one in inspection.label_cells if one.score > one.chance]
        none = "no cell" if inspection.label_cells else "too few to be tested"
        yield from style.wrapped(f"TELL THE LABEL at the end of {len(inspection.passage.labels):,} documents:",
                                 [f"{brief(one)} [{score_words(one.chance)}]" for one in telling] or [none], most=3)
    rare = [one.name for one in inspection.features
            if inspection.search.untested.get(one.name) == "too rare" and not one.is_plain and one.is_causal]
    yield from missing([one for one in inspection.unconfirmed if one.feature.is_causal], rare, style)


def _most_visible(inspection: Inspection) -> Finding:
    """The finding that colours show best: a feature that lasts, and a cell that differs most with and without it."""
    return max(inspection.context, key=lambda one: (_lasts(one), _contrast(inspection, one)))


def _lasts(finding: Finding) -> bool:
    """Whether the feature lasts some characters each time: a single one can hardly be seen."""
    values = finding.feature.values
    times = int(np.count_nonzero(values[1:] > values[:-1]))
    return not finding.feature.is_boolean or int(np.count_nonzero(values)) >= _VISIBLE * max(1, times)


def _contrast(inspection: Inspection, finding: Finding) -> float:
    """The difference of the cell with and without the feature; for a numeric one, what follows it of the spread."""
    values = inspection.values(finding.cell, finding.signal)[inspection.recording.warm_up:]
    if finding.feature.is_boolean:
        return float(abs(values[finding.feature.values].mean() - values[~finding.feature.values].mean()))
    return float(2 * values.std() * finding.score)


def _health(inspection: Inspection, style: ReportStyle) -> Iterator[str]:
    """The number of cells with each flag, by layer."""
    layers, hidden = inspection.recording.layers, inspection.recording.hidden
    has_gate = np.isfinite(inspection.statistics.resets).all()
    items = []
    for name, words in (("integrator", "integrators"), ("feed-forward", "feed-forward"),
                        ("saturated", "saturated"), ("dead", "dead")):
        counts = inspection.statistics.flags[name].sum(axis=1)
        if name in ("integrator", "feed-forward") and not has_gate:
            continue
        each = "" if layers == 1 or not counts.any() else (
            ": " + " ".join(f"L{k + 1} {count}" for k, count in enumerate(counts)))
        items.append(f"{counts.sum()}/{layers * hidden} {words}{each}")
    yield from style.wrapped("HEALTH ", items, ", ", 2)


def _memory(inspection: Inspection, style: ReportStyle, window: int) -> Iterator[str]:
    """How far back the gradient and the predictions reach, and the cell with the longest memory."""
    items = [f"{reach_words(inspection.horizon, inspection.context_use)} (trained with windows of {window})"]
    statistics = inspection.statistics
    memory = np.where(statistics.is_mute("h"), -1.0, statistics.memory)
    if memory.max() > 0:
        longest = CellName(*(int(place) for place in np.unravel_index(memory.argmax(), memory.shape)))
        items.append(f"longest memory {longest}, {memory_words(float(memory.max()))}"
                     + (" from reset to reset" if statistics.holds[longest] else ""))
    yield from style.wrapped("MEMORY ", items)


def _surprisal(inspection: Inspection, style: ReportStyle) -> Iterator[str]:
    """By kind of character, and where it is highest."""
    recording, pieces = inspection.recording, inspection.passage.pieces
    items = [f"{kind.name} {kind.bits:.1f}" for kind in kinds(recording, inspection.passage)]
    yield from style.wrapped("SURPRISAL in bits:", items, ", ")
    places = []
    for place in most_surprising(recording, _WORST):
        before = "".join(pieces[max(0, place + 1 - _BEFORE):place + 1])[-_BEFORE:]
        places.append(f"...{style.visible(before)}[{style.visible(pieces[place + 1])}] "
                      f"{recording.predictions.surprisals[place]:.0f}")
    yield from style.wrapped(" most:", places, "  ", 2)
