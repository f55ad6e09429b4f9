"""The training loop: what it tells, when it ends, what it leaves alone, and that it learns."""

import math

import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.errors import CorpusError
from charrnn.training.auto_settings import DEFAULT_EPOCHS, DEFAULT_STEPS
from charrnn.training.events import Finished, Started, Step, Validated
from charrnn.training.trainer import Trainer
from tests.training.runs import V, advance, flat_state, settings_of, text, trained

CELLS = pytest.mark.parametrize("cell", KINDS)


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_what_a_run_tells():
    trainer, events = trained(settings_of())
    started, steps, validated, finished = (of(kind, events) for kind in (Started, Step, Validated, Finished))
    assert started == [Started(0, trainer.engine.parameter_count, 1350, 150)]
    assert events[-1] is finished[0]
    total = 2 * trainer.cutter.windows_per_epoch
    assert [step.step for step in steps] == list(range(1, total + 1))
    assert [step.progress for step in steps] == [step / total for step in range(1, total + 1)]
    assert sum(step.characters for step in steps) == 2 * 1349  # each but the first, twice
    assert all(step.norm > 0 and step.lr > 0 for step in steps)
    assert [point.step for point in validated] == [total // 4 * k for k in (1, 2, 3, 4)]
    best = min(validated, key=lambda point: point.loss)
    assert best.is_best
    assert finished[0] == Finished(total, 2.0, False, best.loss, best.step)
    assert validated[0].train_loss != validated[1].train_loss


def test_each_is_best_says_what_was_true_then():
    _, events = trained(settings_of(lr=1.0, clip=0.0, validations=20))
    losses, lowest = of(Validated, events), math.inf
    for point in losses:
        assert point.is_best == (point.loss < lowest)
        lowest = min(lowest, point.loss)
    assert 0 < sum(point.is_best for point in losses) < len(losses)


def test_same_settings_same_run():
    (first, events), (second, again) = (trained(settings_of()) for _ in range(2))
    assert events == again
    assert flat_state(first) == flat_state(second)
    other, _ = trained(settings_of(seed=4))
    assert flat_state(other)[0] != flat_state(first)[0]


@pytest.mark.few(2)
@CELLS
def test_threads_change_nothing(cell):
    states = []
    for threads in (1, 2, 3):
        trainer, _ = trained(settings_of(cell, shards=3, epochs=0.5), threads=threads)
        states.append(flat_state(trainer))
    assert states[0] == states[1] == states[2]


def test_validation_leaves_training_alone():
    (rare, _), (often, _) = (trained(settings_of(validations=count)) for count in (1, 10))
    (rare_arrays, rare_progress), (often_arrays, often_progress) = flat_state(rare), flat_state(often)
    assert rare_arrays == often_arrays
    assert rare_progress["generator"] == often_progress["generator"]


def test_stop_ends_the_run_after_the_step_under_way():
    trainer = Trainer(settings_of(), text(), V, 1)
    events = advance(trainer, 5)
    assert [event.step for event in of(Step, events)] == [1, 2, 3, 4, 5]
    assert events[-1].stopped
    assert events[-1].step == 5


def test_a_finished_run_has_nothing_left_to_do():
    trainer, _ = trained(settings_of(epochs=0.1))
    kept = flat_state(trainer)
    again = list(trainer.events())
    assert [type(event) for event in again] == [Started, Finished]
    assert not again[-1].stopped
    assert flat_state(trainer) == kept


def test_no_minutes_are_no_steps():
    trainer, events = trained(settings_of(epochs=None, minutes=0.0))
    assert not of(Step, events)
    assert not events[-1].stopped
    assert trainer.step == 0


def test_minutes_end_a_run():
    trainer, events = trained(settings_of(epochs=None, minutes=0.002))
    assert trainer.seconds >= 0.12
    assert of(Step, events)
    assert of(Validated, events)
    progress = [step.progress for step in of(Step, events)]
    assert progress == sorted(progress)
    assert not events[-1].stopped


@pytest.mark.parametrize(("epochs", "steps"), [(0.0, 0), (1e-9, 1), (0.5, 17), (1.0, 34)])
def test_epochs_may_be_a_fraction(epochs, steps):
    trainer, events = trained(settings_of(epochs=epochs))
    assert trainer.cutter.windows_per_epoch == 34
    assert trainer.step == len(of(Step, events)) == steps
    assert len(of(Validated, events)) == min(steps, 4) or not steps


def test_without_a_validation_part_training_decides():
    trainer, events = trained(settings_of(val_fraction=0.0))
    assert trainer.characters == (1500, 0)
    for point in of(Validated, events):
        assert math.isnan(point.loss)
    assert events[-1].best_loss == min(point.train_loss for point in of(Validated, events))


@pytest.mark.parametrize("window", [2, 8])
def test_what_was_left_open_is_decided(window):
    trainer = Trainer(settings_of(epochs=None, shards=0, batch=3, window=window), text(), V)
    epochs, steps_an_epoch = trainer.settings.training.epochs, trainer.cutter.windows_per_epoch
    assert trainer.settings.training.shards >= 1
    assert epochs >= DEFAULT_EPOCHS
    assert epochs * steps_an_epoch >= DEFAULT_STEPS
    assert epochs == DEFAULT_EPOCHS or (epochs - 1) * steps_an_epoch < DEFAULT_STEPS
    assert (epochs == DEFAULT_EPOCHS) == (window == 2)


def test_a_text_that_is_too_short_is_refused():
    with pytest.raises(CorpusError, match="lower one of them"):
        Trainer(settings_of(), text(30), V, 1)


def test_no_shard_is_left_with_a_few_sequences(monkeypatch):
    monkeypatch.setattr("charrnn.training.auto_settings.physical_cores", lambda: 64)
    shards = [Trainer(settings_of(shards=0, batch=batch), text(), V, 1).settings.training.shards for batch in (3, 17)]
    assert shards == [1, 5]  # about four each


def test_recurrent_dropout_drops_a_share_of_the_weights_in_a_step_and_no_more():
    settings = settings_of(recurrent_dropout=0.4, dropout=0.0, optimizer="sgd", lr=0.1, warmup=0.0, clip=0.0)
    trainer, plain = Trainer(settings, text(), V, 1), Trainer(settings_of(dropout=0.0), text(), V, 1)
    before = trainer.engine.parameters()
    [first] = of(Step, advance(trainer, 1))
    assert first.loss != of(Step, advance(plain, 1))[0].loss  # they begin with the same weights and window
    for name, array in trainer.engine.parameters().items():
        unmoved = (array == before[name]).mean()
        if name.startswith("weight_hh"):
            assert abs(unmoved - 0.4) < 4 * math.sqrt(0.4 * 0.6 / array.size)
        elif name != "weight_ih_l0":  # there, characters that do not occur in the window stay
            assert unmoved < 0.05
