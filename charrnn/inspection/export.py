"""Layer inspection: everything that was found, for other programs: one JSON object, tables, arrays.

The same checkpoint and text give the same bytes: keys are sorted, numbers have six digits, nothing tells the time.
"""

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from charrnn.inspection.cells import HIGH, LOW, main_signal
from charrnn.inspection.definitions import DEFINITIONS
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.finder import Finding
from charrnn.inspection.inspection import Inspection
from charrnn.inspection.names import CellName
from charrnn.text.vocabulary import code_points

FORMAT = "charrnn-inspect/1"
Costs = Mapping[CellName, Mapping[str, float | None]]
_GATES = "iforz"  # those that open and shut; g and n are what is written


def as_dict(done: Inspection, path: str, digest: str) -> dict[str, Any]:
    """All of it but the values at each place, as plain numbers, texts, lists and dicts.

    path, digest   of the checkpoint: its name and the SHA-256 of its bytes
    """
    settings, recording, passage, costs = done.network.settings, done.recording, done.passage, _costs(done)
    return {
        "format": FORMAT,
        "model": {"path": path, "sha256": digest, "cell": settings.cell, "layers": settings.layers,
                  "hidden": settings.hidden, "vocab": done.network.vocabulary},
        "text": {"source": passage.origin, "chars": len(passage), "warmup": recording.warm_up,
                 "sha256": hashlib.sha256(passage.text.encode(errors="surrogatepass")).hexdigest()},
        "check": {"nll_inspect": _number(recording.nats), "nll_eval": _number(done.evaluated_nats),
                  "agrees": done.agrees},
        "cells": [_cell(done, cell, costs) for cell in _cells(done)],
        "features": [_feature(one, done) for one in done.features],
        "found": [_found(one) for one in done.findings],
        "horizon": {**done.horizon.to_dict(), "context": done.context_use.to_dict()},
        "definitions": dict(DEFINITIONS),
    }


def as_json(content: Mapping[str, Any]) -> str:
    """The object as text, one text for one content."""
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def cell_rows(done: Inspection) -> str:
    """A line for each cell, as CSV with a heading; empty where something is not there."""
    rows, costs = [], _costs(done)
    for cell in _cells(done):
        content = _cell(done, cell, costs)
        best = content.pop("best") or {}
        content["flags"] = " ".join(content["flags"])
        content |= {f"{gate}_{end}": share for gate, pair in content.pop("sat").items()
                    for end, share in zip(("left", "right"), pair, strict=True)}
        content |= {f"delta_{name}": value for name, value in content.pop("delta").items()}
        rows.append({**content, **{f"best_{name}": value for name, value in best.items()}})
    return _table(list(dict.fromkeys(name for row in rows for name in row)), rows)


def place_rows(done: Inspection) -> str:
    """A line for each place, as CSV: what was read, what came, how surprising that was, and what was expected."""
    said, pieces = done.recording.predictions, done.passage.pieces
    units = done.passage.units
    rows = []
    for place in range(len(done.recording)):
        guesses = {f"top{n + 1}": units[int(token)] for n, token in enumerate(said.top[place])}
        chances = {f"p{n + 1}": _number(chance) for n, chance in enumerate(said.probabilities[place])}
        rows.append({"pos": place, "char": pieces[place], "next": pieces[place + 1],
                     "bits": _number(said.nats[place] / math.log(2)), "rank": int(said.rank[place]),
                     "entropy": _number(said.entropy[place] / math.log(2)), **guesses, **chances})
    return _table(list(rows[0]), rows)


def arrays(done: Inspection) -> bytes:
    """What np.load() reads, without pickles: states (layer, unit, place) as float16, and everything at each place."""
    recording, said = done.recording, done.recording.predictions
    features = done.features
    named: dict[str, np.ndarray] = {
        "text": code_points(done.passage.text).astype(np.uint32), "tokens": recording.tokens,
        "targets": recording.targets, "warm_up": np.array(recording.warm_up, np.int32),
        "nll": said.nats.astype(np.float32),
        "entropy": said.entropy.astype(np.float32), "rank": said.rank, "top5": said.top, "top5_p": said.probabilities,
    }
    named |= {name: values.transpose(0, 2, 1).astype(np.float16) for name, values in recording.signals.items()}
    for kind, wanted in (("feature", True), ("count", False)):
        chosen = [one for one in features if one.is_boolean == wanted]
        named[f"{kind}_names"] = np.array([one.name for one in chosen] or [""], dtype=str)[:len(chosen)]
        named[f"{kind}s"] = np.array([one.values for one in chosen]).reshape(len(chosen), len(recording))
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **named)
    return stream.getvalue()


def _cells(done: Inspection) -> Iterable[CellName]:
    return (CellName(k, u) for k in range(done.recording.layers) for u in range(done.recording.hidden))


def _cell(done: Inspection, cell: CellName, costs: Costs) -> dict[str, Any]:
    facts, recording = done.facts, done.recording
    best = done.search.best_of(cell)
    return {
        "id": str(cell), "layer": cell.layer + 1, "unit": cell.unit, "signal": main_signal(recording),
        "flags": [name for name, mask in facts.flags.items() if mask[cell]],
        "mean": _number(facts.mean[cell]), "std": _number(facts.spread[cell]), "largest": _number(facts.largest[cell]),
        "tau": _number(facts.tau[cell]), "tau_hold": _number(facts.tau_hold[cell]),
        "resets": _number(facts.resets[cell]),
        "eta2_char": _number(done.eta[0][cell]), "eta2_bigram": _number(done.eta[1][cell]),
        "sat": {gate: _saturation(recording.signals[gate][cell.layer, recording.warm_up:, cell.unit])
                for gate in _GATES if gate in recording.signals},
        "best": None if best is None else _found(best),
        "delta": {"estimate": _number(done.estimates[cell]), "exact": None, "se": None, **costs.get(cell, {})},
    }


def _costs(done: Inspection) -> Costs:
    """What silencing costs, for the cells that track context: for others the estimate must do."""
    return {one.cell: {"exact": _number(one.overall.bits), "se": _number(one.overall.error)}
            for one in done.silenced([one.cell for one in done.context])} if done.context else {}


def _saturation(gate: np.ndarray) -> list[float | None]:
    """The share of the places where a gate is shut, and where it is open."""
    return [_number((gate < LOW).mean()), _number((gate > HIGH).mean())]


def _found(one: Finding) -> dict[str, Any]:
    return {
        "cell": str(one.cell), "feature": one.feature.name, "kind": one.feature.measure, "signal": one.signal,
        "sign": one.sign, "found": _number(one.found), "heldout": _number(one.score), "null95": _number(one.chance),
        "char_alone": _number(one.alone), "eta2_char": _number(one.current), "eta2_binned": _number(one.binned),
        "iou": _number(one.threshold.iou) if one.threshold else None,
        "theta": _number(one.threshold.value) if one.threshold else None,
        "confirmed": one.is_confirmed, "context": one.is_confirmed and not one.is_local,
    }


def _feature(one: Feature, done: Inspection) -> dict[str, Any]:
    reason = done.search.untested.get(one.name, "")
    part = one.values[done.recording.warm_up:]
    return {"name": one.name, "definition": one.definition, "measure": one.measure, "causal": one.is_causal,
            "own": one.is_own, "tested": not reason, "reason": reason,
            "prevalence": _number(part.mean()) if one.is_boolean and len(part) else None}


def _table(heading: list[str], rows: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, heading, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
    return stream.getvalue()


def _number(value: Any) -> float | None:
    """Six digits of a number; None for what is none."""
    number = float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None
