"""Layer render: the cost of ablating cells, measured and estimated, as a table."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from charrnn.inspection.ablation import Ablation, Cost
from charrnn.render.inspection.style import ReportStyle

_LEAST = 0.005  # bits under a condition that are worth showing


def ablation_report(ablations: Sequence[Ablation], estimated: np.ndarray, style: ReportStyle) -> Iterator[str]:
    """A line for each ablated cell, the most costly first, with the condition under which it costs most."""
    yield f" {'cell':7}{'set to':>7}{'bits each':>11}{'+-':>7}{'estimate':>10}  where it costs most"
    for one in sorted(ablations, key=lambda one: -one.overall.bits):
        estimate = float(estimated[one.cell])
        line = (f" {one.cell!s:7}{one.value:>7.2f}{one.overall.bits:>+11.4f}{_error(one.overall):>7}{estimate:>+10.4f}"
                f"  {_worst_condition(one)}").rstrip()
        yield line if len(line) <= style.width else line[:style.width - 3] + "..."
    total, shown = float(estimated.sum()), sum(float(estimated[one.cell]) for one in ablations)
    note = "each cell alone, at its mean: others may know the same"
    if total > 0:
        note += (f"; by the estimate, these are {100 * shown / total:.0f}% of what all {estimated.size} cells cost, "
                 "one by one")
    yield from style.wrapped("", [note])


def _worst_condition(one: Ablation) -> str:
    """The condition with the highest cost above twice its error: `+2.16 +-0.31 before white space`."""
    sure = [(cost.bits, name, cost) for name, cost in one.by.items()
            if cost is not None and not math.isnan(cost.error) and cost.bits > max(2 * cost.error, _LEAST)]
    if not sure:
        return ""
    _, name, cost = max(sure)
    return f"{cost.bits:+.2f} +-{cost.error:.2f} {name}"


def _error(cost: Cost) -> str:
    return "-" if math.isnan(cost.error) else f"{cost.error:.4f}".lstrip("0")
