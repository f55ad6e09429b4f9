"""Layer render: what is said when nobody asks for anything: which cells track what, whether the network is healthy,
how far back it looks, and where it is surprised. At most 45 lines of 80 columns."""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from charrnn.inspection.finder import Finding
from charrnn.inspection.inspection import AGREEMENT, Inspection
from charrnn.inspection.names import CellName
from charrnn.inspection.surprise import bits, kinds, worst
from charrnn.render.inspection.look import Look, memory_words, score_words
from charrnn.render.inspection.tables import brief, missing, table

_LINES, _LINES_WITHOUT_COLOUR = 6, 3  # of text, shown on the colours of the best cell
_WORST, _BEFORE = 3, 20
_VISIBLE = 3  # characters that a feature lasts, if its colour is to be seen


def summary(done: Inspection, look: Look, top: int, window: int) -> Iterator[str]:
    """The whole of it; `window` is how far back the gradient of training reached."""
    yield from check(done, look)
    yield ""
    yield from _tracking(done, look, top)
    if done.context:
        yield ""
        yield from on_the_text(done, _to_see(done), look)
    yield ""
    yield from _health(done, look)
    yield from _memory(done, look, window)
    yield from _surprise(done, look)


def check(done: Inspection, look: Look) -> Iterator[str]:
    """What was read, and whether the numbers can be trusted."""
    kind = "documents, each from the initial state" if done.passage.mark is not None else "one stream"
    agrees = (f"evaluation finds the same, to {AGREEMENT:g}" if done.agrees else
              f"EVALUATION FINDS {done.evaluated_nats / math.log(2):.5f}: TRUST NOTHING BELOW")
    yield from look.wrapped("", [f"{done.passage.origin}: {len(done.passage):,} places, read as {kind}",
                                 f"{done.recording.nats / math.log(2):.3f} bits each ({agrees})"])


def _tracking(done: Inspection, look: Look, top: int) -> Iterator[str]:
    if done.context:
        rows = done.context[:top]
        costs = [one.overall.bits for one in done.silenced([one.cell for one in rows])]
        yield "CELLS THAT TRACK CONTEXT, scored on the half of the text that did not choose"
        yield from table(rows, done.facts, costs)
        if len(done.context) > top:
            yield f" and {len(done.context) - top} more; --top {len(done.context)} shows all"
    else:
        yield "NO CELL WAS FOUND THAT TELLS MORE THAN THE CHARACTER JUST READ"
    yield from look.wrapped("EXPECT what comes:", [f"{brief(one)} [{score_words(one.chance)}]"
                                                    for one in done.expecting], most=2)
    yield from look.wrapped("FOLLOW the character just read:", [brief(one) for one in done.local], most=2)
    rare = [one.name for one in done.features
            if done.search.untested.get(one.name) == "too rare" and not one.is_plain and one.is_causal]
    yield from missing([one for one in done.unconfirmed if one.feature.is_causal], rare, look)


def _to_see(done: Inspection) -> Finding:
    """The finding that colours show best: a feature that lasts, and a cell that is far apart with and without it."""
    return max(done.context, key=lambda one: (_lasts(one), _contrast(done, one)))


def _lasts(finding: Finding) -> bool:
    """Whether the feature is there for some characters each time: a single one can hardly be seen."""
    values = finding.feature.values
    times = int(np.count_nonzero(values[1:] > values[:-1]))
    return not finding.feature.is_boolean or int(np.count_nonzero(values)) >= _VISIBLE * max(1, times)


def _contrast(done: Inspection, finding: Finding) -> float:
    """How far the cell is apart; where the feature counts, as far as it follows it."""
    values = done.values(finding.cell, finding.signal)[done.recording.warm_up:]
    if finding.feature.is_boolean:
        return float(abs(values[finding.feature.values].mean() - values[~finding.feature.values].mean()))
    return float(2 * values.std() * finding.score)


