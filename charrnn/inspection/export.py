"""Layer inspection: the results for other programs: one JSON object, tables, arrays.

The same checkpoint and text give the same bytes: keys are sorted, numbers have six digits, and there is no date.
"""

import csv
import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.inspection.ablation import Ablation
from charrnn.inspection.cell_statistics import HIGH, LOW, CellName
from charrnn.inspection.definitions import DEFINITIONS
from charrnn.inspection.export_types import CellRecord, CostRecord, FeatureRecord, FindingRecord, InspectionRecord
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.find import Finding
from charrnn.inspection.results import Inspection
from charrnn.text.vocabulary import code_points

FORMAT = "charrnn-inspect/2"


def as_dict(inspection: Inspection, path: str, digest: str) -> InspectionRecord:
    """Everything but the values at each place.

    path, digest   of the checkpoint: its name and the SHA-256 of its bytes
    """
    settings, recording, passage = inspection.engine.settings, inspection.recording, inspection.passage
    return {
        "format": FORMAT,
        "model": {"path": path, "sha256": digest, "cell": settings.cell, "layers": settings.layers,
                  "hidden": settings.hidden, "vocab": inspection.engine.vocabulary},
        "text": {"source": passage.origin, "chars": len(passage), "warmup": recording.warm_up,
                 "sha256": hashlib.sha256(passage.text.encode(errors="surrogatepass")).hexdigest()},
        "check": {"nll_inspect": _number(recording.nats), "nll_eval": _number(inspection.evaluated_nats),
                  "agrees": inspection.agrees},
        "cells": _cells(inspection),
        "features": [_feature(one, inspection) for one in inspection.features],
        "found": [_finding(one) for one in inspection.findings],
        "horizon": {**inspection.horizon.to_dict(), "context": inspection.context_use.to_dict()},
        "errors": inspection.errors.to_dict() if inspection.errors else None,
        "labels": _labels(inspection) if inspection.passage.labels else None,
        "definitions": dict(DEFINITIONS),
    }


def as_json(content: InspectionRecord) -> str:
    """The record as JSON: the same text for the same content."""
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def cell_rows(inspection: Inspection) -> str:
    """CSV with a row for each cell; empty where a value is missing."""
    rows = []
    for record in _cells(inspection):
        row: dict[str, Any] = {**record, "flags": " ".join(record["flags"])}
        best, steers, active = row.pop("best") or {}, row.pop("steering") or {}, row.pop("activity") or {}
        row.pop("wiring")  # lists, which a table has no room for
        row["density"] = active.get("density")
        row |= {f"{gate}_{end}": share for gate, pair in row.pop("sat").items()
                for end, share in zip(("left", "right"), pair, strict=True)}
        row |= {f"delta_{name}": value for name, value in row.pop("delta").items() if name not in ("by", "most")}
        rows.append({**row, **{f"best_{name}": value for name, value in best.items()},
                     **{f"steering_{name}": value for name, value in steers.items()}})
    return _table(list(dict.fromkeys(name for row in rows for name in row)), rows)


def place_rows(inspection: Inspection) -> str:
    """CSV with a row for each place: the character read, the next one, its surprisal, and the top predictions."""
    predictions, pieces, units = inspection.recording.predictions, inspection.passage.pieces, inspection.passage.units
    rows = []
    for place in range(len(inspection.recording)):
        top = {f"top{n + 1}": units[int(token)] for n, token in enumerate(predictions.top[place])}
        probabilities = {f"p{n + 1}": _number(p) for n, p in enumerate(predictions.probabilities[place])}
        rows.append({"pos": place, "char": pieces[place], "next": pieces[place + 1],
                     "bits": _number(predictions.nats[place] / math.log(2)), "rank": int(predictions.ranks[place]),
                     "entropy": _number(predictions.entropies[place] / math.log(2)), **top, **probabilities})
    return _table(list(rows[0]), rows)


def arrays(inspection: Inspection) -> bytes:
    """A file for np.load(), without pickles: signals (layer, unit, place) as float16, and the arrays of each place."""
    recording, predictions = inspection.recording, inspection.recording.predictions
    named: dict[str, np.ndarray] = {
        "text": code_points(inspection.passage.text).astype(np.uint32), "tokens": recording.tokens,
        "targets": recording.targets, "warm_up": np.array(recording.warm_up, np.int32),
        "nll": predictions.nats.astype(np.float32), "entropy": predictions.entropies.astype(np.float32),
        "rank": predictions.ranks, "top5": predictions.top, "top5_p": predictions.probabilities,
    }
    named |= {name: values.transpose(0, 2, 1).astype(np.float16) for name, values in recording.signals.items()}
    for kind, is_boolean in (("feature", True), ("count", False)):
        chosen = [one for one in inspection.features if one.is_boolean == is_boolean]
        named[f"{kind}_names"] = np.array([one.name for one in chosen] or [""], dtype=str)[:len(chosen)]
        named[f"{kind}s"] = np.array([one.values for one in chosen]).reshape(len(chosen), len(recording))
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **named)
    return stream.getvalue()


