"""Units that are strings in a checkpoint, and which format says what."""

import dataclasses
from pathlib import Path

import pytest
import safetensors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charrnn.errors import CheckpointError
from charrnn.runs import checkpoint as module
from charrnn.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import Settings, TextSettings

units = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, unique=True).map(tuple)


def version(path: Path) -> str:
    with safetensors.safe_open(path, "np") as file:
        return str(file.metadata()["version"])


def made(unit: str, vocabulary: tuple[str, ...] | str, **others: object) -> Checkpoint:
    settings = dataclasses.replace(Settings(), text=TextSettings(unit=unit, **others))
    return Checkpoint(settings, vocabulary, CorpusInfo(), {}, {})


@pytest.mark.parametrize("unit", ["token", "word"])
@given(given_units=units)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_strings_come_back_as_they_were(tmp_path: Path, unit: str, given_units: tuple[str, ...]) -> None:
    save_checkpoint(tmp_path / "file", made(unit, given_units))
    loaded = load_checkpoint(tmp_path / "file")
    assert loaded.vocabulary == given_units
    assert loaded.settings.text == TextSettings(unit=unit)
    assert version(tmp_path / "file") == "2"


def test_a_text_taken_as_it_is_keeps_the_first_format(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "plain", made("char", "abc"))
    assert version(tmp_path / "plain") == "1"
    for number, changed in enumerate([made("byte", "abc"), made("char", "\nabc", documents="line"),
                                      made("char", "abc\ufffd", min_count=3)]):
        save_checkpoint(tmp_path / str(number), changed)
        assert version(tmp_path / str(number)) == "2"
        loaded = load_checkpoint(tmp_path / str(number))
        assert (loaded.vocabulary, loaded.settings) == (changed.vocabulary, changed.settings)


def test_a_program_that_knows_the_first_format_only_refuses_the_second(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path / "tokens", made("token", ("a", "bc")))
    save_checkpoint(tmp_path / "plain", made("char", "abc"))
    monkeypatch.setattr(module, "VERSION", 1)
    assert load_checkpoint(tmp_path / "plain").vocabulary == "abc"
    with pytest.raises(CheckpointError, match=r"newer charrnn \(format 2, not 1\); upgrade"):
        load_checkpoint(tmp_path / "tokens")


def test_units_of_another_kind_are_damage(tmp_path: Path) -> None:
    for unit, vocabulary in (("token", "abc"), ("char", ("a", "b"))):
        save_checkpoint(tmp_path / "file", made(unit, vocabulary, min_count=2))
        with pytest.raises(CheckpointError, match="is damaged or cut off: its vocabulary can't be read"):
            load_checkpoint(tmp_path / "file")
