"""Layer render: the style of inspection reports: width, colours, and how numbers are written."""

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from charrnn.inspection.cell_statistics import CellName, CellStatistics
from charrnn.render.colour.glyphs import visible
from charrnn.render.colour.paint import legend, levels_of, shown
from charrnn.render.colour.palette import Palette

_UNBROKEN, _SHORT = "\xa0", 30  # a space at which no line breaks, and the longest item without a break
_SPARKS, _PLAIN_SPARKS = "▁▂▃▄▅▆▇█", "_.-~=+*#"


@dataclass(frozen=True)
class ReportStyle:
    """width in columns; colour depth, None without colours; plain if the terminal can only show ASCII."""

    width: int
    palette: Palette
    depth: str | None
    plain: bool = False

    def coloured(self, text: str, values: Sequence[float], indent: str = "  ") -> Iterator[str]:
        """The lines of a text, each character coloured by its value from -1 to 1."""
        for line in shown(text, levels_of(values), self.width - len(indent), self.palette, self.depth, self.plain):
            yield indent + line

    def scale(self, low: str = "-1", high: str = "+1") -> str:
        """The legend of the colours."""
        return legend(low, high, self.palette, self.depth)

    def wrapped(self, title: str, items: Sequence[str], joint: str = "; ", most: int = 0) -> list[str]:
        """A title and items in lines, broken between words but not inside a short item; nothing without items.

        most   the number of lines: items that do not fit are counted; 0 is no limit
        """
        for left in range(len(items)):
            rest = [f"{left} more"] if left else []
            lines = self._wrapped(title, [*items[:len(items) - left], *rest], joint)
            if not most or len(lines) <= most:
                return lines
        return self._wrapped(title, [f"{len(items)} of them"], joint) if items else []

    def _wrapped(self, title: str, items: Sequence[str], joint: str) -> list[str]:
        kept = [item.replace(" ", _UNBROKEN) if len(item) < _SHORT else item for item in items]
        lines = textwrap.wrap(f"{title} {joint.join(kept)}".strip(), self.width, subsequent_indent="  ",
                              break_long_words=False, break_on_hyphens=False)
        return [line.replace(_UNBROKEN, " ") for line in lines]

    def visible(self, text: str) -> str:
        """The text with visible signs for control characters."""
        return "".join(visible(text, self.plain))

    def spark(self, values: Sequence[float], low: float = -1.0, high: float = 1.0) -> str:
        """A sparkline of the values."""
        signs = _PLAIN_SPARKS if self.plain else _SPARKS
        return "".join(signs[min(len(signs) - 1, max(0, int((value - low) / (high - low) * len(signs))))]
                       for value in values)


def score_words(score: float) -> str:
    """`.97`, `1.00`, `-.12`: two digits, and no more nines than there are."""
    words = f"{math.floor(score * 100 + 0.5) / 100:.2f}" if score < 1 else "1.00"
    return words.removeprefix("0") if score >= 0 else words.replace("-0", "-")


def bits_words(bits: float) -> str:
    """`+.028`, `-.001`, `.000`, `+1.204`: a cost in bits a character."""
    words = f"{bits:+.3f}".replace("+0.", "+.").replace("-0.", "-.")
    return words if words.strip("+-.0") else ".000"


def share_words(share: float) -> str:
    return f"{100 * share:.0f}%"


def hold_words(statistics: CellStatistics, cell: CellName) -> str:
    """The memory of a cell in the table: `23 ch`, or `reset` where it holds until it is reset."""
    return "reset" if statistics.holds[cell] else memory_words(float(statistics.tau[cell]))


def memory_words(characters: float) -> str:
    """`23 ch`, `<1 ch`, `1.2k ch`."""
    if not math.isfinite(characters):
        return "-"
    if characters < 1:
        return "<1 ch"
    return f"{characters / 1000:.1f}k ch" if characters >= 9999.5 else f"{characters:.0f} ch"
