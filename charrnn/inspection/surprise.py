"""Floor 6: where a network is surprised: by what kinds of characters, and where most of all."""

from dataclasses import dataclass

import numpy as np

from charrnn.inspection.passage import Passage
from charrnn.inspection.recording import NEXT, Recording

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
    surprise = bits(recording)[recording.warm_up:]
    before = passage.pieces[recording.warm_up:-NEXT]
    coming = passage.pieces[recording.warm_up + NEXT:]
    names = np.array([_kind(one, other) for one, other in zip(before, coming, strict=True)])
    found = [Kind(str(name), int((names == name).sum()), float(surprise[names == name].mean()))
             for name in np.unique(names)]
    return sorted(found, key=lambda kind: -kind.bits)


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
