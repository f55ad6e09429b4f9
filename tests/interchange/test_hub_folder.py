"""A folder for the Hugging Face hub: what is in it, and that it comes back as the same network."""

import json
from pathlib import Path

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.errors import SettingsError, StorageError
from charrnn.interchange.export import export_to_hub
from charrnn.runs.checkpoint import load_checkpoint
from tests.cli.conftest import Program, charrnn  # noqa: F401
from tests.interchange.made import CHARACTERS, checkpoint_of, saved


def test_the_folder_comes_back_as_the_same_network(charrnn: Program, tmp_path: Path) -> None:  # noqa: F811
    made = checkpoint_of("lstm", layers=2)
    done = charrnn("export", str(saved(tmp_path, made)), "--to", "hf", "--output", "tiny")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("written: tiny (")
    assert {path.name for path in Path("tiny").iterdir()} == {"config.json", "model.safetensors", "README.md"}
    config = json.loads(Path("tiny/config.json").read_text(encoding="utf-8"))
    assert (config["model_type"], config["vocab_size"], config["vocabulary"]) == (
        "charrnn", len(CHARACTERS), list(CHARACTERS))
    assert config["network"]["hidden"] == 6
    card = Path("tiny/README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlibrary_name: charrnn\n")
    assert "# tiny\n" in card
    assert "- Best loss: not measured\n" in card
    assert charrnn("import", "tiny/model.safetensors", "--name", "back").code == 0
    back = load_checkpoint("checkpoints/back/best.safetensors")
    for name, array in made.arrays.items():
        assert np.array_equal(back.arrays[name], array), name


@pytest.mark.parametrize(("cell", "says"), [
    ("gru", "has the names of `torch.nn.GRU`; PyTorch loads it as it is.\n"),
    ("mogrifier", "has the names of `torch.nn.GRU`; `charrnn.load(\"tiny\").to_torch()` is a PyTorch module")])
def test_the_card_says_what_loads_it(cell: str, says: str, tmp_path: Path) -> None:
    export_to_hub(saved(tmp_path, checkpoint_of(cell)), tmp_path / "tiny")
    assert says in (tmp_path / "tiny/README.md").read_text(encoding="utf-8")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    export_to_hub(saved(tmp_path, checkpoint_of("gru")), tmp_path / "tiny\udcff")
    assert "# tiny?\n" in (tmp_path / "tiny\udcff" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("cell", CELLS)
def test_only_pytorchs_cells_have_one(cell: str, tmp_path: Path) -> None:
    path = saved(tmp_path, checkpoint_of(cell))
    if cell in ("peephole", "gru-original"):
        with pytest.raises(SettingsError, match="PyTorch"):
            export_to_hub(path, tmp_path / "tiny")
        assert not (tmp_path / "tiny").exists()
        return
    assert export_to_hub(path, tmp_path / "tiny") == sum(
        file.stat().st_size for file in (tmp_path / "tiny").iterdir())
    with pytest.raises(StorageError, match="tiny exists, and is left as it is"):
        export_to_hub(path, tmp_path / "tiny")
    with pytest.raises(StorageError, match="nothing was written"):
        export_to_hub(path, tmp_path / "nowhere" / "tiny")
