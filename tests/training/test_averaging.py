"""The average is what is validated and kept; training itself does not notice it."""

import numpy as np
import pytest

from charrnn.engine.interface import RAW
from charrnn.training.events import Step, Validated
from charrnn.training.trainer import Trainer
from tests.training.runs import V, advance, flat_state, settings_of, text, trained


def test_the_average_by_hand():
    trainer = Trainer(settings_of(averaging=0.8), text(), V, 1)
    expected = trainer.engine.network.parameters.flat.astype(np.float64)
    for event in trainer.events():
        if isinstance(event, Step):
            keep = min(0.8, (1 + event.step) / (10 + event.step))
            expected = keep * expected + (1 - keep) * trainer.engine.network.parameters.flat
    assert np.abs(trainer.engine.average.flat - trainer.engine.network.parameters.flat).max() > 1e-4
    np.testing.assert_allclose(trainer.engine.average.flat, expected, rtol=1e-4, atol=1e-6)


def test_training_does_not_notice_the_average():
    (plain, plain_events), (averaged, events) = (trained(settings_of(averaging=keep)) for keep in (0.0, 0.9))
    np.testing.assert_array_equal(plain.engine.network.parameters.flat, averaged.engine.network.parameters.flat)
    steps, plain_steps = ([event for event in some if isinstance(event, Step)] for some in (events, plain_events))
    assert steps == plain_steps
    assert [e.loss for e in events if isinstance(e, Validated)] != [
        e.loss for e in plain_events if isinstance(e, Validated)]


def test_what_is_validated_is_what_is_kept():
    trainer = Trainer(settings_of(averaging=0.9), text(), V, 1)
    for event in trainer.events():
        if isinstance(event, Validated):
            validated = event
            trainer.stop()
    arrays, _ = trainer.state()
    for name, array in trainer.engine.parameters().items():
        np.testing.assert_array_equal(arrays[RAW + name], array)
        assert (arrays[name] != array).any() or not array.any()
    trainer.engine.load(arrays)
    assert trainer.evaluation.loss() == validated.loss


@pytest.mark.parametrize("keep", [0.0, 0.9])
def test_it_goes_on_as_if_nothing_had_happened(keep):
    settings = settings_of(averaging=keep, epochs=1.0)
    whole, first, second = (Trainer(settings, text(), V, 1) for _ in range(3))
    list(whole.events())
    advance(first, 13)
    second.restore(*first.state())
    advance(second, 10_000)
    assert flat_state(second) == flat_state(whole)
