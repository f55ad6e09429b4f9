"""Layer inspection: the data of a page, collected from an inspection."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.inspection import ablation, context, estimate, gates, horizon
from charrnn.inspection.ablation import Ablation
from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.context import ContextUse, context_use
from charrnn.inspection.export import as_dict
from charrnn.inspection.find import each_cell_once
from charrnn.inspection.gates import Gates
from charrnn.inspection.horizon import Horizon
from charrnn.inspection.page.data import PageData, PageModel
from charrnn.inspection.records import CellRecord, FindingRecord, InspectionRecord
from charrnn.inspection.results import Inspection

ABLATED = 8  # cells whose ablation is measured exactly


@dataclass(frozen=True)
class PageCheckpoint:
    """The checkpoint of a page: its path, the SHA-256 of its bytes, the name of its run, the number of parameters, and
    the window in training."""

    path: str
    digest: str
    name: str
    parameters: int = 0
    window: int = 0


@dataclass(frozen=True)
class PageMeasurements:
    """Measurements beside the search; None leaves their part of the page empty.

    estimates   (L, H) the estimated cost of ablating each cell, in bits a character
    ablations   the measured costs of some cells
    """

    gates: Gates | None = None
    horizon: Horizon | None = None
    context: ContextUse | None = None
    estimates: np.ndarray | None = None
    ablations: Sequence[Ablation] = ()


def measure(inspection: Inspection, ablated: int = ABLATED) -> PageMeasurements:
    """All measurements; the first `ablated` cells that track anything are ablated."""
    findings = each_cell_once([*inspection.context, *inspection.local])[:ablated]
    masks = {one.feature.name: inspection.feature(one.feature.name).values
             for one in findings if one.feature.is_boolean}
    return PageMeasurements(inspection.gates, inspection.horizon, context_use(inspection.network, inspection.trace),
                            inspection.estimates,
                            inspection.ablate([one.cell for one in findings], masks) if findings else ())


def collect(inspection: Inspection, checkpoint: PageCheckpoint, measurements: PageMeasurements, *,
            cells: int | None = None, source: str = "", command: str = "") -> PageData:
    """The data of a page, with the values of `cells` cells, the most telling first; None gives all.

    source   where the text is from; the passage's own description if empty
    """
    content = as_dict(inspection, checkpoint.path, checkpoint.digest)
    hidden = inspection.network.settings.hidden
    _add_groups(inspection, content)
    _add_costs(content["cells"], measurements, hidden)
    chosen = _order(inspection, content["cells"])[:cells]
    recording, passage = inspection.recording, inspection.passage
    predictions, pieces, units = recording.predictions, passage.pieces[:-1], list(passage.units)
    all_features = [*passage.features(), *inspection.custom]
    shift = slice(None, -1)  # the prediction of character t was made at place t - 1
    model: PageModel = {**content["model"], "name": checkpoint.name, "parameters": checkpoint.parameters,
                        "window": checkpoint.window}
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
                                                      for one in all_features]),
        scores=_scores(inspection, [one.name for one in all_features], len(content["cells"])),
        gates=measurements.gates.to_dict() if measurements.gates else None,
        horizon=measurements.horizon.to_dict() if measurements.horizon else None,
        context=measurements.context.to_dict() if measurements.context else None,
        advice=_advice(measurements, checkpoint.window),
        definitions=content["definitions"] | _definitions(measurements), command=command)


def _number_of(cell: CellName, hidden: int) -> int:
    return cell.layer * hidden + cell.unit


def _add_groups(inspection: Inspection, content: InspectionRecord) -> None:
    """Gives each cell its group, and as its best finding the one that the summary reports."""
    found = {(one["cell"], one["feature"]): one for one in content["found"]}
    for record in content["cells"]:
        record["group"], record["delta"] = "other", None
    for group, findings in (("expecting", inspection.expecting), ("local", inspection.local),
                            ("context", inspection.context)):
        for one in reversed(findings):
            record = content["cells"][_number_of(one.cell, inspection.network.settings.hidden)]
            record["group"], record["best"] = group, found[str(one.cell), one.feature.name]


def _add_costs(records: Sequence[CellRecord], measurements: PageMeasurements, hidden: int) -> None:
    if measurements.estimates is not None:
        for record, bits in zip(records, measurements.estimates.reshape(-1), strict=True):
            record["delta"] = {"estimate": float(bits), "exact": None, "se": None, "by": []}
    for one in measurements.ablations:
        record = records[_number_of(one.cell, hidden)]
        feature = record["best"]["feature"] if record["best"] else ""
        record["delta"] = {"estimate": record["delta"]["estimate"] if record["delta"] else None,
                           "exact": one.overall.bits, "se": one.overall.error,
                           "by": [[f"where {name}", cost.bits] for name, cost in one.by.items()
                                  if cost is not None and name == feature]}


def _order(inspection: Inspection, records: Sequence[CellRecord]) -> np.ndarray:
    """The numbers of all cells: those that track context, those that follow the current character, those that predict
    the next, then the others by how near they come to that; mute cells last."""
    findings = [*inspection.context, *inspection.local, *inspection.expecting]
    first = [_number_of(one.cell, inspection.network.settings.hidden) for one in findings]
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


def _scores(inspection: Inspection, names: Sequence[str], cells: int) -> np.ndarray:
    """(F, U) the score of each cell's main signal on the second half, from -1 to 1."""
    search, hidden = inspection.search, inspection.network.settings.hidden
    scores = np.full((len(names), cells), np.nan)
    main = [n for n, (signal, _) in enumerate(search.columns) if signal == search.signals[0]]
    places = [_number_of(search.columns[n][1], hidden) for n in main]
    for number, one in enumerate(search.features):
        scores[names.index(one.name), places] = search.held_out[number, main] * (2 if one.is_boolean else 1)
    return scores


def _advice(measurements: PageMeasurements, window: int) -> str:
    """What horizon and context use mean for the window in training, in a sentence or two."""
    said = []
    if measurements.horizon is not None:
        trained = f"; it was trained with {window:,} at a time" if window else ""
        said.append(f"99 % of the gradient by the input lies within {measurements.horizon.within[99]} characters"
                    f"{trained}.")
    if measurements.context is not None:
        enough = measurements.context.enough
        said.append("More context than the last "
                    + (f"{enough} characters is worth less than 0.01 bits." if enough is not None
                       else f"{measurements.context.lengths[-1]} is still worth something."))
    return " ".join(said)


def _definitions(measurements: PageMeasurements) -> dict[str, str]:
    """The definitions of what was measured beside the search."""
    parts = ((measurements.gates, gates.DEFINITIONS), (measurements.horizon, horizon.DEFINITIONS),
             (measurements.context, context.DEFINITIONS), (measurements.estimates, estimate.DEFINITIONS),
             (measurements.ablations or None, ablation.DEFINITIONS))
    return {name: text for given, texts in parts if given is not None for name, text in texts.items()}
