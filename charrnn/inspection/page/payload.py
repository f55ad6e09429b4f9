"""Layer inspection: the data of a page as JSON: the same bytes for the same data, and harmless inside HTML.

Arrays are base64 of gzip of the plain little-endian array. The values of cells are stored cell by cell, because
neighbours in time are alike and compress. Values from -1 to 1 are stored in 8 bits (255 levels) or 4 bits (the 15
levels that are drawn), two to a byte.
"""

from collections.abc import Sequence

import numpy as np

from charrnn.inspection.page.data import PageData
from charrnn.live.packing import PackedArray, json_in_html, packed, packed_bytes

FORMAT = "charrnn-page/1"
UNKNOWN = 65_535  # a missing number in an array of 16 bits


def payload(data: PageData, cells: int, bits: int, compress: bool = True, notes: Sequence[str] = ()) -> str:
    """The JSON, with the values of the first `cells` chosen cells, `bits` (8 or 4) each.

    notes   on what was left out, a line each
    """
    arrays = {
        "text": packed(smallest(np.asarray(data.text)), compress),
        "bits": packed(thousandths(data.bits), compress),
        "entropy": packed(thousandths(data.entropy), compress),
        "rank": packed(smallest(np.asarray(data.rank)), compress),
        "top": packed(smallest(np.asarray(data.top)), compress),
        "probabilities": packed(thousandths(data.probabilities), compress),
    }
    if data.live is None:
        arrays |= {f"signal_{name}": packed_values(values[:cells], bits, compress)
                   for name, values in data.signals.items()}
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
        "signals": list(data.signals), "live": data.live,
        "features": list(data.features), "gates": data.gates, "horizon": data.horizon, "context": data.context,
        "advice": data.advice, "errors": data.errors, "definitions": data.definitions,
        "command": data.command, "notes": list(notes),
        "levels": 127 if bits == 8 else 7, "arrays": arrays,
    }
    return json_in_html(whole)


def packed_values(values: np.ndarray, bits: int, compress: bool = True) -> PackedArray:
    """Values (n, T) from -1 to 1, as integers from -127 to 127 (8 bits) or -7 to 7 (4 bits, stored as 1 to 15)."""
    if bits == 8:
        return packed(np.rint(np.clip(values, -1, 1) * 127).astype(np.int8), compress)
    levels = (np.rint(np.clip(values, -1, 1) * 7) + 8).astype(np.uint8)
    if levels.shape[1] % 2:
        levels = np.pad(levels, ((0, 0), (0, 1)))
    pairs = np.ascontiguousarray(levels[:, ::2] | levels[:, 1::2] << 4)
    return packed_bytes("int4", values.shape, pairs.tobytes(), compress)


def thousandths(values: np.ndarray) -> np.ndarray:
    """Numbers from 0 to 65 as uint16 of their thousandths; NaN becomes UNKNOWN."""
    known = np.where(np.isnan(values), 0, values)
    return np.where(np.isnan(values), UNKNOWN, np.clip(np.rint(known * 1000), 0, UNKNOWN - 1)).astype(np.uint16)


def _ten_thousandths(scores: np.ndarray) -> np.ndarray:
    """Numbers from -1 to 1 as int16 of their ten-thousandths; NaN becomes -32768."""
    known = np.where(np.isnan(scores), 0, scores)
    return np.where(np.isnan(scores), -32_768, np.rint(np.clip(known, -1, 1) * 10_000)).astype(np.int16)


def smallest(numbers: np.ndarray) -> np.ndarray:
    """Integers from 0 in the narrowest unsigned type that holds them."""
    most = int(numbers.max(initial=0))
    return numbers.astype(np.uint8 if most < 2**8 else np.uint16 if most < 2**16 else np.uint32)
