"""Settings are valid from the moment they exist, and hold plain numbers whatever came in."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import SettingsError
from charrnn.settings import (
    UNKNOWN,
    NetworkSettings,
    PlaySettings,
    SampleSettings,
    Settings,
    TrainingSettings,
    UnknownSettings,
    WindowSettings,
    setting,
)
from charrnn.settings.training import CELL_NAMES

KINDS = (NetworkSettings, WindowSettings, TrainingSettings, SampleSettings)
NUMBERS = [(kind, spec) for kind in KINDS for spec in dataclasses.fields(kind) if spec.metadata["low"] is not None]
each_number = pytest.mark.parametrize(("kind", "spec"), NUMBERS, ids=[spec.name for _, spec in NUMBERS])


def kept(kind: type, spec: dataclasses.Field, value: object) -> object:
    """What the field holds when `value` came in, in whatever company it needs; of several values the only one."""
    company = {"length": 0} if spec.name == "min_length" else {}
    held = getattr(kind(**{spec.name: value, **company}), spec.name)
    if not isinstance(spec.default, tuple):
        return held
    [only] = held
    return only


@each_number
def test_any_kind_of_number_becomes_a_plain_one(kind: type, spec: dataclasses.Field) -> None:
    low = spec.metadata["low"]
    for number in (low, float(low), np.float32(low), np.int64(low)):
        assert type(kept(kind, spec, number)) is type(low)
        assert kept(kind, spec, number) == low


@each_number
def test_no_other_value_is_taken(kind: type, spec: dataclasses.Field) -> None:
    no_bound = [math.inf] if spec.metadata["high"] is not None else []
    no_number = [[1]] if isinstance(spec.default, tuple) else [1]
    for wrong in (*no_bound, math.nan, -math.inf, "1", True, no_number, 1j):
        with pytest.raises(SettingsError, match=spec.name):
            kind(**{spec.name: wrong})


@each_number
def test_bounds_hold_on_both_sides(kind: type, spec: dataclasses.Field) -> None:
    low, high = spec.metadata["low"], spec.metadata["high"]
    assert kept(kind, spec, high) == high
    for outside in (low - 1, high + 1 if isinstance(high, int) else high * 2):
        with pytest.raises(SettingsError, match=f"{spec.name} is"):
            kept(kind, spec, outside)


@pytest.mark.parametrize("name", ["hidden", "layers", "embedding"])
def test_half_a_unit_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="whole number"):
        NetworkSettings(**{name: 2.5})


@given(st.sampled_from(CELL_NAMES), st.integers(1, 8192), st.floats(0, 0.95), st.floats(0, 10))
def test_they_survive_their_dict(cell: str, hidden: int, dropout: float, lr: float) -> None:
    settings = Settings(NetworkSettings(cell, hidden, dropout=dropout), WindowSettings("snippets", "last"),
                        TrainingSettings(lr=lr, minutes=2.0))
    assert Settings.from_dict(settings.to_dict()) == settings


def test_what_contradicts_is_refused() -> None:
    with pytest.raises(SettingsError, match="--windows snippets"):
        WindowSettings(targets="last")
    with pytest.raises(SettingsError, match="unknown setting 'hiden'"):
        NetworkSettings.from_dict({"hiden": 3})
    with pytest.raises(SettingsError, match="one of rnn, lstm, gru"):
        NetworkSettings("elman")


def test_several_values_of_one_setting() -> None:
    assert SampleSettings(stop="a").stop == ("a",)
    assert SampleSettings(stop=["a", "b"]).stop == ("a", "b")
    assert SampleSettings(temps=[1, 0.5]).temps == (1.0, 0.5)
    with pytest.raises(SettingsError, match="stop has 1; it must be text"):
        SampleSettings(stop=(1,))


@pytest.mark.parametrize(("values", "message"), [
    ({"temp": 0.5, "temps": (1.0,)}, "--temp and --temps contradict each other"),
    ({"length": 9, "min_length": 10}, "--min-length 10 is more than --length 9"),
    ({"stop": ("a", "")}, "--stop needs a text")])
def test_what_contradicts_in_a_sample_is_refused(values: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        SampleSettings(**values)
    assert SampleSettings(length=0, min_length=10).min_length == 10


def test_unknown_is_one_setting_wherever_it_stands() -> None:
    fields = [next(spec for spec in dataclasses.fields(kind) if spec.name == "unknown")
              for kind in (UnknownSettings, PlaySettings)]
    assert [spec.metadata["choices"] for spec in fields] == [UNKNOWN, UNKNOWN]
    assert fields[1].metadata["help"].startswith(fields[0].metadata["help"])
    assert UnknownSettings("fold").to_dict() == {"unknown": "fold"}
    with pytest.raises(SettingsError, match="unknown is 'drop'; it must be one of error, fold, skip, replace"):
        UnknownSettings("drop")


def test_a_field_says_only_what_is_known_of_fields() -> None:
    with pytest.raises(TypeError, match="a setting has no hihg"):
        setting(1, "a number", low=0, hihg=3)
