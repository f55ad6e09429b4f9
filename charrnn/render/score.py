"""Layer render: a scored text on a terminal: its numbers, its most surprising parts, and each character in its colour.

Where there are no colours, a digit under each character says how many bits it was.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat

from charrnn.render.colour.glyphs import columns, padded, visible
from charrnn.render.colour.paint import Line, legend, levels_of_bits, lines, shown
from charrnn.render.colour.palette import RESET
from charrnn.render.screen import Screen
from charrnn.render.terminal_text import DIM
from charrnn.render.wording import counted
from charrnn.scoring.score import Score, ScoredPart, TextLoss

_ROOM = 10  # columns for text, however narrow the terminal
_GUTTER = 6  # columns for what a line under the text is called
_LEAST = 0.01  # probability from which on a prediction is worth showing


def note_score(score: Score, is_detailed: bool) -> None:
    """Says on stderr what must be known to read the numbers right."""
    for note in score.notes:
        print(f"note: {note}", file=sys.stderr)
    if is_detailed and len(score.starts) > 1:
        print(f"note: read in {len(score.starts)} parts side by side, as in training; the first characters of each are "
              "scored without their context; --rows 1 reads the text in one go", file=sys.stderr)


def print_score(score: Score, names: dict[str, str], kind: str | None, parts: Sequence[ScoredPart],
                detail: str | None, screen: Screen) -> None:
    """The whole, then its parts, or the characters of the whole or of its parts.

    names    of the checkpoint and the text
    kind     of the parts, "line" or "document"; None where the whole is not divided
    detail   "show" or "table": how characters are shown
    """
    names["text"] += f", {counted_units(score)}"
    for name, value in [*names.items(), *summary(score)]:
        print(f"{name:12}{value}")
    if detail == "show" or (screen.depth is not None and (detail or kind)):
        screen.say("\n" + scale(score, screen))
    if detail is None:
        if parts and kind is not None:
            screen.show(["", *listed(score, parts, kind, screen, screen.width)])
        return
    for part in [None] if kind is None else parts:
        print("" if part is None else
              f"\n{kind} {part.number:,}: {part.bits:.3f} bits, perplexity {part.perplexity:,.2f}")
        start, stop = (0, len(score)) if part is None else (part.start, part.stop)
        screen.show((heat if detail == "show" else tabled)(score, start, stop, screen, screen.width))


def summary(score: Score) -> list[tuple[str, str]]:
    """The whole in a few lines, name and value."""
    ranks = score.ranks[score.ranks > 0]
    expected = float(score.expected[score.ranks > 0].mean())
    first, five = (100 * float((ranks <= most).mean()) for most in (1, 5))
    rows = [("loss", _loss_words(score, score.unit))]
    if score.plain is not None:
        rows[0] = "loss", f"{rows[0][1]}, adapting to the text"
        rows.append(("plain", f"{_loss_words(score.plain, score.unit)}: adapting changes it by "
                              f"{score.nats - score.plain.nats:+.4f} nats"))
    if score.cold is not None:
        blocks = counted(score.cold.predicted // score.cold.block, "block")
        rows.append(("cold", f"{_loss_words(score.cold, score.unit)}, in {blocks} of {score.cold.block:,} from the "
                             "initial state"))
    rows += [("expected", f"{expected * math.log(2):.4f} nats ({expected:.4f} bits) a {score.unit}"),
             ("perplexity", f"{score.perplexity:,.2f}"), ("accuracy", f"{first:.1f}% (top 5: {five:.1f}%)")]
    if score.unknown is not None:
        rows.append(("unknown", f"{100 * score.unknown.share:.1f}% of the {score.unit}s ({score.unknown.count:,} of "
                                f"{score.unknown.units:,})"))
    return rows


def _loss_words(loss: TextLoss, unit: str) -> str:
    spread = f", {loss.bits_per_character:.3f} bits a character" if loss.predicted != loss.characters else ""
    return f"{loss.nats:.4f} nats ({loss.bits:.4f} bits) a {unit}{spread}"


def listed(score: Score, parts: Sequence[ScoredPart], kind: str, screen: Screen, width: int) -> Iterator[str]:
    """A table of parts, one line each, as much of its text as fits."""
    last = max([len(kind), *(len(f"{part.number:,}") for part in parts)])
    units = "chars" if score.unit == "character" else f"{score.unit}s"
    head = f"{kind:>{last}}  {units:>7}    bits  perplexity  "
    yield f"{head}text"
    for part in parts:
        line = _begun(*heated(score, part.start, part.stop), max(_ROOM, width - len(head)), screen)
        yield (f"{part.number:>{last},}  {part.predicted:>7,}  {part.bits:6.3f}  {_short(part.perplexity):>10}  "
               + line.shown(screen.sequential, screen.depth))


def scale(score: Score, screen: Screen) -> str:
    """What the colours mean."""
    step = _step(score)
    return legend(f"bits: under {step:g}", f"{7 * step:g} and more", screen.sequential, screen.depth, first=0)


def heat(score: Score, start: int, stop: int, screen: Screen, width: int) -> Iterator[str]:
    """The text of units start to stop, in colours, and its predictions under it where a unit is a character."""
    text, levels = heated(score, start, stop)
    if not score.predictions.top.shape[1] or score.unit != "character":
        yield from shown(text, levels, width, screen.sequential, screen.depth, screen.plain)
        return
    for line in lines(text, levels, max(_ROOM, width - _GUTTER), screen.plain):
        if screen.depth is None:
            above, below = line.plain()
            yield " " * _GUTTER + above
            yield f"{'bits':<{_GUTTER}}{below}"
        else:
            yield " " * _GUTTER + line.painted(screen.sequential, screen.depth)
        yield f"{'rank':<{_GUTTER}}{_ranks(score, start, line)}".rstrip()
        for k in range(score.predictions.top.shape[1]):
            if row := _predicted(score, start, line, k, screen):
                yield f"{_ordinal(k + 1):<{_GUTTER}}{row}"
        yield ""


def tabled(score: Score, start: int, stop: int, screen: Screen, width: int) -> Iterator[str]:
    """A line for each of the units start to stop: its surprisal, rank, expected surprisal, and the most probable."""
    names = [_quoted(piece, screen) for piece in _named_pieces(score, start, stop)]
    first, wide = len(f"{len(score) - 1:,}"), min(20, max(len("text"), *map(columns, names)))
    yield f"{'place':>{max(5, first)}}  {'text':<{wide}}   bits    rank  expected  predictions"
    step = _step(score)
    for place, name in enumerate(names, start):
        head = f"{place:>{max(5, first)},}  "
        level = levels_of_bits([score.surprisals[place]], step)
        line = next(lines(name, level * len(name), wide, screen.plain))
        cell = line.shown(screen.sequential, screen.depth)
        cell += " " * (wide - columns("".join(line.signs)))
        if not score.ranks[place]:
            yield f"{head}{cell}"
            continue
        row = f"  {score.surprisals[place]:5.2f}  {score.ranks[place]:>6,}  {score.expected[place]:8.2f}"
        used = len(head) + wide + len(row)
        yield head + cell + row + _likeliest(score, place, screen, width - used)


def heated(score: Score, start: int, stop: int) -> tuple[str, list[int]]:
    """The text of units start to stop, and a level for each of its characters.

    Of a character of several bytes all are counted; what is no whole character yet is skipped.
    """
    pieces, surprisals = score.pieces[start:stop], score.surprisals[start:stop].tolist()
    if score.unit == "byte":
        surprisals = _gathered(pieces, surprisals)
    levels = levels_of_bits(surprisals, _step(score))
    return "".join(pieces), list(chain.from_iterable(repeat(level, len(piece))
                                                     for level, piece in zip(levels, pieces, strict=True)))


def _begun(text: str, levels: Sequence[int], width: int, screen: Screen) -> Line:
    """The beginning of a text, as much of it as fits into one line."""
    found = [*islice(lines(text, levels, width, screen.plain), 2)]
    if len(found) < 2:
        return found[0] if found else Line([], [], 0)  # bytes may be no character yet
    kept = next(lines(text, levels, width - 3, screen.plain))
    return Line([*kept.signs, *"..."], [*kept.levels, 0, 0, 0], 0)


def _gathered(pieces: Sequence[str], surprisals: Sequence[float]) -> list[float]:
    """The surprisal of each piece, with that of the empty ones before it."""
    gathered, held = [], 0.0
    for piece, surprisal in zip(pieces, surprisals, strict=True):
        held += 0.0 if math.isnan(surprisal) else surprisal
        gathered.append(held)
        held = 0.0 if piece else held
    return gathered


def _step(score: Score) -> float:
    """Bits from one level to the next: words are harder to predict than characters."""
    return 2.0 if score.unit in ("token", "word") else 1.0


def _ranks(score: Score, start: int, line: Line) -> str:
    """A digit under each character, + from 10 on."""
    signs = []
    first = start + line.first
    for sign, rank in zip(line.signs, score.ranks[first:first + len(line.signs)].tolist(), strict=True):
        if columns(sign):
            signs.append((" " if not rank else str(rank) if rank < 10 else "+").ljust(columns(sign)))
    return "".join(signs)


def _predicted(score: Score, start: int, line: Line, k: int, screen: Screen) -> str:
    """The k-th prediction under each character, if it is probable enough to show; the right ones stand out."""
    row, is_dim, is_seen = [], False, False
    units = score.vocabulary.units
    for place, sign in enumerate(line.signs, start + line.first):
        width = columns(sign)
        if not width:
            continue
        shown = ""
        if score.predictions.probabilities[place, k] >= _LEAST:
            shown, is_seen = _sign_of(units[int(score.predictions.top[place, k])], width, screen.plain), True
        wants_dim = screen.depth is not None and score.predictions.top[place, k] != score.ids[place]
        if shown and wants_dim != is_dim:
            row.append(DIM if wants_dim else RESET)
            is_dim = wants_dim
        row.append(padded(shown, width))
    return "".join(row).rstrip() + (RESET if is_dim else "") if is_seen else ""


def _sign_of(unit: str, width: int, plain: bool) -> str:
    """A unit as one sign of at most `width` columns."""
    if unit == " ":
        return "_" if plain else "␣"
    [sign] = visible(unit, plain)
    return sign if 0 < columns(sign) <= width else "*"


def _likeliest(score: Score, place: int, screen: Screen, room: int) -> str:
    """`  e 20%  a 10%`, as many as fit."""
    text, used = "", 0
    for unit, probability in score.top_at(place):
        item = "  " + _quoted(_named(score, unit), screen) + f" {100 * probability:.0f}%"
        used += columns(item)
        if probability < _LEAST or used > room:
            break
        text += item
    return text


def _named_pieces(score: Score, start: int, stop: int) -> list[str]:
    """Each unit by itself; bytes by their names."""
    return [_named(score, score.vocabulary.units[number]) for number in score.ids[start:stop].tolist()]


def _named(score: Score, unit: str) -> str:
    return score.vocabulary.named(unit) if score.unit == "byte" and not " " < unit < "\x7f" else unit


def _quoted(unit: str, screen: Screen) -> str:
    """A unit made visible, a space too."""
    return "".join(_sign_of(c, 2, screen.plain) if c == " " else visible(c, screen.plain)[0] for c in unit)


def _short(perplexity: float) -> str:
    return f"{perplexity:,.2f}" if perplexity < 1e6 else f"{perplexity:.1e}"


def _ordinal(number: int) -> str:
    tens, ones = number // 10 % 10, number % 10
    return f"{number}{'th' if tens == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(ones, 'th')}"


def counted_units(score: Score) -> str:
    """`41 characters`, `12 words (60 characters)`."""
    units = counted(len(score), score.unit)
    return units if score.unit == "character" else f"{units} ({counted(sum(map(len, score.pieces)), 'character')})"
