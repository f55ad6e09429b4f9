"""Derivatives by finite differences, the witness for every hand-written gradient."""

from collections.abc import Callable

import numpy as np

EPS = 3e-3  # fourth-order differences: truncation (EPS**4) and rounding (1e-16 / EPS) both stay near 1e-12


def derivative(value: Callable[[float], float]) -> float:
    """The slope of `value` at 0, from four points around it."""
    near, far = value(EPS) - value(-EPS), value(2 * EPS) - value(-2 * EPS)
    return (8 * near - far) / (12 * EPS)


def every_derivative(value: Callable[[], float], array: np.ndarray) -> np.ndarray:
    """The gradient of value() by each element of `array`, which is moved in place and put back."""
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        here = array[index]

        def moved(by: float, index: tuple[int, ...] = index, here: float = here) -> float:
            array[index] = here + by
            return value()

        gradient[index] = derivative(moved)
        array[index] = here
    return gradient


def relative_error(a: np.ndarray, n: np.ndarray) -> float:
    """The largest |a - n| / max(|a| + |n|, 1e-8) over all elements."""
    a, n = np.asarray(a), np.asarray(n)
    assert a.shape == n.shape
    return float(np.max(np.abs(a - n) / np.maximum(np.abs(a) + np.abs(n), 1e-8)))
