"""Layer inspection: the surprisal of the text, by kind of character, and where it is highest."""

import itertools
from dataclasses import dataclass

import numpy as np

from charrnn.inspection.features.enclosures import closing_quotes
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


def next_masks(passage: Passage) -> dict[str, np.ndarray]:
    """The same, and the places (T,) before each sign that is neither letter nor digit, before a capital, a digit, and a
    closing quote."""
    signs = [piece.strip()[:1] for piece in passage.pieces[1:]]
    masks = {name.replace("inside words", "letters in words"): mask for name, mask in kind_masks(passage).items()}
    for sign in sorted(set(signs)):
        if sign and not sign.isalnum():
            masks[repr(sign)] = np.array([one == sign for one in signs], bool)
    masks["a capital"] = np.array([sign.isupper() for sign in signs], bool)
    masks["a digit"] = np.array([sign.isdigit() for sign in signs], bool)
    # whether a quote closes depends on those before it, and on blank lines, so the whole text is read
    is_closing = closing_quotes("".join(passage.pieces))
    begins = np.cumsum([0, *map(len, passage.pieces)])[1:-1] + [len(piece) - len(piece.lstrip())
                                                               for piece in passage.pieces[1:]]
    masks["a closing quote"] = np.array([bool(sign) for sign in signs]) & is_closing[
        np.minimum(begins, len(is_closing) - 1)]
    return masks


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
