"""Layer render: findings as tables and lines, and the best of them on the text."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from charrnn.inspection.ablation import Ablation
from charrnn.inspection.cell_statistics import CellStatistics
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.find import Finding
from charrnn.inspection.results import Inspection
from charrnn.inspection.steering import Steering
from charrnn.render.inspection.style import ReportStyle, bits_words, hold_words, score_words, share_words

_LINES, _LINES_WITHOUT_COLOUR = 6, 3  # of text, in the colours of a cell


def table(findings: Sequence[Finding], statistics: CellStatistics, costs: Sequence[Ablation] = (),
          steers: Sequence[Steering | None] = ()) -> Iterator[str]:
    """A heading and a row for each finding, in at most 80 columns; under it what was measured of the cell.

    costs    of ablating each cell, if they were measured
    steers   what holding each cell changes, if that was measured
    """
    width = max((len(str(one.cell)) for one in findings), default=4)
    room = 80 - (width + 5) - 14 - 5 - 5 - 7 - (8 if costs else 0)
    yield (f" {'cell':{width}}    {'tracks':{room}}{'score [chance]':14}{'IoU':>5}{'char':>5}{'memory':>7}"
           + (f"{'cost':>8}" if costs else ""))
    if steers:
        yield f" {'':{width}}    bits where it costs most; held low -> high while it writes"
    for number, one in enumerate(findings):
        yield (f" {one.cell!s:{width}} {signal_words(one)} {_cut(one.feature.name, room - 1):{room}}"
               f"{scored(one):14}{score_words(one.threshold.iou) if one.threshold else '-':>5}"
               f"{share_words(one.current):>5}{hold_words(statistics, one.cell):>7}"
               + (f"{bits_words(costs[number].overall.bits):>8}" if costs else ""))
        measured = [most_words(costs[number])] if costs and costs[number].most else []
        measured += [steer_words(one.feature, found)] if steers and (found := steers[number]) else []
        if measured:
            yield _cut(f" {'':{width}}    {'; '.join(measured)}", 80)


def most_words(cost: Ablation) -> str:
    """`costs most before ": +2.27 +-.31 bits`, the character that comes next."""
    if cost.most is None:
        return ""
    name, found = cost.most
    return f"{found.bits:+.2f} +-{found.error:.2f} {name}"


def steer_words(feature: Feature, found: Steering) -> str:
    """`steers: 2% -> 61% (+-6)` of what the network writes, with the error of the difference; of a count its mean."""
    scale, unit = (100, "%") if feature.is_boolean else (1, "")
    digits = 0 if feature.is_boolean or max(found.with_low, found.with_high, found.error) >= 100 else 1
    low, high, error = (f"{scale * number:.{digits}f}" for number in (found.with_low, found.with_high, found.error))
    return f"{found.verdict}: {low}{unit} -> {high}{unit} (+-{error})"


def _cut(name: str, room: int) -> str:
    return name if len(name) <= room else name[:room - 1] + "."


def signal_words(finding: Finding) -> str:
    """`c+`: the signal, and whether it is high or low where the feature is."""
    return finding.signal + ("+" if finding.sign > 0 else "-")


def scored(finding: Finding) -> str:
    """`AUC .97 [.70]`"""
    return f"{finding.feature.measure} {score_words(finding.score)} [{score_words(finding.chance)}]"


def brief(finding: Finding) -> str:
    """`L3:64 white space .99`"""
    return f"{finding.cell} {finding.feature.name} {score_words(finding.score)}"


def missing(findings: Sequence[Finding], untested: Sequence[str], style: ReportStyle) -> Iterator[str]:
    """The features that were not found, and those that could not be tested, without single letters."""
    named = [f"{one.feature.name} {score_words(one.score)}" for one in findings if not one.feature.is_plain]
    yield from style.wrapped("not found on the second half:", named, ", ", 1)
    yield from style.wrapped("too rare in this text to be tested:", untested, ", ", 2)


def custom_report(inspection: Inspection, style: ReportStyle, top: int) -> Iterator[str]:
    """The best cells for each custom feature, and the first of them on the text."""
    for feature in inspection.custom:
        yield ""
        values = feature.values[inspection.recording.warm_up:]
        name = feature.name if style.width > len(feature.name) else feature.name[:style.width - 1]
        yield (f"{name}: true at {int(values.sum()):,} places" if feature.is_boolean else
               f"{name}: {int(values.min(initial=0)):,} to {int(values.max(initial=0)):,}")
        reason = inspection.search.untested.get(feature.name)
        if reason:
            yield f"  {reason} in this text to be tested: see --explain"
            continue
        best = inspection.search.ranking(feature.name, top)
        if not best:
            yield "  no cell varies"
            continue
        yield from table(best, inspection.statistics)
        first = best[0]
        yield from style.wrapped(f" {first.cell} {claim_words(first)};", [
            f"the current character alone would give {score_words(first.alone)}"
            + (f", a cell that is always on an IoU of {share_words(first.threshold.prevalence)}" if first.threshold
               else "")])
        yield from on_the_text(inspection, first, style)


def claim_words(finding: Finding) -> str:
    """Whether a cell tracks a feature, and if not, why not."""
    if finding.is_context or (finding.is_confirmed and finding.feature.is_plain):
        return "tracks it: confirmed on the second half"
    if finding.is_confirmed:
        return "does NOT track it: the character just read predicts it as well"
    return "is NOT confirmed: it may be chance"


def on_the_text(inspection: Inspection, finding: Finding, style: ReportStyle) -> Iterator[str]:
    """Some lines of the second half in the colours of the cell, where its feature varies most."""
    yield f"{finding.cell} ({finding.signal}) on the text: {finding.feature.name}   {style.scale()}"
    start, stop = _liveliest(inspection, finding, style.width - 2, _LINES if style.depth else _LINES_WITHOUT_COLOUR)
    pieces = inspection.passage.pieces[start:stop]
    values = np.repeat(inspection.values(finding.cell, finding.signal)[start:stop], [len(piece) for piece in pieces])
    most = _LINES if style.depth else 2 * _LINES_WITHOUT_COLOUR
    yield from itertools.islice(style.coloured("".join(pieces), values.tolist()), most)


def _liveliest(inspection: Inspection, finding: Finding, width: int, lines: int) -> tuple[int, int]:
    """The places of so many lines of the second half in which the feature has the largest variance."""
    half = inspection.search.halves[1]
    first = inspection.recording.warm_up + half.start
    bounds = first + np.array([0, *_line_ends(inspection.passage.pieces[first:-1], width)])
    values = np.zeros(first), finding.feature.values[half].astype(np.float64)
    sums, squares = (np.concatenate([[0.0], np.cumsum(np.concatenate(values) ** power)]) for power in (1, 2))
    starts, stops = bounds[:max(1, len(bounds) - lines)], bounds[min(lines, len(bounds) - 1):]
    spread = squares[stops] - squares[starts] - (sums[stops] - sums[starts]) ** 2 / (stops - starts)
    best = int(spread.argmax())
    return int(starts[best]), int(stops[best])


def _line_ends(pieces: list[str], width: int) -> list[int]:
    """The numbers of pieces up to each end of a line on the terminal."""
    ends, used = [], 0
    for number, piece in enumerate(pieces):
        used += len(piece)
        if piece.endswith("\n") or used >= width:
            ends.append(number + 1)
            used = 0
    return ends or [len(pieces)]
