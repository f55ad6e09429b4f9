"""Options say what the settings say: names, defaults, bounds, choices and help."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from charrnn.cli.config import read_config
from charrnn.cli.options import GroupedCommand, option, settings_from, settings_options
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
        if spec.metadata["decided"]:
            assert spec.name.replace("_", "-") not in text
            continue
        place = text.index(f"--{spec.name.replace('_', '-')} ")
        places.append(place)
        assert spec.metadata["help"] in text[place:]
        if spec.metadata["fitted"]:
            assert "[default: (automatic)" in text[place:]
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


@dataclass(frozen=True)
class Grouped(Bounded):
    """Settings under two headings, one of them with an old name."""

    first: int = setting(1, "the first", low=0, high=9, group="One")
    second: int = setting(2, "the second", low=0, high=9)
    third_one: int = setting(3, "the third", low=0, high=9, group="Two", formerly="last")


@click.command(cls=GroupedCommand)
@settings_options(Grouped)
@option("--late", is_flag=True, group="One", help="one more of the first group")
@option("--plain", is_flag=True, help="without a group")
@click.argument("rest", nargs=-1)
def grouped(rest: tuple[str, ...], late: bool, plain: bool, **options: Any) -> None:
    print(settings_from(Grouped, options), rest)


def test_help_lists_options_by_group() -> None:
    lines = CliRunner().invoke(grouped, ["--help"]).output.splitlines()
    shown = [line.split()[0] for line in lines[2:] if line.strip()]
    assert shown == ["Options:", "--plain", "-h,", "One:", "--first", "--second", "--late", "Two:", "--third-one",
                     "Messages:", "-q,", "-v,"]


@pytest.mark.parametrize("typed", [["--last", "7"], ["--last=7"], ["--last", "4", "--last", "7"]])
def test_an_old_name_works_and_says_the_new_one_once(typed: list[str]) -> None:
    result = CliRunner().invoke(grouped, typed)
    assert (result.exit_code, result.stdout) == (0, f"{Grouped(third_one=7)} ()\n")
    assert result.stderr == "note: --last is now called --third-one\n"


def test_the_new_name_and_what_stands_behind_two_dashes_say_nothing() -> None:
    result = CliRunner().invoke(grouped, ["--third-one", "7", "--", "--last"])
    assert (result.stdout, result.stderr) == (f"{Grouped(third_one=7)} ('--last',)\n", "")


def test_an_old_name_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.toml"
    path.write_text("last = 7\n")
    assert read_config(str(path), grouped) == {"third_one": 7}
    assert capsys.readouterr().err == f"note: {path}: last is now called third_one\n"


def test_score_lists_predictions_under_their_old_name_too() -> None:
    from charrnn.cli.score import score

    context = score.make_context("score", ["--guesses", "2", "text.txt"])
    assert context.params["predictions"] == 2
    assert "guesses" not in score.get_help(context)
