"""Dropout: what the mask depends on, what it does not depend on, and that it is fair."""

import os
import subprocess
import sys

import numpy as np
import pytest

from charrnn.kernels.dropout import drop

T, N, H = 6, 5, 48


def mask(rate=0.3, key=7, first_row=0, shape=(T, N, H)):
    out = np.ones(shape, np.float32)
    drop(out, rate, np.uint32(key), first_row)
    return out


def test_a_cut_into_shards_changes_nothing():
    whole = mask()
    for first, last in ((0, 2), (2, 5), (4, 5)):
        np.testing.assert_array_equal(mask(first_row=first, shape=(T, last - first, H)), whole[:, first:last])


def test_a_shorter_window_and_fewer_units_have_the_same_mask():
    np.testing.assert_array_equal(mask(shape=(4, N, 16)), mask()[:4, :, :16])


def test_same_key_same_mask_and_other_key_other_mask():
    np.testing.assert_array_equal(mask(), mask())
    keys = [0, 1, 2, 7, 2**31, 2**32 - 1]
    masks = {mask(key=key).tobytes() for key in keys}
    assert len(masks) == len(keys)


def test_times_rows_and_units_differ():
    whole = mask(0.5, shape=(16, 16, 128)) > 0
    for axis in range(2):
        lines = np.moveaxis(whole, axis, 0).reshape(16, -1)
        for a in range(16):
            for b in range(a):
                agreement = (lines[a] == lines[b]).mean()
                assert abs(agreement - 0.5) < 5 * 0.5 / np.sqrt(lines.shape[1])


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_rate_and_mean_are_right_everywhere(rate):
    shape = (40, 30, 160)
    for key in (3, 4_000_000_000):
        out = mask(rate, key, shape=shape)
        kept = out > 0
        np.testing.assert_array_equal(out[kept], np.float32(1 / (1 - rate)))
        variance = rate * (1 - rate)
        assert abs(kept.mean() - (1 - rate)) < 4 * np.sqrt(variance / kept.size)
        assert abs(out.mean(dtype=np.float64) - 1) < 4 * np.sqrt(variance / kept.size) / (1 - rate)
        # chi-square over times, rows and units: each slice keeps its share, neither too badly nor too well
        for axis, count in enumerate(shape):
            places = kept.size // count
            sums = np.moveaxis(kept, axis, 0).reshape(count, -1).sum(axis=1)
            chi2 = ((sums - places * (1 - rate)) ** 2 / (places * variance)).sum()
            assert abs(chi2 - count) < 5 * np.sqrt(2 * count)


def test_neighbours_are_independent():
    kept = mask(0.5, shape=(40, 30, 160)) - 1.0
    for axis in range(3):
        a, b = np.moveaxis(kept, axis, 0)[:-1], np.moveaxis(kept, axis, 0)[1:]
        assert abs((a * b).mean()) < 4 / np.sqrt(a.size)


def test_the_gradient_takes_the_same_way():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((T, N, H)).astype(np.float32)
    gradient = values.copy()
    drop(gradient, 0.3, np.uint32(7), 0)
    np.testing.assert_array_equal(gradient, values * mask())


def test_rate_zero_drops_nothing():
    values = np.random.default_rng(1).standard_normal((T, N, H)).astype(np.float32)
    out = values.copy()
    drop(out, 0.0, np.uint32(7), 0)
    np.testing.assert_array_equal(out, values)


def test_no_warning_without_the_jit():
    code = ("import numpy as np; from charrnn.kernels.dropout import drop; a = np.ones((2, 3, 4), np.float32); "
            "drop(a, 0.5, np.uint32(7), 1); print(int((a == 0).sum()))")
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    expected = np.ones((2, 3, 4), np.float32)
    drop(expected, 0.5, np.uint32(7), 1)
    assert int(done.stdout) == (expected == 0).sum() > 0
