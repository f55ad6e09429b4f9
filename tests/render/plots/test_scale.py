"""Ticks are round, equally spaced, within their range, and written so that one reads back what they are."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from charrnn.render.plots.scale import Scale, linear_ticks, log_ticks, tick_labels

numbers = st.floats(-1e9, 1e9)
positive = st.floats(-6, 9).map(lambda exponent: 10.0**exponent)
most = st.integers(2, 15)
SIGNS = {"k": 1e3, "M": 1e6, "G": 1e9}


def mantissa(step: float) -> float:
    return step / 10.0 ** math.floor(math.log10(step) + 1e-9)


def read_back(label: str) -> float:
    return float(label[:-1]) * SIGNS[label[-1]] if label[-1] in SIGNS else float(label)


def wide_enough(low: float, high: float) -> bool:
    return high - low > 1e-5 * max(abs(low), abs(high))


@given(numbers, numbers, most)
def test_linear_ticks(a: float, b: float, most: int) -> None:
    low, high = min(a, b), max(a, b)
    assume(wide_enough(low, high) and high - low > 1e-6)
    ticks = linear_ticks(low, high, most)
    assert 1 <= len(ticks) <= most
    hair = 1e-9 * (high - low) + 1e-12 * max(abs(low), abs(high))
    assert low - hair <= ticks[0] <= ticks[-1] <= high + hair
    if most >= 5:
        assert len(ticks) >= 2
    if len(ticks) > 1:
        step = (ticks[-1] - ticks[0]) / (len(ticks) - 1)
        assert min(abs(mantissa(step) - digit) for digit in (1, 2, 5, 10)) < 1e-6
        for n, tick in enumerate(ticks):
            assert math.isclose(tick, ticks[0] + n * step, rel_tol=1e-9, abs_tol=1e-9 * step)
            assert abs(tick / step - round(tick / step)) < 1e-3  # a multiple of the step
        assert ticks[0] - step < low + hair  # none is left out
        assert ticks[-1] + step > high - hair


@given(positive, positive, most)
def test_log_ticks(a: float, b: float, most: int) -> None:
    low, high = min(a, b), max(a, b)
    assume(wide_enough(low, high))
    ticks = log_ticks(low, high, most)
    assert 1 <= len(ticks) <= most
    assert ticks == sorted(set(ticks))
    assert low * (1 - 1e-9) <= ticks[0] <= ticks[-1] <= high * (1 + 1e-9)


@given(positive, positive, most, st.booleans())
def test_labels_say_what_the_ticks_are(a: float, b: float, most: int, is_log: bool) -> None:
    low, high = min(a, b), max(a, b)
    assume(wide_enough(low, high))
    ticks = (log_ticks if is_log else linear_ticks)(low, high, most)
    labels = tick_labels(ticks)
    assert len(set(labels)) == len(labels)
    for tick, label in zip(ticks, labels, strict=True):
        assert math.isclose(read_back(label), tick, rel_tol=1e-6, abs_tol=1e-11)


@pytest.mark.parametrize(("low", "high", "most", "labels"), [
    (0, 30, 10, "0 5 10 15 20 25 30"), (0, 30, 4, "0 10 20 30"), (1.34, 3.6, 6, "1.5 2.0 2.5 3.0 3.5"),
    (0, 9_999, 6, "0 2000 4000 6000 8000"), (0, 12_000, 4, "0 5k 10k"),
    (0, 2_500_000, 6, "0.0 0.5M 1.0M 1.5M 2.0M 2.5M"),
    (0, 0.3, 4, "0.0 0.1 0.2 0.3"), (-0.02, 0.03, 6, "-0.02 -0.01 0.00 0.01 0.02 0.03"), (0, 3e9, 4, "0 1G 2G 3G")])
def test_what_people_would_choose(low: float, high: float, most: int, labels: str) -> None:
    found = tick_labels(linear_ticks(low, high, most))
    assert " ".join(label.replace("0.0k", "0") for label in found) == labels


@pytest.mark.parametrize(("low", "high", "most", "ticks"), [
    (0.1, 100, 12, [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]), (0.1, 100, 5, [0.1, 1, 10, 100]),
    (1.2, 2.5, 7, [1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4]), (1e-9, 1e9, 5, [1e-9, 1e-5, 1e-1, 1e3, 1e7])])
def test_logarithmic_ones(low: float, high: float, most: int, ticks: list[float]) -> None:
    assert log_ticks(low, high, most) == pytest.approx(ticks)


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=9), st.booleans(), st.floats(0, 0.2))
def test_a_scale_holds_its_values(values: list[float], is_log: bool, margin: float) -> None:
    scale = Scale.around(values, is_log, margin)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)
    assert -1e-9 <= places[0] <= places[-1] <= 1 + 1e-9
    for place, _ in scale.ticks(6):
        assert -1e-9 <= place <= 1 + 1e-9


def test_ticks_that_do_not_fit_make_room() -> None:
    scale = Scale(0.0, 30.0)
    assert [label for _, label in scale.ticks(10, lambda ticks: len(ticks) <= 4)] == ["0", "10", "20", "30"]
    assert scale.ticks(10, lambda ticks: False) == []
