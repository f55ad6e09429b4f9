"""Layer render: completions as a table, or as JSON."""

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import Any

from charrnn.completion.completer import Completion
from charrnn.render.colour.glyphs import columns, cut, end_of
from charrnn.settings import CompleteSettings

_FIRST_COLUMN = "probability  "
_LEAST_ROOM = 24  # columns for the texts, even where lines are then longer than the terminal
_LEAST = 0.001  # what is less is written as 1.2e-05


def completions_json(text: str, completions: Sequence[Completion], settings: CompleteSettings) -> str:
    """One line of JSON."""
    return _line(text, {"until": settings.until, "length": settings.most,
                        "completions": [dataclasses.asdict(one) for one in completions],
                        "proven": all(one.proven for one in completions)})


def refusal_json(text: str, reason: str) -> str:
    """The line of JSON for a text that was refused."""
    return _line(text, {"error": reason})


def _line(text: str, answer: dict[str, Any]) -> str:
    return json.dumps({"text": text, **answer}, ensure_ascii=False)


def completions_table(text: str, completions: Sequence[Completion], width: int) -> list[str]:
    """A line each, or more where one is long, and what is proven of them."""
    room = max(width - len(_FIRST_COLUMN), _LEAST_ROOM)
    head = quoted_text(text)
    if columns(head) > room - len("after "):
        head = '"...' + end_of(head, room - len('after "...'))
    lines = [f"{_FIRST_COLUMN}after {head}"]
    for one in completions:
        shown = quoted_text(one.text) + {"length": "...", "document": " and the document ends"}.get(one.end, "")
        for number, part in enumerate(cut(shown, room)):
            first = "" if number else _number(one.probability)
            lines.append(first.rjust(len(_FIRST_COLUMN) - 2) + "  " + part)
    return [*lines, _verdict(completions)]


def _verdict(completions: Sequence[Completion]) -> str:
    """What is proven, and how probable the completions are together."""
    proven = sum(one.proven for one in completions)
    total = f"{_number(math.fsum(one.probability for one in completions))} together; "
    if proven == len(completions):
        return total + "proven to be the most probable"
    return total + (f"the first {proven} proven to be the most probable, the others not" if proven
                    else "not proven to be the most probable")


def _number(probability: float) -> str:
    return f"{probability:.4f}" if probability >= _LEAST else f"{probability:.1e}"


def quoted_text(text: str) -> str:
    """The text in quotes, its line ends and whatever else cannot be seen as in Python."""
    shown = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(shown.get(c, c if c.isprintable() else repr(c)[1:-1]) for c in text) + '"'
