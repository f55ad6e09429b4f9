"""Layer inspection: where a network is surprised: by what kinds of characters, and where most of all."""

import itertools
from dataclasses import dataclass

import numpy as np

from charrnn.inspection.passage import Passage
from charrnn.inspection.recording import Recording

_LN2 = float(np.log(2))


@dataclass(frozen=True)
class Kind:
    """Some of the characters that were to be predicted: how many, and the mean surprise in bits."""

    name: str
    count: int
    bits: float


def bits(recording: Recording) -> np.ndarray:
    """The surprise about each next character, (T,) in bits."""
    surprise: np.ndarray = recording.predictions.nats / _LN2
    return surprise


def kinds(recording: Recording, passage: Passage) -> list[Kind]:
    """The surprise by kind of the character to come, the largest first; kinds that do not occur are left out."""
    surprise = bits(recording)
    found = []
    for name, mask in masks(recording, passage).items():
        counted = mask & (np.arange(len(mask)) >= recording.warm_up)
        if counted.any():
            found.append(Kind(name, int(counted.sum()), float(surprise[counted].mean(dtype=np.float64))))
    return sorted(found, key=lambda kind: -kind.bits)


def masks(recording: Recording, passage: Passage) -> dict[str, np.ndarray]:
    """For each kind of character to come, the places (T,) before one."""
    names = np.array([_kind(before, coming) for before, coming in itertools.pairwise(passage.pieces)])
    return {str(name): names == name for name in np.unique(names)}


def _kind(before: str, coming: str) -> str:
    if coming[-1:] == "\n":
        return "line ends"
    if coming.isspace():
        return "white space"
    if not coming.strip()[:1].isalnum():
        return "punctuation"
    return "inside words" if before[-1:].isalnum() else "first letters"


def worst(recording: Recording, count: int) -> list[int]:
    """The places whose next character surprised most, the worst first; behind the warm-up only."""
    surprise = bits(recording)
    order = np.argsort(-surprise[recording.warm_up:], kind="stable") + recording.warm_up
    return [int(place) for place in order[:count]]
