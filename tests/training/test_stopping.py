"""A run that is asked to stop does so at once, and what it left undone is done when it goes on."""

import math

import pytest

from charrnn.training.evaluation import Evaluation
from charrnn.training.events import Compiling, Finished, Step, Validated
from charrnn.training.trainer import Trainer
from tests.training.runs import V, flat_state, settings_of, text


def stopped_in_validation(trainer: Trainer, monkeypatch) -> list:
    """The events of a run that stop() reaches within its second validation."""
    evaluate, calls = type(trainer.streams).evaluate, []

    def evaluate_and_stop(batch, *windows):
        if batch is trainer.evaluation._streams:
            calls.append(trainer.step)
            if calls[0] != trainer.step:
                trainer.stop()
        return evaluate(batch, *windows)

    monkeypatch.setattr(type(trainer.streams), "evaluate", evaluate_and_stop)
    events = list(trainer.events())
    monkeypatch.undo()
    return events


def test_a_validation_is_given_up_and_comes_first_on_resuming(monkeypatch):
    settings = settings_of(epochs=2.0, val_fraction=0.3)
    whole, first, second = (Trainer(settings, text(), V, 1) for _ in range(3))
    expected = [event for event in whole.events() if not isinstance(event, Compiling)]
    events = stopped_in_validation(first, monkeypatch)
    assert isinstance(events[-2], Step)  # and no Validated
    assert isinstance(events[-1], Finished)
    assert events[-1].stopped
    second.restore(*first.state())
    going_on = list(second.events())
    assert isinstance(going_on[1], Validated)
    assert repr(events[:-1] + going_on[1:]) == repr(expected)
    assert flat_state(second) == flat_state(whole)


def test_the_clock_of_a_run_in_minutes_runs_on_between_its_events(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    trainer = Trainer(settings_of(epochs=None, minutes=1.0), text(), V, 1)
    steps = 0
    for event in trainer.events():
        now[0] += 2.5  # whoever listens takes his time, and saving a checkpoint is listening
        steps += isinstance(event, Step)
    assert 5 < steps < 25
    assert trainer.seconds >= 60


@pytest.mark.parametrize(("minutes", "steps"), [(1.0, 7), (0.125, 3)])
def test_of_epochs_and_minutes_whichever_ends_first(monkeypatch, minutes, steps):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    trainer = Trainer(settings_of(epochs=1.0, minutes=minutes), text(size=300), V, 1)
    assert trainer.cutter.windows_per_epoch == 7
    shares = []
    for event in trainer.events():
        if isinstance(event, Step):
            now[0] += 2.5
            shares.append(event.progress)
    assert len(shares) == steps
    assert shares == sorted(shares)
    assert trainer.progress == 1.0


def test_a_validation_longer_than_their_interval_is_not_repeated_without_a_step(monkeypatch):
    now, loss = [0.0], Evaluation.loss

    def slow_loss(evaluation, *arguments):
        now[0] += 25.0  # of 60 s with 10 validations
        return loss(evaluation, *arguments)

    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    monkeypatch.setattr(Evaluation, "loss", slow_loss)
    trainer = Trainer(settings_of(epochs=None, minutes=1.0, validations=10), text(), V, 1)
    events = []
    for event in trainer.events():
        now[0] += 2.5 * isinstance(event, Step)
        events.append(event)
    validated = [event.step for event in events if isinstance(event, Validated)]
    assert len(validated) >= 2
    assert len(set(validated)) == len(validated)
    points = trainer.history.points
    assert len({point.step for point in points}) == len(points)
    assert not any(math.isnan(point.train) for point in points)
    assert not events[-1].stopped
