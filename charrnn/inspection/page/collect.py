"""Layer inspection: the data of a page, collected from an inspection."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.context import ContextUse, context_use
from charrnn.inspection.export import as_dict
from charrnn.inspection.export_types import CellRecord, CostRecord, FindingRecord, InspectionRecord
from charrnn.inspection.find import each_cell_once
from charrnn.inspection.horizon import Horizon
from charrnn.inspection.page.data import PageData, PageModel
from charrnn.inspection.results import Inspection

ABLATED = 8  # cells whose ablation is measured


@dataclass(frozen=True)
class PageCheckpoint:
    """The checkpoint of a page: its path, the SHA-256 of its bytes, the name of its run, the number of parameters, and
    the window in training."""

    path: str
    digest: str
    name: str
    parameters: int = 0
    window: int = 0


def collect(inspection: Inspection, checkpoint: PageCheckpoint, *, cells: int | None = None, ablated: int = ABLATED,
            source: str = "", command: str = "") -> PageData:
    """The data of a page, with the values of `cells` cells, the most telling first; None gives all.

    ablated   how many of the cells that track anything are ablated
    source    where the text is from; the passage's own description if empty
    """
    content = as_dict(inspection, checkpoint.path, checkpoint.digest, _costs(inspection, ablated))
    _add_groups(inspection, content)
    chosen = _order(inspection, content["cells"])[:cells]
    recording, passage = inspection.recording, inspection.passage
    predictions, pieces, units = recording.predictions, passage.pieces[:-1], list(passage.units)
    shift = slice(None, -1)  # the prediction of character t was made at place t - 1
    model: PageModel = {**content["model"], "name": checkpoint.name, "parameters": checkpoint.parameters,
                        "window": checkpoint.window}
    context = context_use(inspection.engine, inspection.trace)
    return PageData(
        model=model, source={**content["text"], "source": source or passage.origin}, check=content["check"],
        units=units, text=recording.tokens, bits=np.r_[np.nan, predictions.nats[shift] / math.log(2)],
        entropy=np.r_[np.nan, predictions.entropies[shift] / math.log(2)], rank=np.r_[0, predictions.ranks[shift]],
        top=np.vstack([predictions.top[:1], predictions.top[shift]]),
        probabilities=np.vstack([np.full_like(predictions.probabilities[:1], np.nan),
                                 predictions.probabilities[shift]]),
        cells=content["cells"], chosen=chosen, signals=_signals(inspection, chosen),
        pieces=None if pieces == [units[token] for token in recording.tokens] else pieces,
        features=content["features"], masks=np.array([one.values if one.is_boolean else np.zeros(len(passage), bool)
                                                      for one in inspection.features]),
        scores=_scores(inspection), gates=inspection.gates.to_dict(), horizon=inspection.horizon.to_dict(),
        context=context.to_dict(), advice=_advice(inspection.horizon, context, checkpoint.window),
        definitions=content["definitions"], command=command)


def _costs(inspection: Inspection, count: int) -> dict[CellName, CostRecord]:
    """The costs of ablating the first `count` cells that track anything, with those where their feature holds."""
    findings = each_cell_once([*inspection.context, *inspection.local])[:count]
    if not findings:
        return {}
    names = {one.cell: one.feature.name for one in findings}
    masks = {one.feature.name: inspection.feature(one.feature.name).values
             for one in findings if one.feature.is_boolean}
    costs: dict[CellName, CostRecord] = {}
    for one in inspection.ablate(list(names), masks):
        where = one.by.get(names[one.cell])
        costs[one.cell] = {"estimate": float(inspection.estimates[one.cell]), "exact": one.overall.bits,
                           "se": one.overall.error,
                           "by": [[f"where {names[one.cell]}", where.bits]] if where is not None else []}
    return costs


def _number_of(cell: CellName, hidden: int) -> int:
    return cell.layer * hidden + cell.unit


def _add_groups(inspection: Inspection, content: InspectionRecord) -> None:
    """Gives each cell its group, and as its best finding the one that the summary reports."""
    found = {(one["cell"], one["feature"]): one for one in content["found"]}
    for record in content["cells"]:
        record["group"] = "other"
    for group, findings in (("expecting", inspection.expecting), ("local", inspection.local),
                            ("context", inspection.context)):
        for one in reversed(findings):
            record = content["cells"][_number_of(one.cell, inspection.engine.settings.hidden)]
            record["group"], record["best"] = group, found[str(one.cell), one.feature.name]


def _order(inspection: Inspection, records: Sequence[CellRecord]) -> np.ndarray:
    """The numbers of all cells: those that track context, those that follow the current character, those that predict
    the next, then the others by how near they come to that; mute cells last."""
    findings = [*inspection.context, *inspection.local, *inspection.expecting]
    first = [_number_of(one.cell, inspection.engine.settings.hidden) for one in findings]
    others = sorted(range(len(records)), key=lambda number: -_strength(records[number]["best"]))
    return np.array(list(dict.fromkeys([*first, *others])), np.int64)


def _strength(best: FindingRecord | None) -> float:
    """The score on a scale from 0, chance or the current character alone, to 1."""
    if best is None or best["heldout"] is None:
        return -math.inf
    least = min(max(best["null95"] or 0.0, best["char_alone"] or 0.0), 0.999)
    return float((best["heldout"] - least) / (1 - least))


def _signals(inspection: Inspection, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """The values (n, T) of the chosen cells."""
    recording = inspection.recording
    layers, cells = np.divmod(chosen, recording.hidden)
    return {name: recording.shown(name)[layers, :, cells] for name in "ch" if name in recording.signals}


def _scores(inspection: Inspection) -> np.ndarray:
    """(F, U) the score of each cell's main signal on the second half, from -1 to 1."""
    search, recording = inspection.search, inspection.recording
    names = [one.name for one in inspection.features]
    scores = np.full((len(names), recording.layers * recording.hidden), np.nan)
    main = [n for n, (signal, _) in enumerate(search.columns) if signal == search.signals[0]]
    places = [_number_of(search.columns[n][1], recording.hidden) for n in main]
    for number, one in enumerate(search.features):
        scores[names.index(one.name), places] = search.held_out[number, main] * (2 if one.is_boolean else 1)
    return scores


def _advice(horizon: Horizon, context: ContextUse, window: int) -> str:
    """What horizon and context use mean for the window in training."""
    trained = f"; it was trained with {window:,} at a time" if window else ""
    worth = (f"{context.enough} characters is worth less than 0.01 bits" if context.enough is not None
             else f"{context.lengths[-1]} is still worth something")
    return (f"99 % of the gradient by the input lies within {horizon.within[99]} characters{trained}. "
            f"More context than the last {worth}.")
