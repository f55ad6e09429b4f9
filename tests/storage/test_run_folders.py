"""What a network is called by the place of its file."""

from pathlib import Path

import pytest

from charrnn.storage.run_folders import run_name_of


@pytest.mark.parametrize(("path", "name"), [
    ("checkpoints/alice/best.safetensors", "alice"), ("alice/last.safetensors", "alice"),
    ("models/alice.safetensors", "alice"), ("step-20.safetensors", "step-20")])
def test_names(path: str, name: str) -> None:
    assert run_name_of(Path(path)) == name


def test_inside_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_name_of(Path("best.safetensors")) == tmp_path.name
