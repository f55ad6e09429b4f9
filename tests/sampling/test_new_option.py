"""A new sampling option needs its field, its rule and its test: everything else follows from the settings."""

import ast
import dataclasses
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import click
import numpy as np
import pytest

import charrnn
from charrnn.cli.options import settings_options
from charrnn.cli.play import play
from charrnn.cli.sample import sample
from charrnn.play.lines import action_of
from charrnn.play.session import PlaySession
from charrnn.sampling import constraints
from charrnn.settings import PlaySettings, SampleSettings
from charrnn.settings.bounded import setting
from charrnn.settings.sampling import SampleOptions

ROOT = Path(__file__).parents[2]
NAMES = {spec.name for spec in dataclasses.fields(SampleSettings)}
PLACES = {"settings/sampling.py", "sampling/constraints.py"}
# Where the kernels cut the probabilities: what takes part in that stands there too.
CUTS = {"kernels/sample_logits.py"}


def test_python_takes_every_setting() -> None:
    hints = get_type_hints(SampleSettings)
    assert get_type_hints(SampleOptions) == {name: hints[name] for name in NAMES - {"length", "samples"}}


@pytest.mark.parametrize(("command", "settings"), [(sample, SampleSettings), (play, PlaySettings)])
def test_commands_take_every_setting(command: click.Command, settings: type[SampleSettings]) -> None:
    helps = {option.name: option.help for option in command.params if isinstance(option, click.Option)}
    for spec in dataclasses.fields(settings):
        assert helps[spec.name] == spec.metadata["help"]


def test_a_play_session_has_every_setting() -> None:
    assert {spec.name for spec in dataclasses.fields(PlaySettings)} == NAMES - {"temps"} | {"unknown"}


@pytest.mark.parametrize(("name", "places"), [
    ("top_k", PLACES | CUTS), ("top_p", PLACES | CUTS), ("min_p", PLACES | CUTS), ("ban", PLACES)])
def test_the_code_names_an_option_in_few_files(name: str, places: set[str]) -> None:
    assert {file for file, found in identifiers_of_files().items() if name in found} <= places


@cache
def identifiers_of_files() -> dict[str, set[str]]:
    return {file.relative_to(ROOT / "charrnn").as_posix(): identifiers(ast.parse(file.read_text(encoding="utf-8")))
            for file in (ROOT / "charrnn").rglob("*.py")}


def identifiers(tree: ast.AST) -> set[str]:
    """All names of variables, attributes, fields and arguments."""
    found: set[str] = set()
    for node in ast.walk(tree):
        found |= {value for part in ("id", "attr", "arg") if isinstance(value := getattr(node, part, None), str)}
    return found


@dataclasses.dataclass(frozen=True)
class Favouring(PlaySettings):
    """Settings with one more option."""

    favour: float = setting(0.0, "nats that the letter z gets", low=0.0, high=1000.0)


def test_one_more_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field and a rule are enough for sampling, the command line and a play session."""
    adjustment_of = constraints._adjustment

    def with_favour(settings: Any, vocabulary: Any) -> np.ndarray:
        adjustment = adjustment_of(settings, vocabulary)
        adjustment = np.zeros(len(vocabulary), np.float32) if adjustment is None else adjustment
        adjustment[vocabulary.units.index("z")] += settings.favour
        return adjustment

    monkeypatch.setattr(constraints, "_adjustment", with_favour)
    model = charrnn.load(ROOT / "tests/golden/tiny.safetensors")
    [text] = model.session(Favouring(favour=1000, length=9, samples=1)).samples()
    assert text.text == "z" * 9

    session = PlaySession(model, Favouring(length=9))
    action = action_of("/favour 1000", [spec.name for spec in dataclasses.fields(session.settings)], 0)
    assert (action.name, action.argument) == ("favour", "1000")
    session.set(action.name, action.argument)
    assert "".join(session.go_on()) == "z" * 9

    @click.command()
    @settings_options(Favouring)
    def command(**options: Any) -> None:
        """Does nothing."""

    assert "favour" in {option.name for option in command.params}