def on_the_text(done: Inspection, finding: Finding, look: Look) -> Iterator[str]:
    """The cell of a finding on some lines of the half that confirmed it, where its feature comes and goes."""
    yield f"{finding.cell} ({finding.signal}) on the text: {finding.feature.name}   {look.scale()}"
    start, stop = _lively(done, finding, look.width - 2, _LINES if look.depth else _LINES_WITHOUT_COLOUR)
    pieces = done.passage.pieces[start:stop]
    values = np.repeat(done.values(finding.cell, finding.signal)[start:stop], [len(piece) for piece in pieces])
    most = _LINES if look.depth else 2 * _LINES_WITHOUT_COLOUR
    yield from itertools.islice(look.coloured("".join(pieces), values.tolist()), most)


def _lively(done: Inspection, finding: Finding, width: int, lines: int) -> tuple[int, int]:
    """The places that so many lines show, in the half that confirmed, with the feature as varied as can be."""
    first = done.recording.warm_up + done.search.halves[1].start
    ends = _line_ends(done.passage.pieces[first:-1], width)
    bounds = first + np.array([0, *ends])
    values = np.zeros(first), finding.feature.values[done.search.halves[1]].astype(np.float64)
    sums, squares = (np.concatenate([[0.0], np.cumsum(np.concatenate(values) ** power)]) for power in (1, 2))
    starts, stops = bounds[:max(1, len(bounds) - lines)], bounds[min(lines, len(bounds) - 1):]
    sizes = stops - starts
    spread = squares[stops] - squares[starts] - (sums[stops] - sums[starts]) ** 2 / sizes
    best = int(spread.argmax())
    return int(starts[best]), int(stops[best])


def _line_ends(pieces: list[str], width: int) -> list[int]:
    """Behind which pieces a line of the terminal ends."""
    ends, used = [], 0
    for number, piece in enumerate(pieces):
        used += len(piece)
        if piece.endswith("\n") or used >= width:
            ends.append(number + 1)
            used = 0
    return ends or [len(pieces)]


def _health(done: Inspection, look: Look) -> Iterator[str]:
    """How many cells are odd, by layer."""
    layers, hidden = done.recording.layers, done.recording.hidden
    has_gate = np.isfinite(done.facts.resets).all()
    said = []
    for name, words in (("integrator", "integrators"), ("feed-forward", "feed-forward"),
                        ("railed", "railed (kept out above)"), ("dead", "dead")):
        counts = done.facts.flags[name].sum(axis=1)
        if name in ("integrator", "feed-forward") and not has_gate:
            continue
        each = "" if layers == 1 or not counts.any() else (
            ": " + " ".join(f"L{k + 1} {count}" for k, count in enumerate(counts)))
        said.append(f"{counts.sum()}/{layers * hidden} {words}{each}")
    yield from look.wrapped("HEALTH ", said, ", ", 3)


def _memory(done: Inspection, look: Look, window: int) -> Iterator[str]:
    """How far back the gradient and the predictions reach, and the cell that remembers longest."""
    said = [f"99% of the input's gradient lies within {done.horizon.within[99]} characters (trained with {window})"]
    enough = done.context_use.enough
    said.append("more context than the last " + (f"{enough} is worth < .01 bits" if enough is not None else
                                                 f"{done.context_use.lengths[-1]} is still worth something"))
    tau = np.where(done.facts.is_mute, -1.0, done.facts.tau)
    if tau.max() > 0:
        longest = CellName(*(int(place) for place in np.unravel_index(tau.argmax(), tau.shape)))
        said.append(f"longest memory {longest}, {memory_words(float(tau.max()))}")
    yield from look.wrapped("MEMORY ", said)


def _surprise(done: Inspection, look: Look) -> Iterator[str]:
    """By kinds of characters, and where it was greatest."""
    said = [f"{kind.name} {kind.bits:.1f}" for kind in kinds(done.recording, done.passage)]
    yield from look.wrapped("SURPRISE in bits:", said, ", ")
    values, pieces = bits(done.recording), done.passage.pieces
    places = []
    for place in worst(done.recording, _WORST):
        before = "".join(pieces[max(0, place + 1 - _BEFORE):place + 1])[-_BEFORE:]
        places.append(f"...{look.visible(before)}[{look.visible(pieces[place + 1])}] {values[place]:.0f}")
    yield from look.wrapped(" most:", places, "  ", 2)
