"""Layer inspection: the data of a page as JSON: the same bytes for the same data, and harmless inside HTML."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from charrnn.inspection.page.data import PageData
from charrnn.inspection.page.packing import packed, packed_values, smallest, thousandths

FORMAT = "charrnn-page/1"
# `<` could end the element that holds the JSON or open a comment in it; and no text of a corpus shall look like an
# address.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "//": "/\\u002f", "p:": "p\\u003a", "s:": "s\\u003a",
            "P:": "P\\u003a", "S:": "S\\u003a"}


def payload(data: PageData, cells: int, bits: int, compress: bool = True, notes: Sequence[str] = ()) -> str:
    """JSON of everything, with the values of the first `cells` chosen cells, `bits` (8 or 4) each.

    notes   what the reader should know about how it was made, a line each
    """
    arrays = {
        "text": packed(smallest(np.asarray(data.text)), compress),
        "bits": packed(thousandths(data.bits), compress),
        "entropy": packed(thousandths(data.entropy), compress),
        "rank": packed(smallest(np.asarray(data.rank)), compress),
        "top": packed(smallest(np.asarray(data.top)), compress),
        "probabilities": packed(thousandths(data.probabilities), compress),
        **{f"signal_{name}": packed_values(values[:cells], bits, compress) for name, values in data.signals.items()},
    }
    pieces = sorted(set(data.pieces or ()))
    if data.pieces is not None:
        numbers = {piece: number for number, piece in enumerate(pieces)}
        arrays["pieces"] = packed(smallest(np.array([numbers[piece] for piece in data.pieces])), compress)
    if data.masks is not None and len(data.masks):
        arrays["masks"] = packed(np.asarray(data.masks, bool).astype(np.uint8), compress)
    if data.scores is not None and len(data.scores):
        arrays["scores"] = packed(_ten_thousandths(data.scores), compress)
    whole = {
        "format": FORMAT, "model": data.model, "text": data.source, "check": data.check, "units": list(data.units),
        "pieces": pieces, "cells": list(data.cells), "chosen": [int(cell) for cell in data.chosen[:cells]],
        "signals": list(data.signals),
        "features": list(data.features), "gates": data.gates, "horizon": data.horizon, "context": data.context,
        "advice": data.advice, "definitions": data.definitions, "command": data.command, "notes": list(notes),
        "levels": 127 if bits == 8 else 7, "arrays": arrays,
    }
    text = json.dumps(plain(whole), sort_keys=True, separators=(",", ":"), allow_nan=False)
    for raw, escape in _ESCAPES.items():
        text = text.replace(raw, escape)
    return text


def plain(value: Any) -> Any:
    """The same in JSON's own types: numbers with 6 digits, None for what is no number."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.bool_, np.integer)):
        return value.item()
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def _ten_thousandths(scores: np.ndarray) -> np.ndarray:
    """-1 .. 1 as int16; what is no number becomes -32768."""
    known = np.where(np.isnan(scores), 0, scores)
    return np.where(np.isnan(scores), -32_768, np.rint(np.clip(known, -1, 1) * 10_000)).astype(np.int16)
