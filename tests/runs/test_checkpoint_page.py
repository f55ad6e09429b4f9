"""docs/checkpoints.md names every array and every key of a checkpoint, and says which arrays are the model."""

import json
import re
from pathlib import Path

import pytest
from safetensors import safe_open

import charrnn
from charrnn.settings.training import CELL_NAMES
from tests.cli.tiny import TEXT

PAGE = (Path(__file__).parents[2] / "docs" / "checkpoints.md").read_text(encoding="utf-8")
MODEL, RESUMING, METADATA, _ = PAGE.split("\n## ")[1:]
SMALL = {"hidden": 3, "batch": 2, "window": 10, "epochs": 0.1, "dropout": 0.0, "engine": "reference"}
EVERY_CELL = [{"cell": name, "learn_initial_state": True, "layers": 2} for name in CELL_NAMES]


def named(chapter: str) -> set[str]:
    """What the first columns of a chapter's tables name."""
    cells = re.findall(r"^\| (`[^|]+`) \|", chapter, re.MULTILINE)
    return {name for cell in cells for name in re.findall("`(.+?)`", cell)}


def pattern(name: str) -> str:
    """`weight_peep_l1` and `raw.weight_peep_l1` as the page writes them."""
    first, dot, _ = name.partition(".")
    if dot and first != "state":
        return f"{first}.{{name}}"
    return re.sub(r"_l\d+$", "_l{k}", name)


@pytest.mark.few(3)
@pytest.mark.parametrize("options", [
    *EVERY_CELL, *({"optimizer": name} for name in ("adam", "adamw", "rmsprop", "adagrad", "sgd")),
    {"averaging": 0.9, "embedding": 2}, {"unit": "word"}, {"documents": "line"}], ids=str)
def test_every_array_and_key_is_on_the_page(tmp_path: Path, options: dict[str, object]) -> None:
    model = charrnn.train(text=TEXT, folder=tmp_path, **{**SMALL, **options})
    for name in ("best", "last"):
        with safe_open(next(tmp_path.rglob(f"{name}.safetensors")), "numpy") as file:
            arrays, metadata = list(file.keys()), file.metadata()
        parameters = {array for array in arrays if "." not in array}
        assert parameters == set(model.parameters)
        assert {pattern(array) for array in parameters} <= named(MODEL)
        assert {pattern(array) for array in arrays if "." in array} <= named(RESUMING)
        assert set(metadata) == named(METADATA)
        assert int(metadata["version"]) == (2 if {"unit", "documents"} & options.keys() else 1)
        assert json.loads(metadata["settings"]).keys() <= {"network", "windows", "training", "text"}


@pytest.mark.slow
def test_nothing_on_the_page_is_made_up(tmp_path: Path) -> None:
    found: set[str] = set()
    for number, options in enumerate([*EVERY_CELL, {"optimizer": "rmsprop"}, {"optimizer": "adagrad"},
                                      {"optimizer": "sgd"}, {"averaging": 0.9, "embedding": 2}]):
        charrnn.train(text=TEXT, folder=tmp_path / str(number), **{**SMALL, **options})
    for path in tmp_path.rglob("last.safetensors"):
        with safe_open(path, "numpy") as file:
            found |= {pattern(name) for name in file.keys()}
    assert found == named(MODEL) | named(RESUMING)
