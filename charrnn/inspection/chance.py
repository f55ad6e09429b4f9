"""Layer inspection: what the best of all cells reaches by chance alone, for each feature.

A slow feature and a slow cell agree now and then without knowing of each other, and the best of hundreds does so
often: 0.5 is no fair level for it. So the feature is shifted round the text, which keeps how it comes and goes but
tears it from what was read, and the best cell is looked for again, many times.
"""

import numpy as np

from charrnn.inspection.ranks import RankMatrix, Wanted

SHIFTS = 50
# A shift by less would leave much of a slow feature where it was.
SHORTEST = 100
# Chance reaches this level in 1 of 20 searches.
QUANTILE = 0.95
# The draws decide nothing but the last digit of a level; the same text must give the same bytes.
_SEED = 1


def chance_levels(matrix: RankMatrix, wanted: Wanted) -> np.ndarray:
    """(F,) the score, as |AUC - 1/2| or |rho|, that the best column of `matrix` exceeds by chance in 1 of 20 searches.
    """
    F, T = wanted.weights.shape
    if not F or not len(matrix.ranks):
        return np.zeros(F)
    shortest = min(SHORTEST, T // 4)
    places = np.random.default_rng(_SEED).integers(shortest, max(T - shortest, shortest + 1), SHIFTS)
    best = np.array([np.abs(matrix.scores(wanted.shifted(int(shift)))).max(axis=1) for shift in places])
    levels: np.ndarray = np.quantile(best, QUANTILE, axis=0)
    return levels
