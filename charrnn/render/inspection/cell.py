"""Layer render: everything about one cell: the text on its colours, what it follows, what moves it, where it peaks."""

from collections.abc import Iterator

import numpy as np

from charrnn.inspection.cells import FLAGS, main_signal
from charrnn.inspection.inspection import Inspection
from charrnn.inspection.names import CellName
from charrnn.inspection.response import peaks, pushes
from charrnn.inspection.surprise import masks
from charrnn.render.inspection.look import Look, bits_words, memory_words, score_words, share_words
from charrnn.render.inspection.tables import mark_of, scored

_MOVERS, _PEAKS, _AROUND = 6, 5, 20
_GATES = "ifogrz"  # these run from 0 to 1; on the scale from -1 to 1 their middle is 0


def cell_report(done: Inspection, cell: CellName, look: Look, signal: str | None, lines: int) -> Iterator[str]:
    """lines   of text that are shown, 0 for all of it"""
    name = signal or main_signal(done.recording)
    values = done.values(cell, name)
    is_gate = name in _GATES and name != "g"
    yield f"{cell}  {_signal_words(name)}  {look.scale('0' if is_gate else '-1', '1' if is_gate else '+1')}"
    yield from _text(done, values, look, lines, is_gate)
    yield from _facts(done, cell, look)
    yield from _cost(done, cell, look)
    yield from _moved(done, values, look)
    yield from _contexts(done, values, look)
    yield "  " + look.spark(_means(values, look.width - 2).tolist(), low=0.0 if is_gate else -1.0)


def _signal_words(name: str) -> str:
    return {"c": "tanh c, its memory", "h": "h, what it sends out", "g": "g, what it would write",
            "n": "n, what it would write"}.get(name, f"gate {name}")


def _text(done: Inspection, values: np.ndarray, look: Look, lines: int, is_gate: bool) -> Iterator[str]:
    start = 0 if not lines else _liveliest(values, lines * look.width // 2, done.recording.warm_up)
    pieces = done.passage.pieces[start:-1]
    painted = 2 * values - 1 if is_gate else values
    each = np.repeat(painted[start:], [len(piece) for piece in pieces])
    most = lines * (1 if look.depth else 2)
    for number, line in enumerate(look.coloured("".join(pieces), each.tolist())):
        if lines and number == most:
            return
        yield line


def _liveliest(values: np.ndarray, count: int, first: int) -> int:
    """Where `count` places begin in which the values vary most."""
    last = len(values) - count
    if last <= first:
        return 0
    sums, squares = (np.concatenate([[0], np.cumsum(part, dtype=np.float64)]) for part in (values, values**2))
    starts = np.arange(first, last)
    spread = (squares[starts + count] - squares[starts]) - (sums[starts + count] - sums[starts]) ** 2 / count
    return int(starts[spread.argmax()])


def _facts(done: Inspection, cell: CellName, look: Look) -> Iterator[str]:
    """Numbers, flags, and what it follows."""
    facts = done.facts
    current, pair = (share_words(float(part[cell])) for part in done.eta)
    said = [f"mean {score_words(float(facts.mean[cell]))}", f"spread {score_words(float(facts.spread[cell]))}",
            f"|{main_signal(done.recording)}| up to {facts.largest[cell]:.1f}",
            f"explained by the current character {current}, by the last two {pair}",
            f"memory {memory_words(float(facts.tau[cell]))}"]
    if np.isfinite(facts.resets[cell]):
        said[-1] += f" ({memory_words(float(facts.tau_hold[cell]))} while it holds, wiped {facts.resets[cell]:.0f} " \
                    "times in 1,000)"
    yield from look.wrapped("", said, ", ")
    flags = [name for name, mask in facts.flags.items() if mask[cell]]
    yield from look.wrapped("flags:", [f"{name}: {FLAGS[name]}" for name in flags])
    best = done.search.best_of(cell)
    if best is None:
        yield "tracks: nothing can be read off it"
        return
    claim = "tracks" if best.is_confirmed else "nearest to (not confirmed)"
    where = f"IoU {score_words(best.threshold.iou)} (always on: {score_words(best.threshold.prevalence)})" \
        if best.threshold else f"explains {share_words(best.binned)} of it in bins"
    yield from look.wrapped(f"{claim}:", [
        f"{best.feature.name}, {mark_of(best)}, {scored(best)}, {where}; the current character alone would give "
        f"{score_words(best.alone)}"])


def _cost(done: Inspection, cell: CellName, look: Look) -> Iterator[str]:
    """What silencing it costs, everywhere, where its feature holds, and by what was to come."""
    conditions = {f"before {name}": mask for name, mask in masks(done.recording, done.passage).items()}
    best = done.search.best_of(cell)
    feature = None if best is None or not best.feature.is_boolean else best.feature.name
    if feature is not None:
        conditions = {feature: done.feature(feature).values, **conditions}
    [found] = done.silenced([cell], conditions)
    said = [f"{bits_words(found.overall.bits)} bits a character (se {found.overall.error:.3f})"]
    said += [f"{name} {bits_words(part.bits)}" for name, part in found.by.items()
             if part is not None and (name == feature or abs(part.bits) > 2 * abs(found.overall.bits))]
    said.append(f"estimated {bits_words(float(done.estimates[cell]))}")
    yield from look.wrapped("silenced at its mean, it costs", said)


def _moved(done: Inspection, values: np.ndarray, look: Look) -> Iterator[str]:
    """The characters that push it up and down."""
    found = pushes(values[done.recording.warm_up:], done.recording.tokens[done.recording.warm_up:])
    names = dict(zip(done.recording.tokens.tolist(), done.passage.pieces, strict=False))
    for title, parts in (("pushed up by", [(push.up, push.token) for push in found]),
                         ("pushed down by", [(push.down, push.token) for push in found])):
        ordered = sorted(parts, key=lambda part: -abs(part[0]))[:_MOVERS]
        yield from look.wrapped(title, [f"{_named(names[token], look)} {'+' if size > 0 else ''}{score_words(size)}"
                                        for size, token in ordered if abs(size) >= 0.005], "  ")


def _named(piece: str, look: Look) -> str:
    return "space" if piece == " " else look.visible(piece)


def _contexts(done: Inspection, values: np.ndarray, look: Look) -> Iterator[str]:
    """Where it stands highest and lowest: each place with what was read before it, and what came after."""
    settled = values[done.recording.warm_up:]
    pieces = done.passage.pieces
    for title, sign in (("highest", 1), ("lowest", -1)):
        yield f"{title}:"
        for found in peaks(sign * settled, _PEAKS, _AROUND):
            place = found + done.recording.warm_up
            before = look.visible("".join(pieces[max(0, place - _AROUND):place]))
            after = look.visible("".join(pieces[place + 1:place + 1 + _AROUND]))
            yield f"  {score_words(float(values[place])):>5}  {before:>{_AROUND}}[{look.visible(pieces[place])}]{after}"


def _means(values: np.ndarray, count: int) -> np.ndarray:
    """The values in `count` stretches of about the same length, the mean of each."""
    bounds = np.linspace(0, len(values), min(count, len(values)) + 1).astype(int)
    means: np.ndarray = np.add.reduceat(values.astype(np.float64), bounds[:-1]) / np.diff(bounds)
    return means
