"""Layer live: data inside an HTML file: JSON that is harmless there, and arrays in it.

The same data gives the same bytes. Arrays are base64 of the plain little-endian numbers, or of gzip of them.
"""

import base64
import json
import math
import zlib
from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np

_GZIP = 31  # zlib's number for the gzip format
_SYSTEM = 9  # the byte of a gzip header that names the system it was made on
# `<` could end the element that holds the JSON or open a comment in it; and no text may look like an address.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "//": "/\\u002f", "p:": "p\\u003a", "s:": "s\\u003a",
            "P:": "P\\u003a", "S:": "S\\u003a"}


class PackedArray(TypedDict):
    """type is that of NumPy, or int4."""

    type: str
    shape: list[int]
    gzip: bool
    data: str


def json_in_html(value: Any) -> str:
    """A value as JSON for an element of an HTML file."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    for raw, escape in _ESCAPES.items():
        text = text.replace(raw, escape)
    return text


def plain(value: Any) -> Any:
    """A value in the types of JSON: numbers with 6 digits, None for NaN and infinity."""
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


def packed(array: np.ndarray, compress: bool = True) -> PackedArray:
    """An array of numbers."""
    ordered = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return packed_bytes(array.dtype.name, array.shape, ordered.tobytes(), compress)


def packed_bytes(kind: str, shape: tuple[int, ...], data: bytes, compress: bool, is_noise: bool = False) -> PackedArray:
    """An array whose bytes are given.

    is_noise   no stretch of them comes twice, so that only frequent bytes are worth a shorter code
    """
    if compress:
        strategy = zlib.Z_HUFFMAN_ONLY if is_noise else zlib.Z_DEFAULT_STRATEGY
        squeezer = zlib.compressobj(9, zlib.DEFLATED, _GZIP, 9, strategy)
        squeezed = bytearray(squeezer.compress(data) + squeezer.flush())
        squeezed[_SYSTEM] = 255  # unknown: the same page on every machine
        data = bytes(squeezed)
    return {"type": kind, "shape": list(shape), "gzip": compress, "data": base64.b64encode(data).decode("ascii")}
