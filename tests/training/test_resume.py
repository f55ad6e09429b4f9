"""2k steps are k steps, state(), a new trainer and k steps: to the last bit. And what is saved is all needed."""

import json

import numpy as np
import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.errors import CheckpointError, CorpusError
from charrnn.training.progress import TrainingProgress
from charrnn.training.trainer import Trainer
from tests.training.runs import V, advance, flat_state, settings_of, text

CELLS = pytest.mark.parametrize("cell", KINDS)
STREAM = {"windows": "stream"}
SNIPPETS = {"windows": "snippets", "targets": "last", "embedding": 3}


def made(settings, threads=1):
    return Trainer(settings, text(), V, threads)


def through_json(arrays, progress):
    """As a checkpoint keeps them: copies of the arrays, and the rest as text."""
    text = json.dumps(progress.to_dict(), allow_nan=False)
    return {name: array.copy() for name, array in arrays.items()}, json.loads(text)


def resumed(settings, saved, threads=1):
    trainer, (arrays, progress) = made(settings, threads), through_json(*saved)
    trainer.restore(arrays, TrainingProgress.from_dict(progress))
    return trainer


@pytest.mark.few(4)
@CELLS
@pytest.mark.parametrize("cut", [STREAM, SNIPPETS], ids=["stream", "snippets"])
def test_bit_for_bit(cell, cut):
    settings = settings_of(cell, **cut)
    whole, first = made(settings), made(settings)
    expected = advance(whole, 46)  # more than an epoch of the stream
    events = advance(first, 23)
    second = resumed(settings, first.state(), threads=2)
    assert flat_state(second) == flat_state(first)
    events = events[:-1] + advance(second, 23)[1:]  # Finished, Started
    assert repr(events) == repr(expected)  # a NaN is not equal to itself
    assert flat_state(second) == flat_state(whole)


def test_a_state_taken_at_any_event_will_do():
    settings = settings_of("gru", validations=7)
    whole = made(settings)
    expected = advance(whole, 20)
    trainer, saved = made(settings), []
    for event in trainer.events():
        saved.append((type(event).__name__, trainer.step, trainer.state()))
        if trainer.step == 15:
            trainer.stop()
    assert {kind for kind, _, _ in saved} == {"Started", "Step", "Validated", "Finished"}
    for kind, step, state in saved[-6:]:
        again = resumed(settings, state)
        events = advance(again, 20 - step)
        assert flat_state(again) == flat_state(whole), kind
        assert events[-3:] == expected[-3:]


def forget_generator(arrays, progress):
    progress["generator"] = np.random.PCG64(12345).state


def forget_cursor(arrays, progress):
    progress["cursor"]["position"] = 0


def forget_shift(arrays, progress):
    progress["cursor"]["shift"] += 1


def forget_carried_state(arrays, progress):
    for name in arrays:
        if name.startswith("state."):
            arrays[name][:] = 0


def forget_mean(arrays, progress):
    for name in arrays:
        if name.startswith("adam_mean"):
            arrays[name][:] = 0


def forget_square(arrays, progress):
    for name in arrays:
        if name.startswith("adam_square"):
            arrays[name][:] = 0


def forget_step(arrays, progress):
    progress["step"] = 0


def forget_history(arrays, progress):
    progress["history"]["sum"] = 0.0


@pytest.mark.few(10)
@pytest.mark.parametrize("forget", [
    forget_generator, forget_cursor, forget_shift, forget_carried_state, forget_mean, forget_square, forget_step,
    forget_history])
@CELLS
def test_each_part_of_the_state_is_needed(cell, forget):
    settings = settings_of(cell)
    trainer = made(settings)
    advance(trainer, 12)
    arrays, progress = through_json(*trainer.state())
    right, wrong = resumed(settings, trainer.state()), made(settings)
    forget(arrays, progress)
    wrong.restore(arrays, TrainingProgress.from_dict(progress))
    right_events, wrong_events = advance(right, 5), advance(wrong, 5)
    (right_arrays, right_progress), (wrong_arrays, wrong_progress) = flat_state(right), flat_state(wrong)
    assert right_progress["history"] != wrong_progress["history"]
    if forget is not forget_history:
        assert right_events[1:] != wrong_events[1:]
        assert right_arrays != wrong_arrays


def test_state_is_a_copy():
    trainer = made(settings_of())
    advance(trainer, 3)
    arrays, progress = trainer.state()
    kept = flat_state(trainer)
    for array in arrays.values():
        array[...] = 9
    progress.cursor["position"] = 99
    progress.history.points.append("something")
    assert flat_state(trainer) == kept


def test_seconds_are_saved_where_they_decide():
    trainer = made(settings_of(epochs=None, minutes=5.0))
    trainer.seconds = 12.5
    _, progress = trainer.state()
    assert resumed(trainer.settings, trainer.state()).seconds == progress.to_dict()["seconds"] == 12.5
    assert "seconds" not in made(settings_of()).state()[1].to_dict()  # equal runs save equal bytes


def without(values, name):
    return {key: value for key, value in values.items() if key != name}


@pytest.mark.parametrize("name", ["step", "cursor", "generator", "history"])
def test_a_state_with_a_part_missing_is_refused(name):
    _, progress = made(settings_of()).state()
    with pytest.raises(TypeError, match=f"{name} of progress is missing"):
        TrainingProgress.from_dict(without(progress.to_dict(), name))


@pytest.mark.parametrize(("name", "value"), [("history", []), ("history", {"points": 3}), ("generator", {}),
                                             ("generator", {"state": 3}), ("cursor", {}), ("step", None)])
def test_progress_that_makes_no_sense_is_refused(name, value):
    arrays, progress = made(settings_of()).state()
    with pytest.raises((CheckpointError, TypeError), match=r"cannot resume|history|step of progress is None"):
        made(settings_of()).restore(arrays, TrainingProgress.from_dict(progress.to_dict() | {name: value}))


@pytest.mark.parametrize("name", ["weight_hh_l1", "adam_square.bias_out", "state.h_l1"])
def test_a_state_that_does_not_fit_is_refused(name):
    arrays, progress = made(settings_of()).state()
    with pytest.raises(CheckpointError, match=r"missing|cannot resume"):
        made(settings_of()).restore(without(arrays, name), progress)
    with pytest.raises(CheckpointError, match=r"shape|cannot resume"):
        made(settings_of()).restore(arrays | {name: np.zeros((2, 3), np.float32)}, progress)


def test_another_text_is_refused():
    arrays, progress = made(settings_of()).state()
    with pytest.raises(CorpusError, match="resume with the same text"):
        Trainer(settings_of(), text(3_000), V, 1).restore(arrays, progress)
