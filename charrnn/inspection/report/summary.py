"""Floor 6: what is said when nobody asks for anything: which cells track what, whether the network is healthy, and
where it is surprised. At most 45 lines of 80 columns."""

import math
from collections.abc import Iterator

import numpy as np

from charrnn.inspection.features.feature import Feature
from charrnn.inspection.finder import Finding
from charrnn.inspection.inspection import AGREEMENT, Inspection
from charrnn.inspection.names import CellName
from charrnn.inspection.report.look import Look, memory_words, score_words
from charrnn.inspection.report.tables import Cost, brief, mark_of, missing, table
from charrnn.inspection.surprise import bits, kinds, worst

_LINES, _LINES_WITHOUT_COLOUR = 6, 4  # of text, shown on the colours of the best cell
_LOCAL, _EXPECTING = 6, 3
_WORST, _BEFORE = 3, 24


def summary(done: Inspection, look: Look, top: int, cost: Cost = lambda cell: None) -> Iterator[str]:
    """The whole of it; what reach and ablation add comes from outside."""
    yield from check(done, look)
    yield ""
    yield from _tracking(done, look, top, cost)
    if done.context:
        yield ""
        yield from on_the_text(done, done.context[0], look)
    yield ""
    yield from health(done, look)
    yield from surprise(done, look)


def check(done: Inspection, look: Look) -> Iterator[str]:
    """What was read, and whether the numbers can be trusted."""
    nats, count = done.recording.nats, len(done.passage)
    agrees = "the same" if done.agrees else f"{done.evaluated_nats / math.log(2):.5f}: THEY DIFFER, trust nothing below"
    stream = "documents, each from the initial state" if done.passage.mark is not None else "one stream"
    yield from look.wrapped("", [f"{done.passage.origin}, {count:,} places, read as {stream}",
                                 f"{nats / math.log(2):.3f} bits each; evaluation finds {agrees} (to {AGREEMENT:g})"])


def _tracking(done: Inspection, look: Look, top: int, cost: Cost) -> Iterator[str]:
    if done.context:
        yield "CELLS THAT TRACK CONTEXT  (scored on the half that did not choose; [chance])"
        yield from table(done.context[:top], done.facts, cost)
        if len(done.context) > top:
            yield f" and {len(done.context) - top} more; --top {len(done.context)} shows all"
    else:
        yield "NO CELL WAS FOUND THAT TRACKS MORE THAN THE CURRENT CHARACTER"
    yield from look.wrapped("EXPECT what comes:", [f"{brief(one)} [{score_words(one.chance)}]"
                                                    for one in done.expecting[:_EXPECTING]])
    yield from look.wrapped("FOLLOW the character just read:", [brief(one) for one in done.local[:_LOCAL]])
    yield from missing([one for one in done.unconfirmed if one.feature.is_causal], done.search.untested, look)


def on_the_text(done: Inspection, finding: Finding, look: Look) -> Iterator[str]:
    """The cell of a finding on a stretch of the half that confirmed it."""
    yield f"{finding.cell} ({mark_of(finding)[0]}) on the text: {finding.feature.name}   {look.scale()}"
    count = (look.width - 2) * (_LINES if look.depth else _LINES_WITHOUT_COLOUR)
    start = _lively(done, finding.feature, count)
    pieces = done.passage.pieces[start:start + count]
    values = done.values(finding.cell, finding.signal)[start:start + count]
    yield from _some(look, pieces, values)


def _some(look: Look, pieces: list[str], values: np.ndarray) -> Iterator[str]:
    """As many lines as there is room for."""
    text = "".join(pieces)
    levels = np.repeat(values, [len(piece) for piece in pieces][:len(values)])
    most = _LINES if look.depth else 2 * _LINES_WITHOUT_COLOUR
    for number, line in enumerate(look.coloured(text[:len(levels)], levels.tolist())):
        if number == most:
            return
        yield line


def _lively(done: Inspection, feature: Feature, count: int) -> int:
    """Where `count` places begin, in the half that confirmed, in which the feature comes and goes most."""
    recording = done.recording
    first = recording.warm_up + done.search.halves[1].start
    whole = next(one for one in done.search.features if one.name == feature.name).values
    changes = np.concatenate([[0], np.cumsum(whole[1:] != whole[:-1])])[done.search.halves[1].start:]
    last = max(1, len(changes) - count)
    gains = np.minimum(changes[np.minimum(np.arange(last) + count, len(changes) - 1)] - changes[:last], 40)
    begins = np.array([place == 0 or done.passage.pieces[place - 1].endswith("\n")
                       for place in range(first, first + last)])
    if begins.any():
        gains = np.where(begins, gains, -1)
    return first + int(gains.argmax())


def health(done: Inspection, look: Look) -> Iterator[str]:
    """How many cells are odd, by layer."""
    layers, hidden = done.recording.layers, done.recording.hidden
    said = []
    for name, mask in done.facts.flags.items():
        counts = mask.sum(axis=1)
        if name == "constant" or (name in ("integrator", "feed-forward") and not counts.any()):
            continue
        each = "" if layers == 1 or not counts.any() else (
            " (" + ", ".join(f"L{k + 1} {count}" for k, count in enumerate(counts)) + ")")
        said.append(f"{counts.sum()}/{layers * hidden} {name}{each}")
    yield from look.wrapped("HEALTH ", said, ", ")
    tau = np.where(done.facts.is_mute, -1.0, done.facts.tau)
    if tau.max() > 0:
        longest = CellName(*(int(place) for place in np.unravel_index(tau.argmax(), tau.shape)))
        middle = memory_words(float(np.median(tau[tau >= 0])))
        yield from look.wrapped("MEMORY ", [f"of cells that vary {middle} in the "
                                            f"median, {memory_words(float(tau.max()))} at most ({longest})"])


def surprise(done: Inspection, look: Look) -> Iterator[str]:
    """By kinds of characters, and where it was greatest."""
    said = [f"{kind.name} {kind.bits:.1f}" for kind in kinds(done.recording, done.passage)]
    yield from look.wrapped("SURPRISE in bits:", said, ", ")
    values, pieces = bits(done.recording), done.passage.pieces
    places = []
    for place in worst(done.recording, _WORST):
        before = "".join(pieces[max(0, place + 1 - _BEFORE):place + 1])[-_BEFORE:]
        places.append(f"{look.visible(before)}[{look.visible(pieces[place + 1])}] {values[place]:.0f}")
    yield from look.wrapped("  most:", places, "   ")
