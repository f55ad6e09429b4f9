"""Layer inspection: how sure a mean over a text is, though its places hang together: whole stretches are drawn anew,
not places.

The text is cut into 20 blocks; a mean is taken of 20 blocks drawn with replacement, again and again; how much these
means vary is the standard error.
"""

import itertools

import numpy as np

from charrnn.cells.numpy_step import Array

BLOCKS, DRAWS = 20, 1000


def block_error(values: Array, counted: Array | None = None) -> float:
    """The standard error of the mean of `values` (T,), of those only where `counted` (T,) is true.

    NaN where there are fewer than two blocks with something to count. The draws are always the same.
    """
    counted = np.ones(len(values), bool) if counted is None else counted
    edges = np.linspace(0, len(values), min(BLOCKS, len(values)) + 1).round().astype(int)
    sums = np.array([values[a:b][counted[a:b]].sum() for a, b in itertools.pairwise(edges)])
    counts = np.array([np.count_nonzero(counted[a:b]) for a, b in itertools.pairwise(edges)])
    if np.count_nonzero(counts) < 2:
        return float("nan")
    drawn = np.random.default_rng(0).integers(len(sums), size=(DRAWS, len(sums)))
    totals = counts[drawn].sum(axis=1)
    means = sums[drawn].sum(axis=1)[totals > 0] / totals[totals > 0]
    return float(means.std(ddof=1))
