"""Layer render: round numbers for an axis, and how they are written."""

import math

# From where on, in what, and with which sign numbers are written short.
_SIZES = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` (2 or more) equally spaced round numbers from low to high, low < high, as many as fit."""
    exponent = math.floor(math.log10((high - low) / most)) - 1
    for factor in (digits * 10 ** tens for tens in range(4) for digits in (1, 2, 5)):
        # counted in whole steps, so that no rounding error adds up
        first, last = math.ceil(_steps(low, factor, exponent)), math.floor(_steps(high, factor, exponent))
        if last - first < most:
            return [_value(number * factor, exponent) for number in range(first, last + 1)]
    raise AssertionError("a step of a thousandth of the span's size is always small enough")


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers for a logarithmic axis from low > 0 to high: powers of ten, with 2 and 5 between where they fit.

    Where so few lie in the range that they would say little, equally spaced ones take their place.
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)

    def within(digits: tuple[int, ...]) -> list[float]:
        return [value for decade in decades for digit in digits if low <= (value := _value(digit, decade)) <= high]

    for digits in ((1, 2, 5), (1,)):
        if 3 <= len(found := within(digits)) <= most:
            return found
    powers = within((1,))
    return powers[::math.ceil(len(powers) / most)] if len(powers) > most else linear_ticks(low, high, most)


def tick_labels(ticks: list[float]) -> list[str]:
    """How the ticks are written: with as many decimals as the one that needs most; thousands as k, millions as M.

    Ticks over many powers of ten are written each in its own way: 0.001, 1, 1e+06.
    """
    if ticks and 0 < 1000 * ticks[0] <= ticks[-1]:
        return [f"{tick:g}" for tick in ticks]
    largest = max(map(abs, ticks), default=0.0)
    size, sign = next(((size, sign) for start, size, sign in _SIZES if largest >= start), (1.0, ""))
    decimals = max((_decimals(tick / size) for tick in ticks), default=0)
    return [f"{tick / size:.{decimals}f}{sign if tick else ''}" for tick in ticks]


def _decimals(value: float) -> int:
    """The decimals that `value` needs, which is round."""
    return next((n for n in range(12) if math.isclose(round(value, n), value, rel_tol=1e-9, abs_tol=1e-12)), 12)


def _steps(value: float, factor: int, exponent: int) -> float:
    """How many steps of factor * 10**exponent `value` is; a hair's breadth is no reason to miss one."""
    steps = value / _value(factor, exponent)
    return round(steps) if math.isclose(steps, round(steps), rel_tol=1e-12) else steps


def _value(number: int, exponent: int) -> float:
    """number * 10**exponent, divided where that is the exact way."""
    return float(number * 10**exponent) if exponent >= 0 else number / 10**-exponent
