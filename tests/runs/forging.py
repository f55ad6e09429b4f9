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
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    text = json.loads(data[8:end])["__metadata__"]
    parts = {name: json.loads(text[name]) for name in PARTS}
    change(parts)
    held = safetensors.numpy.load(data)
    arrays(held)
    text |= {name: json.dumps(value) for name, value in parts.items()}
    del text["sha256"]
    made = safetensors.numpy.save(held, metadata=text)
    end = 8 + int.from_bytes(made[:8], "little")
    header, body = json.loads(made[8:end]), made[end:]
    plain = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    header["__metadata__"]["sha256"] = hashlib.sha256(plain + body).hexdigest()
    encoded = json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + body)


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
