"""What was measured, as rows; the arithmetic over rounds; and tables for people and for programs to read.

A row's unit decides which way is better: less of a time or of a loss, more of everything else.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.bench.table import three_digits

LESS_IS_BETTER = {"s", "ms", "nats", "bits", "MB", "bytes"}
HEADERS = ("what", "ours", "rival", "ratio", "goal", "met", "note")


@dataclass(frozen=True)
class Row:
    """One thing measured over some rounds, in turn with a rival where there is one.

    With a rival the goal is the least ratio, otherwise the most of the unit.
    """

    what: str
    unit: str
    ours_rounds: Sequence[float]
    rival_rounds: Sequence[float] = ()
    rival_name: str = ""
    goal: float | None = None
    note: str = ""

    @property
    def ours(self) -> float:
        return statistics.median(self.ours_rounds)

    @property
    def rival(self) -> float | None:
        return statistics.median(self.rival_rounds) if self.rival_rounds else None

    @property
    def ratio(self) -> float | None:
        """How many times as good as the rival: above 1 we are ahead."""
        return None if self.rival is None else times_as_good(self.ours, self.rival, self.unit)

    @property
    def ratios(self) -> tuple[float, float] | None:
        """The lowest and the highest ratio of a single round."""
        single = [times_as_good(ours, rival, self.unit)
                  for ours, rival in zip(self.ours_rounds, self.rival_rounds, strict=False)]
        return (min(single), max(single)) if single else None

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None without one."""
        if self.goal is None:
            return None
        return self.ours <= self.goal if self.ratio is None else self.ratio >= self.goal

    def cells(self) -> tuple[str, ...]:
        """What the row says under HEADERS."""
        rival, ratio = self.rival, self.ratio
        goal = "" if self.goal is None else f"{self.goal:g}" + (f" {self.unit}" if ratio is None else "x")
        notes = [self.note] if self.note else []
        if self.ratios and len(self.ours_rounds) > 1:
            notes.append("ratios {:.2f} to {:.2f}".format(*self.ratios))
        return (self.what, number(self.ours, self.unit),
                "" if rival is None else f"{self.rival_name} {number(rival, self.unit)}".strip(),
                "" if ratio is None else f"{ratio:.2f}x", goal,
                {None: "", True: "yes", False: "no"}[self.met], "; ".join(notes))

    def to_dict(self) -> dict[str, Any]:
        return {"what": self.what, "unit": self.unit, "ours": self.ours, "rival": self.rival,
                "rival_name": self.rival_name, "ratio": self.ratio, "goal": self.goal, "met": self.met,
                "note": self.note, "ours_rounds": list(self.ours_rounds), "rival_rounds": list(self.rival_rounds)}


@dataclass(frozen=True)
class Table:
    """Rows of one group, and lines of text to stand under them."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"title": self.title, "rows": [row.to_dict() for row in self.rows], "notes": list(self.notes)}

    def render(self) -> str:
        """The table as text that is Markdown as well; columns with nothing in them are left out."""
        return rendered(self.title, [HEADERS, *(row.cells() for row in self.rows)],
                        ("ours", "rival", "ratio", "goal"), self.notes)


@dataclass(frozen=True)
class Plain:
    """A table of words and numbers; all columns but the first stand flush right."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"title": self.title, "rows": [dict(zip(self.headers, row, strict=True)) for row in self.rows],
                "notes": list(self.notes)}

    def render(self) -> str:
        """The table as text that is Markdown as well."""
        return rendered(self.title, [self.headers, *self.rows], self.headers[1:], self.notes)


def rendered(title: str, lines: Sequence[Sequence[str]], flush_right: Sequence[str], notes: Sequence[str]) -> str:
    """Lines of cells, the first of them the headers, as a Markdown table; columns with nothing in them are left out."""
    columns = [column for column in zip(*lines, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    right = [column[0] in flush_right for column in columns]
    ruler = ["-" * (width - 1) + ":" if flush else "-" * width for width, flush in zip(widths, right, strict=True)]
    padded = [[cell.rjust(width) if flush else cell.ljust(width)
               for cell, width, flush in zip(line, widths, right, strict=True)]
              for line in zip(*columns, strict=True)]
    body = "\n".join("| " + " | ".join(line) + " |" for line in (padded[0], ruler, *padded[1:]))
    below = "".join(f"{note}\n" for note in notes)
    return f"{title}\n\n{body}\n" + (f"\n{below}" if below else "")


def times_as_good(ours: float, rival: float, unit: str) -> float:
    """How many times as good `ours` is as `rival`."""
    return rival / ours if unit in LESS_IS_BETTER else ours / rival


def number(value: float, unit: str) -> str:
    """`value` to three digits, with its unit."""
    return f"{three_digits(value)} {unit}"
