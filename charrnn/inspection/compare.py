"""Layer inspection: the cells of two networks compared on the same text: which of them do the same.

    match of cell u = the cell v of the other network with the largest |corr(a_u, a_v)| over the places   (MaxCorr)

(Bau et al. 2018.) The level of chance comes from the same search with the other network shifted along the text.
"""

from dataclasses import dataclass

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.errors import SettingsError
from charrnn.inspection.cell_statistics import CellName, main_signal
from charrnn.inspection.passage import Passage
from charrnn.inspection.recording import Recording
from charrnn.text.vocabulary import Vocabulary

SHIFTS, SHORTEST = 20, 100

DEFINITIONS = {
    "match": "for each cell the cell of the other network whose tanh c (or h) has the largest correlation with its "
             "own, of either sign, over the same text",
    "chance of a match": "what the best |correlation| of a cell exceeds in 1 of 20 searches, the other network's text "
                         f"shifted by {SHORTEST} characters or more; its median over the cells",
}


@dataclass(frozen=True)
class CellMatches:
    """layer and unit (L, H) of each cell's match in the other network; their correlation (L, H), signed; chance level.
    """

    layer: Array
    unit: Array
    correlation: Array
    chance: float

    def of(self, cell: CellName) -> tuple[CellName, float]:
        """A cell's match, and their correlation."""
        return CellName(int(self.layer[cell]), int(self.unit[cell])), float(self.correlation[cell])

    @property
    def confirmed(self) -> float:
        """The share of the cells whose match is better than chance."""
        return float((np.abs(self.correlation) > self.chance).mean())


def match_cells(one: Recording, other: Recording, shifts: int = SHIFTS) -> CellMatches:
    """The matches of the cells of `one` in `other`; both read the same places."""
    a, b = _standardised(one), _standardised(other)
    together = a @ b.T  # (cells of one, cells of the other)
    best = np.abs(together).argmax(axis=1)
    places, shape = a.shape[1], (one.layers, one.hidden)
    moves = np.linspace(min(SHORTEST, places // 3), places - min(SHORTEST, places // 3), shifts).astype(int)
    by_chance = np.stack([np.abs(a @ np.roll(b, int(move), axis=1).T).max(axis=1) for move in moves])
    chance = float(np.median(np.quantile(by_chance, 0.95, axis=0)))
    return CellMatches((best // other.hidden).reshape(shape), (best % other.hidden).reshape(shape),
                   together[np.arange(len(best)), best].reshape(shape), chance)


def same_text(passage: Passage, vocabulary: Vocabulary, mark: str | None, name: str) -> Passage:
    """The passage in the ids of another vocabulary; raises SettingsError if it lacks a character."""
    number = {unit: n for n, unit in enumerate(vocabulary.units)}
    units = [passage.units[n] for n in passage.ids]
    missing = [unit for unit in dict.fromkeys(units) if unit not in number]
    if missing or mark != passage.mark:
        why = f"never saw {missing[0]!r}" if missing else "takes documents another way"
        raise SettingsError(f"--compare {name}: that network {why}; compare networks of the same text")
    return Passage.of(np.array([number[unit] for unit in units], np.int32), vocabulary, mark, passage.origin)


def _standardised(recording: Recording) -> Array:
    """The main signal of each cell after the warm-up, (cells, T): mean 0, length 1; all 0 for a constant cell."""
    settled = recording.settled()
    shown = settled.shown(main_signal(settled)).transpose(0, 2, 1).reshape(-1, len(settled))
    centred = shown - shown.mean(axis=1, keepdims=True, dtype=np.float64)
    lengths = np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    flat = lengths < 1e-6 * np.sqrt(len(settled))
    standard: Array = np.where(flat, 0, centred / np.where(flat, 1, lengths)).astype(np.float32)
    return standard
