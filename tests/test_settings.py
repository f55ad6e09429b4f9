"""Settings are valid from the moment they exist, and hold plain numbers whatever came in."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import SettingsError
from charrnn.settings import NetworkSettings, SampleSettings, Settings, TrainingSettings, WindowSettings

KINDS = (NetworkSettings, WindowSettings, TrainingSettings, SampleSettings)
NUMBERS = [(kind, spec) for kind in KINDS for spec in dataclasses.fields(kind) if spec.metadata["low"] is not None]
each_number = pytest.mark.parametrize(("kind", "spec"), NUMBERS, ids=[spec.name for _, spec in NUMBERS])


@each_number
def test_any_kind_of_number_becomes_a_plain_one(kind: type, spec: dataclasses.Field) -> None:
    low = spec.metadata["low"]
    for number in (low, float(low), np.float32(low), np.int64(low)):
        kept = getattr(kind(**{spec.name: number}), spec.name)
        assert type(kept) is type(low)
        assert kept == low


@each_number
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, "1", True, [1], 1j])
def test_no_other_value_is_taken(kind: type, spec: dataclasses.Field, wrong: object) -> None:
    if wrong == math.inf and spec.metadata["high"] is None:
        pytest.skip("has no upper bound")
    with pytest.raises(SettingsError, match=spec.name):
        kind(**{spec.name: wrong})


@each_number
def test_bounds_hold_on_both_sides(kind: type, spec: dataclasses.Field) -> None:
    low, high = spec.metadata["low"], spec.metadata["high"]
    assert getattr(kind(**{spec.name: high}), spec.name) == high
    for outside in (low - 1, high + 1 if isinstance(high, int) else high * 2):
        with pytest.raises(SettingsError, match=f"{spec.name} is"):
            kind(**{spec.name: outside})


@pytest.mark.parametrize("name", ["hidden", "layers", "embedding"])
def test_half_a_unit_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="whole number"):
        NetworkSettings(**{name: 2.5})


@given(st.sampled_from(["rnn", "lstm", "gru", "peephole", "gru-original"]), st.integers(1, 8192), st.floats(0, 0.95),
       st.floats(0, 10))
def test_they_survive_their_dict(cell: str, hidden: int, dropout: float, lr: float) -> None:
    settings = Settings(NetworkSettings(cell, hidden, dropout=dropout), WindowSettings("snippets", "last"),
                        TrainingSettings(lr=lr, minutes=2.0))
    assert Settings.from_dict(settings.to_dict()) == settings


def test_what_contradicts_is_refused() -> None:
    with pytest.raises(SettingsError, match="contradict"):
        TrainingSettings(epochs=1.0, minutes=1.0)
    with pytest.raises(SettingsError, match="--windows snippets"):
        WindowSettings(targets="last")
    with pytest.raises(SettingsError, match="unknown setting 'hiden'"):
        NetworkSettings.from_dict({"hiden": 3})
    with pytest.raises(SettingsError, match="one of rnn, lstm, gru"):
        NetworkSettings("elman")
