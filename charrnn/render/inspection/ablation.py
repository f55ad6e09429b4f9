"""Layer render: what cells are worth, in a table: silenced one by one, beside the estimate for all."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from charrnn.inspection.ablation import Ablation, Cost
from charrnn.render.inspection.look import Look

_LEAST = 0.005  # bits under a condition that are worth a word


def ablation_report(done: Sequence[Ablation], estimated: np.ndarray, look: Look) -> Iterator[str]:
    """A line for each cell that was silenced, the dearest first, with the condition under which it costs most."""
    yield f" {'cell':7}{'set to':>7}{'bits each':>11}{'+-':>7}{'estimate':>10}  where it costs most"
    for one in sorted(done, key=lambda one: -one.overall.bits):
        cheap = float(estimated[one.cell.layer, one.cell.unit])
        line = (f" {one.cell!s:7}{one.value:>7.2f}{one.overall.bits:>+11.4f}{_error(one.overall):>7}{cheap:>+10.4f}"
                f"  {_dearest(one)}").rstrip()
        yield line if len(line) <= look.width else line[:look.width - 3] + "..."
    total, shown = float(estimated.sum()), sum(float(estimated[one.cell]) for one in done)
    told = "each cell alone, at its mean: others may know the same"
    if total > 0:
        told += (f"; by the estimate, these are {100 * shown / total:.0f}% of what all {estimated.size} cells cost, "
                 "one by one")
    yield from look.wrapped("", [told])


def _dearest(one: Ablation) -> str:
    """The condition with the highest cost that is more than twice its error: `+2.16 +-0.31 before white space`."""
    sure = [(cost.bits, name, cost) for name, cost in one.by.items()
            if cost is not None and not math.isnan(cost.error) and cost.bits > max(2 * cost.error, _LEAST)]
    if not sure:
        return ""
    _, name, cost = max(sure)
    return f"{cost.bits:+.2f} +-{cost.error:.2f} {name}"


def _error(cost: Cost) -> str:
    return "-" if math.isnan(cost.error) else f"{cost.error:.4f}".lstrip("0")
