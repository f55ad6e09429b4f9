"""The stored numbers of golden.json as objects; needs no torch."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import State
from charrnn.settings import NetworkSettings

MAGIC, VERSION = "charrnn golden", 1
PATH = Path(__file__).with_name("golden.json")


@dataclass(frozen=True)
class GoldenCase:
    """One window through one network, with everything that PyTorch made of it, in float64."""

    name: str
    settings: NetworkSettings
    parameters: dict[str, np.ndarray]
    inputs: np.ndarray  # (T, N)
    targets: np.ndarray  # (T, N), -1 is not predicted
    state: list[State]  # carried in: (h,) or (h, c) a layer, each (N, H)
    logits: np.ndarray  # (T, N, V)
    loss: float
    gradients: dict[str, np.ndarray]
    final_state: list[State]


@dataclass(frozen=True)
class GoldenTrajectory:
    """Training on windows with the state carried over; `losses` and `norms` are from before each update."""

    name: str
    settings: NetworkSettings
    parameters: dict[str, np.ndarray]
    inputs: np.ndarray  # (steps, T, N)
    targets: np.ndarray  # (steps, T, N)
    state: list[State]
    lr: float
    clip: float
    losses: np.ndarray  # (steps)
    norms: np.ndarray  # (steps), of the whole gradient before it is clipped
    final_parameters: dict[str, np.ndarray]
    final_state: list[State]


def golden_cases() -> list[GoldenCase]:
    """The single windows: each cell with 1, 2 and 3 layers one-hot, and with 2 on an embedding."""
    return [GoldenCase(**decode(case)) for case in _document()["cases"]]


def golden_trajectories() -> list[GoldenTrajectory]:
    """Ten steps of Adam with clipping, one trajectory for each cell."""
    return [GoldenTrajectory(**decode(case)) for case in _document()["trajectories"]]


def decode(case: dict[str, Any]) -> dict[str, Any]:
    """The fields of a case as arrays, freshly made, from their form in JSON."""
    return {key: _decode_field(key, value) for key, value in case.items()}


def _decode_field(key: str, value: Any) -> Any:
    match key:
        case "settings":
            return NetworkSettings.from_dict(value)
        case "inputs" | "targets":
            return np.array(value, dtype=np.int64)
        case "state" | "final_state":
            return [tuple(np.array(array, dtype=np.float64) for array in layer) for layer in value]
        case _ if isinstance(value, dict):
            return {name: np.array(array, dtype=np.float64) for name, array in value.items()}
        case _ if isinstance(value, list):
            return np.array(value, dtype=np.float64)
    return value


@functools.cache
def _document() -> dict[str, Any]:
    document = json.loads(PATH.read_text(encoding="utf-8"))
    if (document.get("magic"), document.get("version")) != (MAGIC, VERSION):
        remedy = "run python -m tests.golden.make_golden"
        raise ValueError(f"{PATH.name} is not {MAGIC!r} version {VERSION}; {remedy}")
    return document
