"""The keyword arguments of the Python interface are the settings: the same fields, of the same types."""

import dataclasses
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from charrnn.settings import (
    CompleteSettings,
    NetworkSettings,
    RunSettings,
    ScoreSettings,
    TextSettings,
    TrainingSettings,
    WindowSettings,
)
from charrnn.settings import options as module
from charrnn.settings.presets import PRESETS


def wanted(kind: Any) -> dict[str, Any]:
    """The type of each field; of one with choices these."""
    hints = get_type_hints(kind)
    return {spec.name: spec.metadata["choices"] or hints[spec.name] for spec in dataclasses.fields(kind)
            if not spec.metadata["decided"]}


def found(options: Any) -> dict[str, Any]:
    return {name: get_args(hint) if get_origin(hint) is Literal else hint
            for name, hint in get_type_hints(options).items()}


@pytest.mark.parametrize(("kind", "arguments"), [
    (NetworkSettings, ()), (TextSettings, ()), (WindowSettings, ()), (TrainingSettings, ()), (RunSettings, ()),
    (CompleteSettings, ("count",)), (ScoreSettings, ())])
def test_each_field_is_an_option(kind: type, arguments: tuple[str, ...]) -> None:
    """Red? Give charrnn/settings/options.py the field that is new."""
    fields = {name: tuple(hint) if isinstance(hint, list) else hint for name, hint in wanted(kind).items()
              if name not in arguments}
    assert found(getattr(module, kind.__name__.replace("Settings", "Options"))) == fields


def test_training_takes_all_of_them() -> None:
    names = {spec.name for kind in (NetworkSettings, TextSettings, WindowSettings, TrainingSettings, RunSettings)
             for spec in dataclasses.fields(kind)
            if not spec.metadata["decided"]}
    assert set(get_type_hints(module.TrainOptions)) == names | {"preset", "init_from", "threads"}
    assert found(module.TrainOptions)["preset"] == tuple(PRESETS)
