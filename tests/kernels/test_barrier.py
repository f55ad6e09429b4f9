"""Nobody leaves a meeting before all have come, however often they meet."""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest

from charrnn.kernels.barrier import wait
from charrnn.kernels.jit import JIT

TIMES = 2_000


@numba.njit(nogil=True)
def compare_notes(counter, notes, part, parts):
    """Each part writes down the number of the meeting, and counts whose note is not there when all have met."""
    wrong = 0
    for i in range(TIMES):
        notes[i % 2, part] = i
        wait(counter, parts * (i + 1))
        for other in range(parts):
            wrong += notes[i % 2, other] != i
    return wrong


@pytest.mark.few(1)
@pytest.mark.skipif(not JIT, reason="one thread only")
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_all_have_come(parts):
    counter, notes = np.zeros(1, np.int64), np.full((2, parts), -1, np.int64)
    with ThreadPoolExecutor(parts) as pool:
        wrong = list(pool.map(lambda part: compare_notes(counter, notes, part, parts), range(parts)))
    assert wrong == [0] * parts
    assert counter == parts * TIMES
