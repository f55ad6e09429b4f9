"""The learning rate over a run."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.settings import NetworkSettings, TrainingSettings
from charrnn.training.schedules import fitting_rate, learning_rate

SHARES = st.floats(0, 1)
DECAYS = ("cosine", "linear", "constant")


def rate(progress, epoch=0.0, **settings):
    return learning_rate(TrainingSettings(**{"lr": 0.5, "warmup": 0.2, "lr_end": 0.1} | settings), progress, epoch)


@pytest.mark.parametrize(("decay", "middle", "end"), [
    ("cosine", 0.275, 0.05), ("linear", 0.275, 0.05), ("constant", 0.5, 0.5)])
def test_by_hand(decay, middle, end):
    assert rate(0.1, decay=decay) == pytest.approx(0.25)
    assert rate(0.2, decay=decay) == pytest.approx(0.5)
    assert rate(0.6, decay=decay) == pytest.approx(middle)
    assert rate(1.0, decay=decay) == pytest.approx(end)


@pytest.mark.parametrize(("epoch", "step", "exponential"), [
    (0.0, 1, 1), (2.9, 1, 1), (3.0, 0.5, 1), (4.0, 0.5, 0.5**0.5), (4.99, 0.5, 0.5**0.995), (5.0, 0.25, 0.5),
    (9.5, 0.0625, 0.5**3.25)])
def test_step_and_exponential_count_epochs(epoch, step, exponential):
    falling = {"decay_factor": 0.5, "decay_after": 3.0, "decay_every": 2.0, "lr_end": 1.0}
    for progress in (0.2, 0.7, 1.0):  # and not the run
        assert rate(progress, epoch, decay="step", **falling) == pytest.approx(0.5 * step)
        assert rate(progress, epoch, decay="exponential", **falling) == pytest.approx(0.5 * exponential)
    assert rate(0.1, epoch, decay="step", **falling) == pytest.approx(0.25)  # warm-up comes first


def test_a_quarter_of_the_way_down():
    assert rate(0.4, decay="linear") == pytest.approx(0.5 * (0.1 + 0.9 * 0.75))
    assert rate(0.4, decay="cosine") == pytest.approx(0.5 * (0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2))


def test_the_first_step_teaches_something():
    assert rate(0.0) > 0
    assert rate(0.0, lr=0.0) == 0.0
    assert rate(0.0, warmup=0.0) == 0.5


def test_beyond_its_ends_it_stays():
    assert rate(-1.0) == rate(0.0)
    assert rate(7.0) == rate(1.0)


@given(warmup=SHARES, lr_end=SHARES, decay=st.sampled_from(DECAYS), a=SHARES, b=SHARES)
def test_it_climbs_and_then_falls_within_its_bounds(warmup, lr_end, decay, a, b):
    a, b = sorted((a, b))
    first, second = (rate(x, warmup=warmup, lr_end=lr_end, decay=decay) for x in (a, b))
    assert 0 <= first <= 0.5 + 1e-12
    if b < warmup:
        assert first <= second
    elif a >= warmup:
        assert first >= second - 1e-12
        assert second >= 0.5 * lr_end - 1e-12


@given(decay=st.sampled_from(DECAYS))
def test_warmup_may_be_the_whole_run(decay):
    assert rate(1.0, warmup=1.0, decay=decay) == 0.5
    assert rate(0.5, warmup=1.0, decay=decay) == 0.25


def test_the_fitting_rate_falls_with_units_and_never_rises_above_its_cell():
    def fitting(**network):
        return fitting_rate(NetworkSettings(**network), "adam")

    rates = {hidden: fitting(cell="lstm", hidden=hidden) for hidden in (4, 8, 256, 512, 1024)}
    assert rates[4] == rates[8] > rates[256] > rates[512] > rates[1024] > 0
    # two layers of 512 count as one of 1024
    assert fitting(cell="lstm", hidden=512, layers=2) == rates[1024]
    assert fitting(cell="rnn", hidden=256, layers=2) == pytest.approx(fitting(cell="rnn", hidden=512) / 2, abs=1e-4)
    assert fitting(cell="rnn") < fitting(cell="gru") < rates[256]
    assert fitting_rate(NetworkSettings(hidden=256), "rmsprop") < rates[256]
