"""Layer inspection: gates, horizon and ablation of what an inspection looks at."""

from collections.abc import Callable

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.inspection.ablation import Ablation, ablate
from charrnn.inspection.context import ContextUse, context_use
from charrnn.inspection.gates import Gates, gates
from charrnn.inspection.horizon import Horizon, horizon
from charrnn.inspection.inspection import Inspection
from charrnn.inspection.names import CellName
from charrnn.inspection.surprise import masks as kind_masks

OnStep = Callable[[int], None]
_LEAST = 10  # places that a condition needs


def gates_of(done: Inspection) -> Gates:
    """What the gates did."""
    return gates(done.stack, done.recording)


def horizon_of(done: Inspection, on_step: OnStep = lambda steps: None) -> tuple[Horizon, ContextUse]:
    """How far the gradient reaches, and what context is worth, with all the care there is time for."""
    reach = horizon(done.stack, done.trace, on_step=on_step, threads=done.network.threads)
    return reach, context_use(done.network, done.trace)


def ablations_of(done: Inspection, cells: list[CellName], on_step: OnStep = lambda steps: None) -> list[Ablation]:
    """What silencing each of `cells` costs over the whole passage, and under conditions()."""
    return ablate(done.stack, done.trace, cells, conditions(done), on_step=on_step, engine=done.network)


def dearest(done: Inspection, count: int) -> list[CellName]:
    """The cells that are worth being silenced: those that track something, then those that should cost most."""
    tracking = [one.cell for one in done.context]
    order = np.argsort(-done.estimates, axis=None, kind="stable")
    others = [CellName(*divmod(int(place), done.estimates.shape[1])) for place in order]
    return list(dict.fromkeys([*tracking, *others]))[:count]


def conditions(done: Inspection) -> dict[str, Array]:
    """Where a cell may matter more than elsewhere, (T,) each: what is tracked in the text or not, the user's features,
    and the kind of the character to come. Those that hardly ever hold, or nearly always, are left out."""
    masks: dict[str, Array] = {}
    names = dict.fromkeys([*(one.feature.name for one in done.context), *(one.name for one in done.own)])
    for feature in map(done.feature, names):
        if feature.is_boolean:
            masks[f"where {feature.name}"], masks[f"where not {feature.name}"] = feature.values, ~feature.values
    masks |= {f"before {name}": mask for name, mask in kind_masks(done.recording, done.passage).items()}
    settled = slice(done.recording.warm_up, None)
    return {name: mask for name, mask in masks.items()
            if min(np.count_nonzero(mask[settled]), np.count_nonzero(~mask[settled])) >= _LEAST}
