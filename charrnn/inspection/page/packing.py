"""Layer inspection: numbers as text that a page can carry: base64 of gzip of the plain little-endian array.

Values of cells lie cell by cell: neighbours in time are alike, and compress. Of -1 .. 1 they become 8 bits (255 levels)
or 4 bits (the 15 levels that are drawn anyway), two to a byte.
"""

import base64
import math
import zlib
from typing import Any

import numpy as np

UNKNOWN = 65_535  # in an array of 16 bits: there is no number here
_GZIP = 31  # zlib's number for the gzip format
_SYSTEM = 9  # the byte of a gzip header that names the system it was made on


def packed(array: np.ndarray, compress: bool = True) -> dict[str, Any]:
    """An integer array as {type, shape, gzip, data}."""
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return _wrapped(array.dtype.name, array.shape, plain.tobytes(), compress)


def packed_values(values: np.ndarray, bits: int, compress: bool = True) -> dict[str, Any]:
    """Values (n, T) from -1 to 1, as whole numbers from -127 to 127 (8 bits) or -7 to 7 (4 bits, stored as 1 to 15)."""
    if bits == 8:
        return packed(np.rint(np.clip(values, -1, 1) * 127).astype(np.int8), compress)
    levels = (np.rint(np.clip(values, -1, 1) * 7) + 8).astype(np.uint8)
    if levels.shape[1] % 2:
        levels = np.pad(levels, ((0, 0), (0, 1)))
    pairs = np.ascontiguousarray(levels[:, ::2] | levels[:, 1::2] << 4)
    return _wrapped("int4", values.shape, pairs.tobytes(), compress)


def thousandths(values: np.ndarray) -> np.ndarray:
    """Numbers from 0 to 65 as uint16 of their thousandths; NaN becomes UNKNOWN."""
    known = np.where(np.isnan(values), 0, values)
    return np.where(np.isnan(values), UNKNOWN, np.clip(np.rint(known * 1000), 0, UNKNOWN - 1)).astype(np.uint16)


def smallest(numbers: np.ndarray) -> np.ndarray:
    """Whole numbers from 0 on in the narrowest unsigned type that holds them."""
    most = int(numbers.max(initial=0))
    return numbers.astype(np.uint8 if most < 2**8 else np.uint16 if most < 2**16 else np.uint32)


def unpacked(package: dict[str, Any]) -> np.ndarray:
    """The array in a package, as the page sees it."""
    data = base64.b64decode(package["data"])
    if package["gzip"]:
        data = zlib.decompress(data, _GZIP)
    shape = package["shape"]
    if package["type"] != "int4":
        return np.frombuffer(data, np.dtype(package["type"]).newbyteorder("<")).reshape(shape)
    pairs = np.frombuffer(data, np.uint8).reshape(shape[0], math.ceil(shape[1] / 2))
    levels = np.stack([pairs & 15, pairs >> 4], axis=2).reshape(shape[0], -1)[:, :shape[1]]
    return levels.astype(np.int8) - 8


def _wrapped(kind: str, shape: tuple[int, ...], data: bytes, compress: bool) -> dict[str, Any]:
    if compress:
        squeezed = bytearray(_gzip(data))
        squeezed[_SYSTEM] = 255  # unknown: the same page on every machine
        data = bytes(squeezed)
    return {"type": kind, "shape": list(shape), "gzip": compress, "data": base64.b64encode(data).decode("ascii")}


def _gzip(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return squeezer.compress(data) + squeezer.flush()
