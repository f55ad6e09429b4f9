"""Layer runs: metrics.jsonl, the record of a run's validations, read back.

The run may be writing it at this moment, may have been killed in the middle of a line, or may be older than a field.
"""

import json
from pathlib import Path
from typing import Any

METRICS = "metrics.jsonl"


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The lines in the order of their steps; none where there is no file. What is not a line of ours is skipped.

    After a rollback or a resume from an earlier step, later lines replace those of the same steps.
    """
    lines: list[dict[str, Any]] = []
    for line in _parsed(folder / METRICS):
        while lines and lines[-1]["step"] >= line["step"]:
            lines.pop()
        lines.append(line)
    return lines


def seconds_at(lines: list[dict[str, Any]], step: int) -> float:
    """The seconds of training up to `step`, as far as the lines say."""
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