def _cells(inspection: Inspection) -> list[CellRecord]:
    measured = {one.cell: one for one in inspection.measured}
    return [_cell(inspection, CellName(k, u), measured.get(CellName(k, u))) for k in range(inspection.recording.layers)
            for u in range(inspection.recording.hidden)]


def _cell(inspection: Inspection, cell: CellName, measured: Ablation | None) -> CellRecord:
    statistics, recording = inspection.statistics, inspection.recording
    best = inspection.claim(cell)
    steers = None if measured is None else inspection.steering(cell)
    current, pair = inspection.eta
    return {
        "id": str(cell), "layer": cell.layer + 1, "unit": cell.unit, "signal": inspection.signal_of(cell),
        "flags": statistics.flags_of(cell), "mean": _number(statistics.mean[cell]),
        "std": _number(statistics.spread[cell]), "largest": _number(statistics.largest[cell]),
        "tau": _number(statistics.tau[cell]), "tau_hold": _number(statistics.tau_hold[cell]),
        "resets": _number(statistics.resets[cell]), "memory": _number(statistics.memory[cell]),
        "holds": bool(statistics.holds[cell]), "eta2_char": _number(current[cell]),
        "eta2_bigram": _number(pair[cell]),
        "sat": {gate: _saturation(recording.signals[gate][cell.layer, recording.warm_up:, cell.unit])
                for gate in CELLS[recording.cell].sigmoid_gates if gate in recording.signals},
        "best": None if best is None else _finding(best),
        "delta": _cost(inspection, cell, measured),
        "steering": steers.to_dict() if steers else None,
        "wiring": None if measured is None else _wiring(inspection, cell),
        "activity": None if measured is None or (active := inspection.activity(cell)) is None else {
            "density": _number(active.density), "hard_negatives": active.hard},
    }


def _labels(inspection: Inspection) -> dict[str, Any]:
    return {"documents": len(inspection.passage.labels), "cells": [_finding(one) for one in inspection.label_cells]}


def _wiring(inspection: Inspection, cell: CellName) -> dict[str, Any]:
    found, units = inspection.wiring(cell), inspection.passage.units
    return {"promotes": [[units[unit], _number(bits)] for unit, bits in found.promotes],
            "suppresses": [[units[unit], _number(bits)] for unit, bits in found.suppresses],
            "written_by": [[str(one.cell), one.gate, _number(one.strength)] for one in found.written_by],
            "read_by": [[str(one.cell), one.gate, _number(one.strength)] for one in found.read_by]}


def _cost(inspection: Inspection, cell: CellName, measured: Ablation | None) -> CostRecord:
    record: CostRecord = {"estimate": _number(inspection.estimates[cell]), "exact": None, "se": None}
    if measured is None:
        return record
    known = {name: cost for name, cost in measured.by.items() if cost is not None}
    return {**record, "exact": _number(measured.overall.bits), "se": _number(measured.overall.error),
            "signal": measured.signal, "places": measured.overall.places,
            "most": measured.most[0] if measured.most else None,
            "by": [[name, _number(cost.bits), _number(cost.error), cost.places] for name, cost in known.items()]}


def _saturation(gate: np.ndarray) -> list[float | None]:
    """The shares of the places where a gate is shut, and open."""
    return [_number((gate < LOW).mean()), _number((gate > HIGH).mean())]


def _finding(one: Finding) -> FindingRecord:
    return {
        "cell": str(one.cell), "feature": one.feature.name, "kind": one.feature.measure, "signal": one.signal,
        "sign": one.sign, "found": _number(one.found), "heldout": _number(one.score), "null95": _number(one.chance),
        "char_alone": _number(one.alone), "eta2_char": _number(one.current), "eta2_binned": _number(one.binned),
        "iou": _number(one.threshold.iou) if one.threshold else None,
        "iou_null95": _number(one.threshold.chance) if one.threshold else None,
        "prevalence": _number(one.threshold.prevalence) if one.threshold else None,
        "theta": _number(one.threshold.value) if one.threshold else None,
        "confirmed": one.is_confirmed, "context": one.is_context,
    }


def _feature(one: Feature, inspection: Inspection) -> FeatureRecord:
    reason = inspection.search.untested.get(one.name, "")
    part = one.values[inspection.recording.warm_up:]
    is_tracked = any(one.name == found.feature.name for found in inspection.context)
    probe = inspection.probes.of(one.name) if is_tracked else None
    return {"name": one.name, "definition": one.definition, "measure": one.measure, "causal": one.is_causal,
            "probe": probe.to_dict() if probe else None,
            "own": one.is_custom, "tested": not reason, "reason": reason,
            "prevalence": _number(part.mean()) if one.is_boolean and len(part) else None}


def _table(heading: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, heading, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
    return stream.getvalue()


def _number(value: Any) -> float | None:
    """Six digits of a number; None for NaN and infinity."""
    number = float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None
