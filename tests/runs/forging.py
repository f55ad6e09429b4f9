"""Checkpoints that lie: parts of a good one changed, and signed again."""

import copy
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

# What stands in the place of a value: other types, other sizes, nothing.
WRONG = [None, True, -1, 0, 5, 2**63, 10**30, 1.5, -0.5, 1e300, float("inf"), float("nan"), "", "x", "nan", "\x1b[31m",
         "\ud800", "\0", "x" * 10_000, [], [5], ["x"], {}, {"x": 1}]
PARTS = ("settings", "vocabulary", "corpus", "progress")


def resign(path: Path, change: Callable[[dict[str, Any]], None],
           arrays: Callable[[dict[str, np.ndarray]], None] = lambda arrays: None) -> None:
    """Rewrites the checkpoint at `path`: `change` sees its text by part, `arrays` its arrays; the checksum is right."""
    text, parts, held = opened(path.read_bytes())
    change(parts)
    arrays(held)
    path.write_bytes(closed(text, parts, held))


def opened(data: bytes) -> tuple[dict[str, Any], dict[str, Any], dict[str, np.ndarray]]:
    """The metadata of the checkpoint in `data`, its text by part, and its arrays."""
    text = split(data)[0]["__metadata__"]
    return text, {name: json.loads(text[name]) for name in PARTS}, safetensors.numpy.load(data)


def closed(text: dict[str, Any], parts: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """A checkpoint of these, with the right checksum."""
    text = {**text, **{name: json.dumps(value) for name, value in parts.items()}}
    return signed(*split(safetensors.numpy.save(arrays, metadata=text)))


def split(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a safetensors file, and what follows it."""
    end = 8 + int.from_bytes(data[:8], "little")
    return json.loads(data[8:end]), data[end:]


def signed(header: dict[str, Any], body: bytes) -> bytes:
    """A safetensors file of these, with the right checksum."""
    text = {name: value for name, value in header["__metadata__"].items() if name != "sha256"}
    plain = json.dumps({**header, "__metadata__": text}, sort_keys=True, separators=(",", ":")).encode()
    text["sha256"] = hashlib.sha256(plain + body).hexdigest()
    encoded = json.dumps({**header, "__metadata__": text}).encode()
    return len(encoded).to_bytes(8, "little") + encoded + body


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value inside `value`."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, (dict, list)):
        inner = list(value.items() if isinstance(value, dict) else enumerate(value))
    return [found for key, item in inner for found in ((*path, key), *places(item, (*path, key)))]


def mutate(parts: dict[str, Any], rng: random.Random) -> None:
    """Puts something wrong at one random place."""
    part = rng.choice(PARTS)
    path = (part, *rng.choice([(), *places(parts[part])])) if rng.random() > 0.1 else (part,)
    holder: Any = parts
    for key in path[:-1]:
        holder = holder[key]
    if rng.random() < 0.15 and isinstance(holder, dict) and len(path) > 1:
        del holder[path[-1]]
    else:
        holder[path[-1]] = copy.deepcopy(rng.choice(WRONG))
