"""Layer render: how samples appear: one as it is made, several below each other, temperatures side by side, JSON lines.

Each way is a function from a sampling session to pieces of output; who takes them decides whether they go to the
terminal or into a file.
"""

import itertools
import json
import math
from collections.abc import Iterator

from charrnn.render.colour.glyphs import padded, wrapped
from charrnn.render.colour.paint import Painter, levels_of_bits
from charrnn.sampling.session import Sample, SamplingSession
from charrnn.sampling.stopping import Piece

_BIT = math.log(2)
_NARROWEST = 20  # columns in which a text can still be read
_GAP = "  "


class Brush:
    """Gives each character the colour of its surprisal."""

    def __init__(self, painter: Painter) -> None:
        self.painter = painter

    def paint(self, written: Piece | Sample) -> str:
        """The text of a piece or a sample that has nats, in colours."""
        assert written.nats is not None
        levels = levels_of_bits(written.nats / _BIT)
        # a unit may have several characters, or be the later bytes of one
        return "".join(self.painter.paint(unit, [level] * len(unit))
                       for unit, level in zip(written.units, levels, strict=True))


def streamed(session: SamplingSession, prime: str, ends_line: bool, made: list[str],
             brush: Brush | None = None) -> Iterator[str]:
    """One text as it is made, behind the prime; with ends_line a line that is not ended is. `made` gets the text."""
    texts = []
    last = prime[-1:]
    if prime:
        yield prime
    for [piece] in session.pieces(with_nats=brush is not None):
        if piece.text:
            last = piece.text[-1]
            texts.append(piece.text)
            yield piece.text if brush is None else brush.paint(piece)
    end = brush.painter.end() if brush is not None else ""
    if ends_line and last != "\n":
        end += "\n"
    if end:
        yield end
    made.append("".join(texts))


def below(samples: list[Sample], prime: str, between: str, brush: Brush | None = None) -> Iterator[str]:
    """Texts one below the other, each ended by a line end, with the line `between` between them."""
    for number, sample in enumerate(samples):
        text = sample.text if brush is None else brush.paint(sample) + brush.painter.end()
        yield (between if number else "") + prime + text + ("" if (prime + sample.text).endswith("\n") else "\n")


def beside(samples: list[Sample], prime: str, width: int) -> Iterator[str]:
    """The texts of each temperature side by side in a line's width, those with the same random draws in a row.

    Where columns would be too narrow, they stand below each other with their temperatures above them.
    """
    numbers = range(1 + max(sample.number for sample in samples))
    rows = [[sample for sample in samples if sample.number == number] for number in numbers]
    temps = [sample.temp for sample in rows[0]]
    column = (width - len(_GAP) * (len(temps) - 1)) // len(temps)
    if column < _NARROWEST:
        for sample in itertools.chain.from_iterable(rows):
            yield from (f"--- temp {sample.temp:g} ---\n", *below([sample], prime, ""))
        return
    for number, row in enumerate(rows):
        if number:
            yield "---\n"
        heads = [[f"temp {temp:g}", "-" * column] for temp in temps]
        texts = [head + _lines(prime + sample.text, column) for head, sample in zip(heads, row, strict=True)]
        for line in itertools.zip_longest(*texts, fillvalue=""):
            yield _GAP.join(padded(part, column) for part in line).rstrip() + "\n"


def as_json(samples: list[Sample]) -> Iterator[str]:
    """One line of JSON for each sample."""
    for sample in samples:
        yield json.dumps(sample.to_dict(), ensure_ascii=False) + "\n"


def _lines(text: str, width: int) -> list[str]:
    """The lines of a text, those that are too long broken between words."""
    return [part for line in text.splitlines() for part in wrapped(line, width) or [""]]
