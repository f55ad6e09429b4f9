"""Layer engine: a window in which documents begin, as sequences that each run from one start to the next.

PyTorch's layers carry a state through a whole window. So a row is cut where a document begins; what is cut runs side by
side, the longest first, each part from the state that it begins with.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Segments(NamedTuple):
    """S sequences of a window of (T, N) places, which are numbered row by row of the window: t * N + n.

    places    (T * N,) the place of each number in the packed order
    inverse   (T * N,) the opposite
    sizes     sequences that are left at each time; on the CPU, as PyTorch wants it
    rows      (S,) the row that each sequence was cut from
    fresh     (S, 1) whether it begins with the initial state
    last      (N,) the last sequence of each row
    """

    places: Tensor
    inverse: Tensor
    sizes: Tensor
    rows: Tensor
    fresh: Tensor
    last: Tensor

    @classmethod
    def of(cls, begins: np.ndarray, device: torch.device) -> "Segments":
        """From where documents begin, (T, N) bool."""
        T, N = begins.shape
        starts = begins.T.copy()  # (N, T): row by row
        starts[:, 0] = True
        first = np.flatnonzero(starts)
        lengths = np.diff(first, append=N * T)
        order = np.argsort(-lengths, kind="stable")
        row, time = np.divmod(first[order], T)
        lengths = lengths[order]
        sizes = np.searchsorted(-lengths, -np.arange(int(lengths[0])), side="left")
        number = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        places = (time[number] + np.repeat(np.arange(len(sizes)), sizes)) * N + row[number]
        place_of = np.argsort(order)  # of each sequence in the order of the rows
        last = place_of[np.cumsum(starts.sum(axis=1)) - 1]

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(array).to(device)

        return cls(tensor(places), tensor(np.argsort(places)), torch.from_numpy(sizes), tensor(row),
                   tensor(begins[time, row][:, None]), tensor(last))
