"""A run that goes wrong is taken back, goes on at half the rate, and is given up after a bound."""

import math

import numpy as np
import pytest

from charrnn.errors import TrainingError
from charrnn.training.events import Finished, RolledBack, Step, Validated
from charrnn.training.rollback import HALVINGS, Rollback
from charrnn.training.trainer import Trainer
from tests.training.runs import V, advance, flat_state, settings_of, text


def poison(trainer, at, times, name="weight_out", value=np.nan):
    """Events of a run in which a weight is spoilt right after step `at`, so many times."""
    left = times
    for event in trainer.events():
        yield event
        if isinstance(event, Step) and event.step == at and left:
            left -= 1
            trainer.engine.network.parameters.stored(name)[2, 1] = value
            trainer.engine.network.refresh()


def test_a_gradient_that_is_no_number_is_taken_back_to_the_last_validation():
    trainer = Trainer(settings_of(), text(), V, 1)
    total = 2 * trainer.cutter.windows_per_epoch
    first = total // 4  # of 4 validations
    events = list(poison(trainer, first + 5, 1))
    back = [event for event in events if isinstance(event, RolledBack)]
    assert back == [RolledBack(first + 5, first, 0.5, "the gradient is no longer a number")]
    at = events.index(back[0])
    before = {event.step: event for event in events[:at] if isinstance(event, Step)}
    after = [event for event in events[at:] if isinstance(event, Step)]
    assert [event.step for event in after] == list(range(first + 1, total + 1))
    # the same window, read by the same network with the same dropout; the rate alone has changed
    assert after[0].loss == before[first + 1].loss
    assert after[0].lr == pytest.approx(before[first + 1].lr / 2)
    assert np.isfinite(trainer.engine.network.parameters.flat).all()
    assert isinstance(events[-1], Finished)
    assert math.isfinite(events[-1].best_loss)
    steps = [point.step for point in trainer.history.points]
    assert steps == sorted(set(steps))


def spoil(trainer, at, name, place, value):
    """Why a run is rolled back in which a number of its state is spoilt right after step `at`, once."""
    causes, is_spoilt = [], False
    for event in trainer.events():
        if isinstance(event, Step) and event.step == at and not is_spoilt:
            arrays, is_spoilt = trainer.engine.state(), True
            arrays[name][place] = value
            trainer.engine.restore(arrays, at)
        if isinstance(event, RolledBack):
            causes.append(event.cause)
    return causes


def test_a_weight_that_is_infinite_and_does_no_harm_is_taken_back():
    """It holds a gate open for ever; the loss and the gradient stay numbers, and sgd leaves it as it is."""
    trainer = Trainer(settings_of("gru", layers=1, optimizer="sgd"), text(), V, 1)
    assert spoil(trainer, 40, "bias_l0", 20 + 5, np.inf) == ["a weight is no longer a number"]
    assert all(np.isfinite(array).all() for array in trainer.engine.parameters().values())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_running_average_that_is_no_number_is_taken_back(value):
    """Training reads the weights themselves, and would not notice."""
    trainer = Trainer(settings_of(averaging=0.9), text(), V, 1)
    assert spoil(trainer, 40, "bias_out", 3, value) == ["the validation loss is no longer a number"]
    assert all(np.isfinite(array).all() for array in trainer.engine.state().values())


def test_a_loss_that_explodes_is_taken_back_too():
    trainer = Trainer(settings_of(dropout=0.0), text(), V, 1)
    events = list(poison(trainer, 20, 1, value=1e6))
    back = [event for event in events if isinstance(event, RolledBack)]
    assert [event.cause for event in back] == ["the loss explodes"]
    assert (back[0].step, back[0].to_step) == (21, trainer.cutter.windows_per_epoch // 2)
    losses = [event.loss for event in events[events.index(back[0]):] if isinstance(event, Step)]
    assert max(losses) < math.log(V) + 0.5


def test_it_is_given_up_in_the_end_and_says_what_to_do():
    trainer = Trainer(settings_of(), text(), V, 1)
    shares, seen = [], 0

    def go_on():
        nonlocal seen, shares
        for event in poison(trainer, 3, 99):
            seen += isinstance(event, Step)
            shares += [event.share] if isinstance(event, RolledBack) else []

    with pytest.raises(TrainingError, match=rf"halved {HALVINGS} times.*--lr.*--clip"):
        go_on()
    assert shares == [0.5**k for k in range(1, HALVINGS + 1)]
    assert seen == 3 * (HALVINGS + 1)


def test_a_halved_rate_stays_halved_when_the_run_goes_on():
    settings = settings_of(epochs=1.0)
    whole, first, second = (Trainer(settings, text(), V, 1) for _ in range(3))
    expected = list(poison(whole, 12, 1))
    taken = []
    for event in poison(first, 12, 1):
        taken.append(event)
        if isinstance(event, Validated) and first.rollback.halvings:
            first.stop()
    second.restore(*first.state())
    assert second.rollback.share == 0.5
    going_on = advance(second, 10_000)
    assert repr(taken[:-1] + going_on[1:]) == repr(expected)
    assert flat_state(second) == flat_state(whole)


@pytest.mark.parametrize("losses", [[math.nan], [math.inf], [200.0] * 2, [9.0] * 40, [1.0, 1.0, *[30.0] * 7]])
def test_what_has_exploded(losses):
    rollback = Rollback(20)
    assert any([rollback.has_exploded(loss) for loss in losses])


@pytest.mark.parametrize("losses", [[math.log(20)] * 50, [1.0] * 20 + [80.0] + [1.0] * 20, [3.9] * 9,
                                    [8.0] * 20 + [4.0] * 50])
def test_what_has_not(losses):
    rollback = Rollback(20)
    assert not any([rollback.has_exploded(loss) for loss in losses])


def test_patience_ends_a_run_that_no_longer_gets_better():
    settings = settings_of(epochs=400.0, validations=100, patience=3, lr=0.02, dropout=0.0, decay="constant")
    trainer = Trainer(settings, text(400), V, 1)
    events = list(trainer.events())
    validated = [event for event in events if isinstance(event, Validated)]
    assert len(validated) < 100
    assert [event.is_best for event in validated[-4:]] == [True, False, False, False]
    best = validated[-4]
    assert events[-1] == Finished(trainer.step, trainer.cutter.progress, False, best.loss, best.step, 3)
    again = Trainer(settings, text(400), V, 1)
    again.restore(*trainer.state())
    assert not any(isinstance(event, Step) for event in again.events())
    best, last = trainer.history.overfitting
    assert (best.step, last.step) == (validated[-4].step, trainer.step)


def test_a_run_that_still_gets_better_is_not_called_overfitting():
    trainer = Trainer(settings_of(epochs=3.0), text(), V, 1)
    list(trainer.events())
    assert trainer.history.overfitting is None
