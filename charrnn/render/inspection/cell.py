"""Layer render: the report on one cell: the text in its colours, what it follows, what moves it, where it peaks."""

from collections.abc import Iterator

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.inspection.ablation import BEFORE
from charrnn.inspection.cell_statistics import FLAGS, CellName, main_signal, peaks, pushes
from charrnn.inspection.probes import SIZES
from charrnn.inspection.results import Inspection
from charrnn.render.inspection.findings import scored, signal_words, steer_words
from charrnn.render.inspection.style import ReportStyle, bits_words, memory_words, score_words, share_words

_MOVERS, _PEAKS, _AROUND = 6, 5, 20
_CONDITIONS = 4  # of the next character, under which it costs most


def cell_report(inspection: Inspection, cell: CellName, style: ReportStyle, signal: str | None,
                lines: int) -> Iterator[str]:
    """lines   of text to show, 0 for the whole text"""
    name = signal or inspection.signal_of(cell)
    values = inspection.values(cell, name)
    is_gate = name in CELLS[inspection.recording.cell].sigmoid_gates
    scale = style.scale(*("0", "1") if is_gate else ("-1", "+1"))
    yield f"{cell}  {_signal_name(name, bool(inspection.recording.pinned[cell]))}  {scale}"
    yield from _text(inspection, values, style, lines, is_gate)
    yield from _statistics(inspection, cell, style)
    yield from _cost(inspection, cell, style)
    yield from _carriers(inspection, cell, style)
    yield from _moved(inspection, values, style)
    yield from _wired(inspection, cell, style)
    yield from _contexts(inspection, values, style)
    yield from _hard_negatives(inspection, cell, values, style)
    yield "  " + style.spark(_means(values, style.width - 2).tolist(), low=0.0 if is_gate else -1.0)


def _signal_name(name: str, is_pinned: bool) -> str:
    if name == "c" and is_pinned:
        return "c, its pinned memory, from its least value to its greatest"
    return {"c": "tanh c, its memory", "h": "h, what it sends out", "g": "g, what it would write",
            "n": "n, what it would write"}.get(name, f"gate {name}")


