"""Layer render: a scored text on a terminal: its numbers, its most surprising parts, and each character in its colour.

Where there are no colours, a digit under each character says how many bits it was.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat

from charrnn.render.colour.glyphs import columns, visible
from charrnn.render.colour.paint import Line, legend, levels_of_bits, lines, shown
from charrnn.render.colour.palette import RESET
from charrnn.render.colours import Colours
from charrnn.render.wording import bits, counted
from charrnn.scoring.score import Score, ScoredPart

_ROOM = 10  # columns for text, however narrow the terminal
_GUTTER = 6  # columns for what a line under the text is called
_LEAST = 0.01  # probability from which on a guess is worth showing
_DIM = "\x1b[2m"


def summary(score: Score) -> list[tuple[str, str]]:
    """The whole in a few lines, name and value."""
    unit, ranks = score.unit, score.ranks[score.ranks > 0]
    spread = f", {score.bits_per_character:.3f} bits a character" if score.predicted != score.characters else ""
    expected = float(score.expected[score.ranks > 0].mean())
    at_once, soon = (100 * float((ranks <= most).mean()) for most in (1, 5))
    return [
        ("loss", f"{score.nats:.4f} nats ({bits(score.nats):.4f} bits) a {unit}{spread}"),
        ("expected", f"{expected * math.log(2):.4f} nats ({expected:.4f} bits) a {unit}"),
        ("perplexity", f"{score.perplexity:,.2f}"),
        ("guessed", f"{at_once:.1f}% at once, {soon:.1f}% with five guesses"),
    ]


def listed(score: Score, parts: Sequence[ScoredPart], kind: str, colours: Colours, width: int) -> Iterator[str]:
    """A table of parts, one line each, as much of its text as fits."""
    last = max([len(kind), *(len(f"{part.number:,}") for part in parts)])
    units = "chars" if score.unit == "character" else f"{score.unit}s"
    head = f"{kind:>{last}}  {units:>7}    bits  perplexity  "
    yield f"{head}text"
    for part in parts:
        line = _begun(*heated(score, part.start, part.stop), max(_ROOM, width - len(head)), colours)
        words = "".join(line.signs) if colours.depth is None else line.painted(colours.sequential, colours.depth)
        yield (f"{part.number:>{last},}  {part.predicted:>7,}  {part.bits:6.3f}  {_short(part.perplexity):>10}  "
               f"{words}")


def scale(score: Score, colours: Colours) -> str:
    """What the colours mean."""
    step = _step(score)
    return legend(f"bits: under {step:g}", f"{7 * step:g} and more", colours.sequential, colours.depth, first=0)


def heat(score: Score, start: int, stop: int, colours: Colours, width: int) -> Iterator[str]:
    """The text of units start to stop, in colours; with what was guessed under it, where a unit is a character."""
    text, levels = heated(score, start, stop)
    if not score.predictions.top.shape[1] or score.unit != "character":
        yield from shown(text, levels, width, colours.sequential, colours.depth, colours.plain)
        return
    for line in lines(text, levels, max(_ROOM, width - _GUTTER), colours.plain):
        if colours.depth is None:
            above, below = line.plain()
            yield " " * _GUTTER + above
            yield f"{'bits':<{_GUTTER}}{below}"
        else:
            yield " " * _GUTTER + line.painted(colours.sequential, colours.depth)
        yield f"{'rank':<{_GUTTER}}{_ranks(score, start, line)}".rstrip()
        for k in range(score.predictions.top.shape[1]):
            if row := _guesses(score, start, line, k, colours):
                yield f"{_ordinal(k + 1):<{_GUTTER}}{row}"
        yield ""


def tabled(score: Score, start: int, stop: int, colours: Colours, width: int) -> Iterator[str]:
    """A line for each of the units start to stop: its surprise, rank, what was expected, and the likeliest."""
    names = [_quoted(piece, colours) for piece in _named_pieces(score, start, stop)]
    first, wide = len(f"{len(score) - 1:,}"), min(20, max(len("text"), *map(_width, names)))
    yield f"{'place':>{max(5, first)}}  {'text':<{wide}}   bits    rank  expected  likeliest"
    step = _step(score)
    for place, name in enumerate(names, start):
        head = f"{place:>{max(5, first)},}  "
        level = levels_of_bits([score.surprisals[place]], step)
        line = next(lines(name, level * len(name), wide, colours.plain))
        cell = "".join(line.signs) if colours.depth is None else line.painted(colours.sequential, colours.depth)
        cell += " " * (wide - sum(map(columns, line.signs)))
        if not score.ranks[place]:
            yield f"{head}{cell}"
            continue
        row = f"  {score.surprisals[place]:5.2f}  {score.ranks[place]:>6,}  {score.expected[place]:8.2f}"
        used = len(head) + wide + len(row)
        yield head + cell + row + _likeliest(score, place, colours, width - used)


def heated(score: Score, start: int, stop: int) -> tuple[str, list[int]]:
    """The text of units start to stop, and a level for each of its characters.

    Of a character of several bytes all are counted; what is no whole character yet is passed over.
    """
    pieces, surprises = score.pieces[start:stop], score.surprisals[start:stop].tolist()
    if score.unit == "byte":
        surprises = _gathered(pieces, surprises)
    levels = levels_of_bits(surprises, _step(score))
    return "".join(pieces), list(chain.from_iterable(repeat(level, len(piece))
                                                     for level, piece in zip(levels, pieces, strict=True)))


def _begun(text: str, levels: Sequence[int], width: int, colours: Colours) -> Line:
    """The beginning of a text, as much of it as fits into one line."""
    found = [*islice(lines(text, levels, width, colours.plain), 2)]
    if len(found) < 2:
        return found[0] if found else Line([], [], 0)  # bytes may be no character yet
    kept = next(lines(text, levels, width - 3, colours.plain))
    return Line([*kept.signs, *"..."], [*kept.levels, 0, 0, 0], 0)


def _gathered(pieces: Sequence[str], surprises: Sequence[float]) -> list[float]:
    """The surprise of each piece, with that of the empty ones before it."""
    gathered, held = [], 0.0
    for piece, surprise in zip(pieces, surprises, strict=True):
        held += 0.0 if math.isnan(surprise) else surprise
        gathered.append(held)
        held = 0.0 if piece else held
    return gathered


def _step(score: Score) -> float:
    """Bits from one level to the next: words are further from being foretold than characters."""
    return 2.0 if score.unit in ("token", "word") else 1.0


def _ranks(score: Score, start: int, line: Line) -> str:
    """A digit under each character, + from 10 on."""
    signs = []
    first = start + line.first
    for sign, rank in zip(line.signs, score.ranks[first:first + len(line.signs)].tolist(), strict=True):
        if columns(sign):
            signs.append((" " if not rank else str(rank) if rank < 10 else "+").ljust(columns(sign)))
    return "".join(signs)


def _guesses(score: Score, start: int, line: Line, k: int, colours: Colours) -> str:
    """The k-th guess under each character, if it had a chance worth showing; the right ones stand out."""
    row, is_dim, is_seen = [], False, False
    units = score.vocabulary.units
    for place, sign in enumerate(line.signs, start + line.first):
        width = columns(sign)
        if not width:
            continue
        guess = ""
        if score.predictions.probabilities[place, k] >= _LEAST:
            guess, is_seen = _sign_of(units[int(score.predictions.top[place, k])], width, colours.plain), True
        wants_dim = colours.depth is not None and score.predictions.top[place, k] != score.ids[place]
        if guess and wants_dim != is_dim:
            row.append(_DIM if wants_dim else RESET)
            is_dim = wants_dim
        row.append(guess + " " * (width - (columns(guess) if guess else 0)))
    return "".join(row).rstrip() + (RESET if is_dim else "") if is_seen else ""


def _sign_of(guess: str, width: int, plain: bool) -> str:
    """A guess as one sign that is as wide as what stands above it, at most."""
    if guess == " ":
        return "_" if plain else "␣"
    [sign] = visible(guess, plain)
    return sign if 0 < columns(sign) <= width else "*"


def _likeliest(score: Score, place: int, colours: Colours, room: int) -> str:
    """`  e 20%  a 10%`, as many as fit."""
    text, used = "", 0
    for unit, chance in score.top_at(place):
        guess = "  " + _quoted(_named(score, unit), colours) + f" {100 * chance:.0f}%"
        used += _width(guess)
        if chance < _LEAST or used > room:
            break
        text += guess
    return text


def _named_pieces(score: Score, start: int, stop: int) -> list[str]:
    """Each unit by itself; bytes by their names."""
    return [_named(score, score.vocabulary.units[number]) for number in score.ids[start:stop].tolist()]


def _named(score: Score, unit: str) -> str:
    return score.vocabulary.named(unit) if score.unit == "byte" and not " " < unit < "\x7f" else unit


def _quoted(unit: str, colours: Colours) -> str:
    """A unit made visible, a space too."""
    return "".join(_sign_of(c, 2, colours.plain) if c == " " else visible(c, colours.plain)[0] for c in unit)


def _width(text: str) -> int:
    return sum(map(columns, text))


def _short(perplexity: float) -> str:
    return f"{perplexity:,.2f}" if perplexity < 1e6 else f"{perplexity:.1e}"


def _ordinal(number: int) -> str:
    tens, ones = number // 10 % 10, number % 10
    return f"{number}{'th' if tens == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(ones, 'th')}"


def counted_units(score: Score) -> str:
    """`41 characters`, `12 words (60 characters)`."""
    units = counted(len(score), score.unit)
    return units if score.unit == "character" else f"{units} ({counted(sum(map(len, score.pieces)), 'character')})"
