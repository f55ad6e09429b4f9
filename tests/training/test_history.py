"""The points of a run, when they are due, and which was the best."""

import json
import math

import pytest

from charrnn.training.history import POINTS_A_VALIDATION, History, Point


def filled(*val_losses, train=(3.0,)):
    """A history with a point for each validation loss (None: not measured), the last at the end of the run."""
    history = History()
    for step, loss in enumerate(val_losses, start=1):
        history.add(train[(step - 1) % len(train)], 10)
        history.close(step / len(val_losses), len(val_losses), step, step / 2, loss)
    return history


def walked(steps, validations, history=None, start=0, stop=None):
    """The steps at which a run validates, and those at which it only notes a point."""
    history, validated, noted = history or History(), [], []
    for step in range(start + 1, (stop or steps) + 1):
        progress = step / steps
        history.add(1.0, 10)
        if history.validation_is_due(progress, validations):
            validated.append(step)
        elif history.is_due(progress, validations):
            noted.append(step)
        else:
            continue
        history.close(progress, validations, step, 0.0, 1.0 if step in validated else None)
        assert not history.is_due(progress, validations)
        assert not history.validation_is_due(progress, validations)
    return validated, noted


def test_a_point_holds_the_mean_since_the_one_before():
    history = History()
    history.add(2.0, 30)
    history.add(4.0, 10)
    assert history.close(0.1, 10, 5, 0.25, 1.5) == Point(5, 0.25, 2.5, 1.5)
    history.add(1.0, 7)
    assert history.close(0.2, 10, 6, 0.5, None).train == 1.0
    assert math.isnan(history.close(0.3, 10, 7, 0.75, 1.0).train)  # no step in between


def test_the_best_is_the_first_of_the_lowest():
    assert filled(3.0, 1.0, 2.0, 1.0).best.step == 2


def test_points_without_a_validation_are_never_the_best():
    assert filled(3.0, None, 2.5, train=(9.0, 0.1, 9.0)).best.step == 3


def test_without_a_validation_text_training_decides():
    history = filled(*[math.nan] * 3, train=(3.0, 1.0, 2.0))
    assert (history.best.step, history.best.loss) == (2, 1.0)


def test_before_the_first_point_there_is_no_best():
    assert math.isnan(History().best.loss)
    assert History().best.step == 0
    assert filled(None).best.step == 0


@pytest.mark.parametrize("validations", [1, 3, 10])
@pytest.mark.parametrize("steps", [1, 7, 10, 100])
def test_validations_are_spread_evenly_and_one_is_at_the_end(validations, steps):
    validated, noted = walked(steps, validations)
    assert validated[-1] == steps
    assert len(validated) == min(validations, steps)
    assert len(validated) + len(noted) == min(validations * POINTS_A_VALIDATION, steps)
    if steps % validations == 0:
        assert validated == [steps // validations * k for k in range(1, validations + 1)]


def test_nothing_is_due_before_the_first_step():
    assert not History().is_due(0.0, 100)
    assert not History().validation_is_due(0.0, 100)


def test_nothing_is_due_again_before_another_step():
    history = History()
    history.add(2.0, 10)
    assert history.validation_is_due(0.5, 10)
    history.close(0.5, 10, 1, 0.1, 1.0)
    for progress in (0.52, 0.7, 1.0):
        assert not history.validation_is_due(progress, 10)
        assert not history.is_due(progress, 10)
    history.add(2.0, 10)
    assert history.validation_is_due(0.7, 10)


def test_a_run_made_longer_goes_on_validating():
    history = History()
    assert walked(50, 5, history)[0] == [10, 20, 30, 40, 50]
    assert not walked(100, 5, History.from_dict(history.to_dict()), start=50, stop=99)[0]
    history.rewind(50 / 100, 5)
    assert walked(100, 5, history, start=50)[0] == [60, 80, 100]


def test_rewinding_to_where_it_is_changes_nothing():
    history = History()
    walked(50, 5, history, stop=33)
    kept = history.to_dict()
    history.rewind(33 / 50, 5)
    assert history.to_dict() == kept


def test_it_survives_json_and_goes_on_where_it_was():
    history = filled(2.0, math.nan, None, 1.0)
    history.add(5.0, 3)
    text = json.dumps(history.to_dict(), allow_nan=False)
    back = History.from_dict(json.loads(text))
    assert json.dumps(back.to_dict()) == text
    assert back.best == history.best
    assert math.isnan(back.points[1].val)
    assert back.points[2].val is None
    assert back.points[3] == history.points[3]
    back.add(1.0, 1)
    assert back.close(1.0, 4, 9, 2.0, 3.0).train == 4.0


def test_an_empty_history_survives_too():
    assert History.from_dict(History().to_dict()).points == []


@pytest.mark.parametrize(("epoch", "is_told"), [(0.7, False), (1.0, False), (1.01, True), (3.0, True)])
def test_within_an_epoch_nothing_is_overfitted(epoch, is_told):
    """Before the second pass a network has read nothing twice."""
    history = History()
    for step, (train, val) in enumerate([(2.0, 1.8), (1.5, 1.9)], 1):
        history.add(train, 10)
        history.close(step / 2, 2, step, epoch * step / 2, val)
    assert history.overfitting == ((history.points[0], history.points[1]) if is_told else None)
