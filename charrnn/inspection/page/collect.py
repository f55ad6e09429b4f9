"""Layer inspection: the data of a page, collected from an inspection."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.inspection.advice import advice
from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.export import as_dict
from charrnn.inspection.export_types import CellRecord, FindingRecord, InspectionRecord
from charrnn.inspection.find import each_cell_once
from charrnn.inspection.page.data import PageData, PageModel
from charrnn.inspection.results import Inspection
from charrnn.live.payload import LiveContent, NamedCell, payload
from charrnn.sampling.session import LanguageModel

BITS = 8  # of each weight of a network in a page
WIDE = 0.25  # standard deviation of a cell whose colours are seen at first sight
NAMED = 12  # cells that the page which writes has names for


@dataclass(frozen=True)
class PageCheckpoint:
    """The checkpoint of a page: its path, the SHA-256 of its bytes, the name of its run, the number of parameters, and
    the window in training."""

    path: str
    digest: str
    name: str
    parameters: int = 0
    window: int = 0


def collect(inspection: Inspection, checkpoint: PageCheckpoint, *, cells: int | None = None, source: str = "",
            command: str = "", network: LanguageModel | None = None) -> PageData:
    """The data of a page, with the values of `cells` cells, the most telling first; None gives all.

    source   where the text is from; the passage's own description if empty
    network  with its vocabulary, if the page is to hold it
    """
    content = as_dict(inspection, checkpoint.path, checkpoint.digest)
    _add_groups(inspection, content)
    chosen = _order(inspection, content["cells"])[:cells]
    recording, passage = inspection.recording, inspection.passage
    predictions, pieces, units = recording.predictions, passage.pieces[:-1], list(passage.units)
    shift = slice(None, -1)  # the prediction of character t was made at place t - 1
    model: PageModel = {**content["model"], "name": checkpoint.name, "parameters": checkpoint.parameters,
                        "window": checkpoint.window}
    live = None
    if network is not None:
        live = payload(network, LiveContent(checkpoint.name, cells=named_cells(inspection)), BITS)
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
        context=inspection.context_use.to_dict(),
        advice=advice(inspection.horizon, inspection.context_use, checkpoint.window),
        errors=content["errors"], definitions=content["definitions"], command=command, live=live)


def _number_of(cell: CellName, hidden: int) -> int:
    return cell.layer * hidden + cell.unit


def _add_groups(inspection: Inspection, content: InspectionRecord) -> None:
    """Gives each cell its group, and leaves of the conditions of its ablation those that a card has room for."""
    for record in content["cells"]:
        record["group"] = "other"
        if "by" in record["delta"]:
            record["delta"]["by"] = _telling(record["delta"]["by"], record["best"], record["delta"]["most"])
    for group, findings in (("expecting", inspection.expecting), ("local", inspection.local),
                            ("context", inspection.context)):
        for one in findings:
            content["cells"][_number_of(one.cell, inspection.engine.settings.hidden)]["group"] = group


def _telling(costs: Sequence[Sequence[Any]], best: FindingRecord | None, most: str | None) -> list[list[Any]]:
    """The costs where the cell's feature holds, and before the kind of character where it costs most."""
    wanted = [f"where {best['feature']}" if best else "", most]
    return [list(one) for name in wanted for one in costs if one[0] == name]


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
    """(F, U) the score on the second half of the signal of each cell that the claim about it is about, from -1 to 1."""
    search, recording = inspection.search, inspection.recording
    names = [one.name for one in inspection.features]
    scores = np.full((len(names), recording.layers * recording.hidden), np.nan)
    main = [n for n, (signal, cell) in enumerate(search.columns) if signal == inspection.signal_of(cell)]
    places = [_number_of(search.columns[n][1], recording.hidden) for n in main]
    for number, one in enumerate(search.features):
        scores[names.index(one.name), places] = search.held_out[number, main] * (2 if one.is_boolean else 1)
    return scores


def named_cells(inspection: Inspection) -> list[NamedCell]:
    """Cells that are confirmed to track something in the text, those that track context first; the first of these that
    changes much comes before the others, because the page opens with it."""
    context = each_cell_once(inspection.context)
    wide = [one for one in context if np.std(inspection.values(one.cell, one.signal)) >= WIDE]
    context = each_cell_once([*wide[:1], *context])
    return [NamedCell(str(one.cell), one.feature.name, one.signal, one.sign, not one.feature.is_boolean)
            for one in each_cell_once([*context, *inspection.local])[:NAMED]]
