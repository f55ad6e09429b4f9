"""Small runs for the tests of this room."""

import dataclasses

import numpy as np

from charrnn.settings import NetworkSettings, Settings, TrainingSettings, WindowSettings
from charrnn.training.events import Compiling, Step
from charrnn.training.trainer import Trainer

V = 11


def text(size=1_500, vocabulary=V, seed=0):
    """Ids in which each depends a little on the one before."""
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.integers(0, 3, size)) % vocabulary


def settings_of(cell="lstm", **others):
    """Settings of a tiny run; keywords go to the part that knows them."""
    chosen = {"cell": cell, "hidden": 20, "layers": 2, "dropout": 0.2, "window": 8, "batch": 5, "epochs": 2.0,
              "validations": 4, "seed": 3, "shards": 2} | others
    parts = []
    for part in (NetworkSettings, WindowSettings, TrainingSettings):
        names = {spec.name for spec in dataclasses.fields(part)}
        parts.append(part(**{name: chosen.pop(name) for name in list(chosen) if name in names}))
    assert not chosen, chosen
    return Settings(*parts)


def trained(settings, ids=None, vocabulary=V, threads=1):
    """A trainer at the end of its run, and what it told on the way."""
    trainer = Trainer(settings, text() if ids is None else ids, vocabulary, threads)
    return trainer, list(trainer.events())


def advance(trainer, steps):
    """Takes so many steps more, and what they told; a validation that is due right after the last comes along."""
    events, taken = [], 0
    for event in trainer.events():
        if not isinstance(event, Compiling):  # that depends on what was compiled before, and not on the run
            events.append(event)
        taken += isinstance(event, Step)
        if taken == steps and isinstance(event, Step):
            trainer.stop()
    return events


def flat_state(trainer):
    """Everything a run would save, comparable."""
    arrays, progress = trainer.state()
    return {name: (array.dtype, array.shape, array.tobytes()) for name, array in arrays.items()}, progress.to_dict()
