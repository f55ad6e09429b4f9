"""The loops that show what the machine can do really compute: equal to their twins in NumPy."""

import numpy as np
import pytest

from charrnn.kernels import peak
from charrnn.kernels.cpu import zeros


@pytest.mark.parametrize("count", [1, 2, 37])
def test_chains(count):
    out, expected = zeros(peak.LANES), zeros(peak.LANES)
    peak.multiply_and_add(count, out)
    peak.chains_numpy(count, expected)
    np.testing.assert_allclose(out, expected, rtol=1e-5)
    total = sum(c * 0.999**count + 1 - 0.999**count for c in range(peak.CHAINS))
    np.testing.assert_allclose(out, total, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 37])
def test_pairs(count):
    out, expected = zeros(peak.LANES), zeros(peak.LANES)
    peak.multiply_and_add_pairs(count, out)
    peak.pairs_numpy(count, expected)
    np.testing.assert_array_equal(out, expected)  # all of these numbers are exact
    np.testing.assert_array_equal(out, sum(c + count * 2.0**-9 for c in range(peak.CHAINS)))


@pytest.mark.parametrize("blocks", [1, 2, 5])
@pytest.mark.parametrize("passes", [1, 2, 3])
def test_all_of_the_buffer_is_read_as_often_as_told(blocks, passes):
    buffer = np.random.default_rng(blocks).integers(1, 2**31, blocks * peak.BLOCK, dtype=np.int32)
    before = buffer.copy()
    out = np.full(peak.LANES, -1, np.int32)
    peak.read(buffer, passes, out)
    # read an even number of times, everything cancels
    expected = np.bitwise_xor.reduce(buffer.reshape(-1, peak.LANES)) if passes % 2 else np.zeros(peak.LANES, np.int32)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(buffer, before)
    twin = np.full(peak.LANES, -1, np.int32)
    peak.lines_numpy(buffer, buffer.size, passes, twin)
    np.testing.assert_array_equal(out, twin)
