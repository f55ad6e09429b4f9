"""Layer kernels: dropout whose mask is derived from counters, so that it does not depend on shards, threads or
history."""

import numpy as np

from charrnn.kernels.jit import JIT, inner, kernel

_u = np.uint32


@inner
def _product(a, b):
    """a * b of 32-bit numbers, without what does not fit: numba widens to 64 bits, NumPy's scalars would warn."""
    return _u(a * b) if JIT else _u(int(a) * int(b) & 0xFFFFFFFF)


@inner
def _sum(a, b):
    return _u(a + b) if JIT else _u(int(a) + int(b) & 0xFFFFFFFF)


@inner
def scrambled(x):
    """A 32-bit mix in which every input bit moves every output bit (Wellons' search, low bias, two multiplications)."""
    x = _product(_u(x ^ (x >> _u(16))), _u(0x21F0AAAD))
    x = _product(_u(x ^ (x >> _u(15))), _u(0x735A2D97))
    return _u(x ^ (x >> _u(15)))


@kernel
def drop(numbers, rate, key, first_row):
    """Drops each of numbers (T, N, H) with probability `rate`, in place, and scales the others up to make up.

    The mask depends on `key` (drawn for each step and layer) and on the place: time, first_row + n, unit. The same call
    with the same key drops the gradient.
    """
    T, N, H = numbers.shape
    threshold = _u(min(np.float64(rate) * 4294967296.0, 4294967295.0))
    keep = np.float32(1.0 / (1.0 - rate))
    for t in range(T):
        for n in range(N):
            base = scrambled(_u(key) ^ scrambled(_u(t) ^ scrambled(_u(first_row + n))))
            line = numbers[t, n]  # one array alone: two that might overlap are not vector code where they do
            for j in range(H):
                line[j] = line[j] * keep if scrambled(_sum(base, _u(j))) >= threshold else np.float32(0)
