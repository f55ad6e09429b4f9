"""Layer render: an axis: numbers come in, places from 0 to 1 go out, and round ticks for which there is room."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

# From where on, in what, and with which sign numbers are written short.
_SIZES = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))


@dataclass(frozen=True)
class Scale:
    """From `low` to `high`, which differ; a logarithmic one begins above 0."""

    low: float
    high: float
    is_log: bool = False

    @classmethod
    def around(cls, values: Iterable[float], is_log: bool = False, margin: float = 0.0) -> "Scale":
        """The scale that holds all values, with `margin` of its length free at both ends."""
        known = list(values)
        low, high = min(known), max(known)
        if high - low < 1e-4 * max(abs(low), abs(high), 1e-6):  # one number needs some room too
            room = 0.05 * abs(low) or 0.5
            low, high = low - room, high + room
        if is_log:
            wider = (high / low) ** margin
            return cls(low / wider, high * wider, True)
        return cls(low - margin * (high - low), high + margin * (high - low))

    def __call__(self, value: float) -> float:
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int, fits: Callable[[list[tuple[float, str]]], bool] = lambda ticks: True) -> list[
            tuple[float, str]]:
        """(place, label) of at most `most` ticks; of fewer, until they all fit."""
        for number in range(most, 1, -1):
            values = (log_ticks if self.is_log else linear_ticks)(self.low, self.high, number)
            found = [(self(value), label) for value, label in zip(values, tick_labels(values), strict=True)]
            if fits(found):
                return found
        return []


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
