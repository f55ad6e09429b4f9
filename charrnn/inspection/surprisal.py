"""Layer inspection: the surprisal of the text, by kind of character, and where it is highest."""

import itertools
from dataclasses import dataclass

import numpy as np

from charrnn.inspection.passage import Passage
from charrnn.inspection.recording import Recording


@dataclass(frozen=True)
class CharacterKind:
    """One kind of predicted character: how many there are, and their mean surprisal in bits."""

    name: str
    count: int
    bits: float


def kinds(recording: Recording, passage: Passage) -> list[CharacterKind]:
    """The surprisal by kind of the predicted character, the highest first; kinds that do not occur are left out."""
    surprisals = recording.predictions.surprisals
    found = []
    for name, mask in kind_masks(passage).items():
        counted = mask & (np.arange(len(mask)) >= recording.warm_up)
        if counted.any():
            found.append(CharacterKind(name, int(counted.sum()), float(surprisals[counted].mean(dtype=np.float64))))
    return sorted(found, key=lambda kind: -kind.bits)


def kind_masks(passage: Passage) -> dict[str, np.ndarray]:
    """For each kind of predicted character, the places (T,) before one."""
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


def most_surprising(recording: Recording, count: int) -> list[int]:
    """The places whose next character has the highest surprisal, the highest first; without the warm-up."""
    order = np.argsort(-recording.predictions.surprisals[recording.warm_up:], kind="stable") + recording.warm_up
    return [int(place) for place in order[:count]]
