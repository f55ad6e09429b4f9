"""Tables for people to read, which are Markdown as well, and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.bench.results import Row
from charrnn.bench.table import three_digits

HEADERS = ("what", "ours", "rival", "ratio", "goal", "met", "note")


@dataclass(frozen=True)
class Table:
    """Rows that were measured, or lines of words under headers of their own; and lines of text to stand below."""

    title: str
    rows: Sequence[Row | Sequence[str]]
    notes: Sequence[str] = ()
    headers: Sequence[str] = HEADERS

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dictionary a row."""
        return [{"title": self.title, **(row.to_dict() if isinstance(row, Row)
                                         else dict(zip(self.headers, row, strict=True)))} for row in self.rows]

    def render(self) -> str:
        """The table as text; columns with nothing in them are left out. Numbers stand flush right."""
        lines = [self.headers, *(cells(row) if isinstance(row, Row) else row for row in self.rows)]
        columns = [column for column in zip(*lines, strict=True) if any(column[1:])]
        widths = [max(map(len, column)) for column in columns]
        numbers = HEADERS[1:5] if self.headers is HEADERS else self.headers[1:]
        right = [column[0] in numbers for column in columns]
        ruler = ["-" * (width - 1) + ":" if flush else "-" * width for width, flush in zip(widths, right, strict=True)]
        padded = [[cell.rjust(width) if flush else cell.ljust(width)
                   for cell, width, flush in zip(line, widths, right, strict=True)]
                  for line in zip(*columns, strict=True)]
        body = "\n".join("| " + " | ".join(line) + " |" for line in (padded[0], ruler, *padded[1:]))
        below = "".join(f"{note}\n" for note in self.notes)
        return f"{self.title}\n\n{body}\n" + (f"\n{below}" if below else "")


def cells(row: Row) -> tuple[str, ...]:
    """What a row says under HEADERS."""
    goal = "" if row.goal is None else f"{row.goal:g}" + (f" {row.unit}" if row.ratio is None else "x")
    notes = [row.note] if row.note else []
    if row.ratios and len(row.rounds) > 1:
        notes.append("ratios {:.2f} to {:.2f}".format(*row.ratios))
    return (row.what, number(row.ours, row.unit),
            "" if row.rival is None else f"{row.rival_name} {number(row.rival, row.unit)}",
            "" if row.ratio is None else f"{row.ratio:.2f}x", goal,
            {None: "", True: "yes", False: "no"}[row.met], "; ".join(notes))


def number(value: float, unit: str) -> str:
    """`value` to three digits, with its unit."""
    return f"{three_digits(value)} {unit}"
