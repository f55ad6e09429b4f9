"""Layer runs: metrics.jsonl, the record of a run's validations, read back.

A folder comes in; its lines go out. The file may be of a run that goes on at this moment, was killed in the middle of a
line, or was written before some field existed.
"""

import json
from pathlib import Path
from typing import Any

METRICS = "metrics.jsonl"


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The lines that stand, their steps rising; none where there is no file. What is no line of ours is passed over.

    Where a run went back to an earlier step and made its way anew, what it had told of the first way is dropped.
    """
    lines: list[dict[str, Any]] = []
    for line in _parsed(folder / METRICS):
        while lines and lines[-1]["step"] >= line["step"]:
            lines.pop()
        lines.append(line)
    return lines


def seconds_at(lines: list[dict[str, Any]], step: int) -> float:
    """How long the run had trained when `step` was made, as far as the lines tell: 0 where none does."""
    timed = (line for line in lines if is_time(line.get("seconds")))
    return max((line["seconds"] for line in timed if line["step"] <= step), default=0.0)


def is_time(value: object) -> bool:
    """Whether `value` can be a number of seconds."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")


def _parsed(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []  # what can't be read tells nothing
    found = []
    for row in text.splitlines():
        try:
            line = json.loads(row)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            found.append(line)
    return found