def _text(inspection: Inspection, values: np.ndarray, style: ReportStyle, lines: int, is_gate: bool) -> Iterator[str]:
    start = 0 if not lines else _liveliest(values, lines * style.width // 2, inspection.recording.warm_up)
    pieces = inspection.passage.pieces[start:-1]
    painted = 2 * values - 1 if is_gate else values
    each = np.repeat(painted[start:], [len(piece) for piece in pieces])
    most = lines * (1 if style.depth else 2)
    for number, line in enumerate(style.coloured("".join(pieces), each.tolist())):
        if lines and number == most:
            return
        yield line


def _liveliest(values: np.ndarray, count: int, first: int) -> int:
    """The start of the `count` places with the largest variance."""
    last = len(values) - count
    if last <= first:
        return 0
    sums, squares = (np.concatenate([[0], np.cumsum(part, dtype=np.float64)]) for part in (values, values**2))
    starts = np.arange(first, last)
    spread = (squares[starts + count] - squares[starts]) - (sums[starts + count] - sums[starts]) ** 2 / count
    return int(starts[spread.argmax()])


def _statistics(inspection: Inspection, cell: CellName, style: ReportStyle) -> Iterator[str]:
    """Numbers, flags, and what it follows."""
    statistics = inspection.statistics
    current, pair = (share_words(float(part[cell])) for part in inspection.eta)
    items = [f"mean {score_words(float(statistics.mean[cell]))}",
            f"spread {score_words(float(statistics.spread[cell]))}",
            f"|{main_signal(inspection.recording)}| up to {statistics.largest[cell]:.1f}",
            f"explained by the current character {current}, by the last two {pair}",
            f"memory {memory_words(float(statistics.tau[cell]))}"]
    if statistics.holds[cell]:
        items[-1] = (f"memory: holds until reset, {memory_words(float(statistics.memory[cell]))} "
                     f"({statistics.resets[cell]:.0f} resets in 1,000; {memory_words(float(statistics.tau[cell]))} on "
                     "average over both)")
    elif np.isfinite(statistics.resets[cell]):
        items[-1] += (f" ({memory_words(float(statistics.tau_hold[cell]))} while it holds, reset "
                     f"{statistics.resets[cell]:.0f} times in 1,000)")
    yield from style.wrapped("", items, ", ")
    yield from style.wrapped("flags:", [f"{name}: {FLAGS[name]}" for name in statistics.flags_of(cell)])
    best = inspection.claim(cell)
    if best is None:
        yield "tracks: nothing, since it carries no information"
        return
    claim = ("tracks" if best.is_context else "follows the character just read" if best.is_confirmed else
             "nearest to (not confirmed)")
    where = f"IoU {score_words(best.threshold.iou)} (always on: {score_words(best.threshold.prevalence)})" \
        if best.threshold else f"explains {share_words(best.binned)} of it in bins"
    yield from style.wrapped(f"{claim}:", [
        f"{best.feature.name}, {signal_words(best)}, {scored(best)}, {where}; the current character alone would give "
        f"{score_words(best.alone)}"])


def _cost(inspection: Inspection, cell: CellName, style: ReportStyle) -> Iterator[str]:
    """The cost of ablating it: everywhere, where its feature holds, and before which characters it is highest."""
    best, [found] = inspection.claim(cell), inspection.costs([cell])
    items = [f"{bits_words(found.overall.bits)} bits a character (se {found.overall.error:.3f})"]
    where = "" if best is None else f"where {best.feature.name}"
    if (part := found.by.get(where)) is not None:
        items.append(f"{where} {bits_words(part.bits)}")
    before = sorted((part.bits - 2 * part.error, name, part) for name, part in found.by.items()
                    if part is not None and name.startswith(BEFORE) and part.bits > 2 * part.error)
    items += [f"{name} {bits_words(part.bits)} +-{score_words(part.error)}"
              for _, name, part in reversed(before[-_CONDITIONS:])]
    items.append(f"estimated {bits_words(float(inspection.estimates[cell]))}")
    yield from style.wrapped(f"{found.signal} held at its mean, it costs", items)
    if best is not None and (steers := inspection.steering(cell)) is not None:
        yield from style.wrapped("held low, then high, while the network writes, it", [
            f"{steer_words(best.feature, steers)}: {best.feature.name}, in {steers.characters:,} characters each"])


def _carriers(inspection: Inspection, cell: CellName, style: ReportStyle) -> Iterator[str]:
    """How many cells carry what it tracks."""
    best = inspection.claim(cell)
    probe = inspection.probes.of(best.feature.name) if best is not None and best.is_context else None
    if best is not None and probe is not None:
        scores = [f"{score_words(score)} with {k}" for k, score in zip(SIZES, probe.scores, strict=True)]
        yield from style.wrapped(f"{best.feature.measure} of probes on the second half:",
                                 [*scores, f"{score_words(probe.whole)} with all signals"], ", ")


def _wired(inspection: Inspection, cell: CellName, style: ReportStyle) -> Iterator[str]:
    """What it promotes, and the cells that write it and read it."""
    found, units = inspection.wiring(cell), inspection.passage.units
    for title, effects in (("when h is high, promotes", found.promotes), ("and suppresses", found.suppresses)):
        yield from style.wrapped(title, [f"{_named(units[unit], style)} {bits:+.1f}" for unit, bits in effects], "  ")
    for title, wires in (("written by", found.written_by), ("read by", found.read_by)):
        yield from style.wrapped(title, [f"{one.cell} ({one.gate} {one.strength:+.2f})" for one in wires], ", ")


def _hard_negatives(inspection: Inspection, cell: CellName, values: np.ndarray, style: ReportStyle) -> Iterator[str]:
    """Where it is on though its feature does not hold."""
    best, active = inspection.claim(cell), inspection.activity(cell)
    if best is None or best.threshold is None or active is None or not best.is_confirmed:
        return
    yield from style.wrapped("", [f"on at {100 * active.density:.1f}% of the places of the second half, "
                                 f"{best.feature.name} at {100 * best.threshold.prevalence:.1f}%"])
    if active.hard:
        yield "on most without it:"
        yield from (_context(inspection, place, values, style) for place in active.hard)


def _moved(inspection: Inspection, values: np.ndarray, style: ReportStyle) -> Iterator[str]:
    """The characters that move it up and down most."""
    found = pushes(values[inspection.recording.warm_up:], inspection.recording.tokens[inspection.recording.warm_up:])
    names = dict(zip(inspection.recording.tokens.tolist(), inspection.passage.pieces, strict=False))
    for title, parts in (("pushed up by", [(push.up, push.token) for push in found]),
                         ("pushed down by", [(push.down, push.token) for push in found])):
        ordered = sorted(parts, key=lambda part: -abs(part[0]))[:_MOVERS]
        yield from style.wrapped(title, [f"{_named(names[token], style)} {'+' if size > 0 else ''}{score_words(size)}"
                                        for size, token in ordered if abs(size) >= 0.005], "  ")


def _named(piece: str, style: ReportStyle) -> str:
    return "space" if piece == " " else style.visible(piece)


def _contexts(inspection: Inspection, values: np.ndarray, style: ReportStyle) -> Iterator[str]:
    """The places where it is highest and lowest, each with the text before and after."""
    settled = values[inspection.recording.warm_up:]
    for title, sign in (("highest", 1), ("lowest", -1)):
        yield f"{title}:"
        for found in peaks(sign * settled, _PEAKS, _AROUND):
            yield _context(inspection, found + inspection.recording.warm_up, values, style)


def _context(inspection: Inspection, place: int, values: np.ndarray, style: ReportStyle) -> str:
    """A place with the text before and after it."""
    pieces = inspection.passage.pieces
    before = style.visible("".join(pieces[max(0, place - _AROUND):place]))[-_AROUND:]
    after = style.visible("".join(pieces[place + 1:place + 1 + _AROUND]))[:_AROUND]
    return f"  {score_words(float(values[place])):>5}  {before:>{_AROUND}}[{style.visible(pieces[place])}]{after}"


def _means(values: np.ndarray, count: int) -> np.ndarray:
    """The means of `count` stretches of about the same length."""
    bounds = np.linspace(0, len(values), min(count, len(values)) + 1).astype(int)
    means: np.ndarray = np.add.reduceat(values.astype(np.float64), bounds[:-1]) / np.diff(bounds)
    return means
