"""Options say what the settings say: names, defaults, bounds, choices and help."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import click
import pytest
from click.testing import CliRunner

from charrnn.cli.options import settings_from, settings_options
from charrnn.settings import (
    Bounded,
    NetworkSettings,
    SampleSettings,
    TrainingSettings,
    WindowSettings,
    setting,
)

CLASSES = [NetworkSettings, WindowSettings, TrainingSettings, SampleSettings]


@dataclass(frozen=True)
class Example(Bounded):
    """One setting of each sort."""

    kind: str = setting("one", "which kind", choices=("one", "two"))
    count_of: int = setting(3, "how many", low=1, high=16)
    share: float = setting(0.5, "what share", low=0.0, high=0.95)
    limit: float | None = setting(None, "how far", low=0.0, high=1e9)
    seed: int | None = setting(None, "where from", low=0, high=2**63 - 1)
    note: str = setting("", "what for")


def call(*arguments: str, classes: tuple[type[Bounded], ...] = (Example,)) -> tuple[Any, str, int]:
    """What a command with the options of `classes` was given, what it printed, and its exit code."""
    given: list[Any] = []

    @click.command()
    @click.option("--other", default=1)
    @settings_options(*classes)
    def command(**options: Any) -> None:
        given.append(tuple(settings_from(kind, options) for kind in classes))

    result = CliRunner().invoke(command, arguments, terminal_width=200)
    return given[0] if given else None, result.output, result.exit_code


@pytest.mark.parametrize("kind", CLASSES)
def test_defaults_are_the_settings_own(kind: type[Bounded]) -> None:
    assert call(classes=(kind,))[0] == (kind(),)


@pytest.mark.parametrize("kind", CLASSES)
def test_help_tells_everything_in_the_order_of_the_fields(kind: type[Bounded]) -> None:
    text = " ".join(call("--help", classes=(kind,))[1].split())
    places = []
    for spec in dataclasses.fields(kind):  # type: ignore[arg-type]
        place = text.index(f"--{spec.name.replace('_', '-')} ")
        places.append(place)
        assert spec.metadata["help"] in text[place:]
        if spec.metadata["fitted"]:
            assert "[default: (fits text and time)" in text[place:]
        elif spec.default is not None and not isinstance(spec.default, (bool, tuple)):
            assert f"[default: {spec.default}" in text[place:]
    assert places == sorted(places)


def test_several_classes_in_their_order() -> None:
    classes = (NetworkSettings, WindowSettings)
    text = call("--help", classes=classes)[1]
    places = [text.index(name) for name in ("--cell", "--dropout", "--windows", "--val-fraction")]
    assert places == sorted(places)
    given, _, _ = call("--layers", "2", "--batch", "7", classes=classes)
    assert given == (NetworkSettings(layers=2), WindowSettings(batch=7))


def test_values_arrive_with_their_types() -> None:
    (given,), _, _ = call("--kind", "two", "--count-of", "4", "--share", "0", "--limit", "7", "--seed", "8",
                          "--note", "x")
    assert given == Example("two", 4, 0.0, 7.0, 8, "x")
    assert [type(value) for value in dataclasses.astuple(given)] == [str, int, float, float, int, str]


@pytest.mark.parametrize(("line", "bounds"), [
    ("--kind [one|two]", "[default: one]"), ("--count-of INTEGER", "[default: 3; 1 to 16]"),
    ("--share NUMBER", "[default: 0.5; 0 to 0.95]"), ("--limit NUMBER", "[at least 0]"),
    ("--seed INTEGER", "[at least 0]"), ("--note TEXT", '[default: ""]')])
def test_help_shows_bounds_and_choices(line: str, bounds: str) -> None:
    text = call("--help")[1]
    found = next(row for row in text.splitlines() if row.strip().startswith(line))
    assert found.endswith(bounds)


@pytest.mark.parametrize(("name", "value"), [
    ("--count-of", "0"), ("--count-of", "17"), ("--count-of", "1.5"), ("--count-of", "x"),
    ("--share", "0.96"), ("--share", "-0.1"), ("--share", "nan"), ("--share", "inf"),
    ("--limit", "-1"), ("--limit", "nan"), ("--seed", "-1"), ("--kind", "three")])
def test_what_is_out_of_bounds_is_wrong_usage(name: str, value: str) -> None:
    given, output, code = call(name, value)
    assert given is None
    assert code == 2
    assert f"Error: Invalid value for '{name}'" in output


@pytest.mark.parametrize(("name", "value"), [
    ("--count-of", "1"), ("--count-of", "16"), ("--share", "0.95"), ("--limit", "1e9"),
    ("--seed", str(2**63 - 1))])
def test_bounds_belong_to_the_range(name: str, value: str) -> None:
    assert call(name, value)[2] == 0
