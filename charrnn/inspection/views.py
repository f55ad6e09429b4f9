"""Floor 6: gates, horizon and ablation of what an inspection looks at."""

from collections.abc import Callable

import numpy as np

from charrnn.inspection.ablation import Ablation, ablate
from charrnn.inspection.context import ContextUse, context_use
from charrnn.inspection.estimate import estimate
from charrnn.inspection.gates import Gates, gates
from charrnn.inspection.horizon import Horizon, horizon
from charrnn.inspection.inspection import Inspection
from charrnn.inspection.names import CellName
from charrnn.inspection.stack import Stack, trace_of
from charrnn.inspection.surprise import kind_names
from charrnn.network.cells import Array

OnStep = Callable[[int], None]
_LEAST = 10  # places that a condition needs


def gates_of(done: Inspection) -> Gates:
    """What the gates did."""
    return gates(Stack.of(done.network), done.recording)


def horizon_of(done: Inspection, on_step: OnStep = lambda steps: None) -> tuple[Horizon, ContextUse]:
    """How far the gradient reaches, and what context is worth."""
    stack = Stack.of(done.network)
    trace = trace_of(stack, done.recording)
    return horizon(stack, trace, on_step=on_step), context_use(done.network, trace)


def estimate_of(done: Inspection) -> Array:
    """What silencing each cell would cost, by the estimate, (L, H) in bits."""
    stack = Stack.of(done.network)
    return estimate(stack, trace_of(stack, done.recording))


def ablations_of(done: Inspection, cells: list[CellName], on_step: OnStep = lambda steps: None) -> list[Ablation]:
    """What silencing each of `cells` costs, everywhere and under conditions()."""
    stack = Stack.of(done.network)
    return ablate(stack, trace_of(stack, done.recording), cells, conditions(done), on_step=on_step)


def dearest(done: Inspection, estimated: Array, count: int) -> list[CellName]:
    """The cells that are worth being silenced: those that track something, then those that should cost most."""
    tracking = [one.cell for one in done.context]
    order = np.argsort(-estimated, axis=None, kind="stable")
    others = [CellName(int(place) // estimated.shape[1], int(place) % estimated.shape[1]) for place in order]
    return list(dict.fromkeys([*tracking, *others]))[:count]


def conditions(done: Inspection) -> dict[str, Array]:
    """Where a cell may matter more than elsewhere, (T,) each: what is tracked in the text or not, the user's features,
    and the kind of the character to come. Those that hardly ever hold, or nearly always, are left out."""
    masks: dict[str, Array] = {}
    followed = {one.feature.name for one in done.context}
    # those of the search have lost their warm-up
    for feature in [*(one for one in done.passage.features() if one.name in followed), *done.own]:
        if feature.is_boolean:
            masks[f"where {feature.name}"], masks[f"where not {feature.name}"] = feature.values, ~feature.values
    names = kind_names(done.passage)
    masks |= {f"before {name}": names == name for name in np.unique(names)}
    settled = slice(done.recording.warm_up, None)
    return {name: mask for name, mask in masks.items()
            if min(np.count_nonzero(mask[settled]), np.count_nonzero(~mask[settled])) >= _LEAST}
