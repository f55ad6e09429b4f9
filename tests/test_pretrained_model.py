"""The model that comes with charrnn is what its page says, and small."""

import dataclasses
import json
import re

import pytest

import charrnn
from charrnn.runs.pretrained import FOLDER, PRETRAINED
from charrnn.text.builtin import find_builtin
from charrnn.text.classics import CLASSICS
from tests.cli.tiny import ROOT

FILE = PRETRAINED["@shakespeare"].file
CARD = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def model() -> charrnn.Model:
    return charrnn.load("@shakespeare")


def test_it_is_small_and_in_half_precision() -> None:
    data = FILE.read_bytes()
    assert len(data) < 3_000_000
    header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
    assert {array["dtype"] for name, array in header.items() if name != "__metadata__"} == {"F16"}
    assert set(header) == {"__metadata__", "weight_ih_l0", "weight_hh_l0", "bias_l0", "weight_out", "bias_out"}


def test_it_was_made_as_its_page_says(model: charrnn.Model) -> None:
    recipe = re.search(r"`charrnn train (@shakespeare [^`]*)`", " ".join(CARD.split()))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = re.search(r"\n\t\.venv/bin/charrnn train (@shakespeare .*?) \\\n\t\t--folder", makefile, re.DOTALL)
    assert recipe is not None
    assert made is not None
    words = recipe[1].split()[1:]
    assert words == made[1].replace("\\", "").split()[1:]
    told = {option[2:].replace("-", "_"): value for option, value in zip(words[::2], words[1::2], strict=True)}
    network, windows, training = model.settings.network, model.settings.windows, model.settings.training
    known = {name: value for part in (network, windows, training) for name, value in dataclasses.asdict(part).items()}
    assert len(told) == 18
    assert {name: type(known[name])(value) for name, value in told.items()} == {name: known[name] for name in told}
    assert f"{sum(array.size for array in model.parameters.values()):,} parameters" in CARD
    assert (model.corpus.sources, model.corpus.name) == (("@shakespeare",), "shakespeare")
    assert model.corpus.fingerprint == CLASSICS["shakespeare"].sha256  # the text is ASCII, as it is in the file
    assert model.corpus.fingerprint in CARD


def test_it_is_as_good_as_its_page_says(model: charrnn.Model) -> None:
    assert model.run is not None
    assert f"{model.run.best_loss:.4f} nats" in CARD
    assert model.loss(find_builtin("@hamlet").read()[:5000]) < 1.6


def test_it_can_read_the_text_that_it_never_saw(model: charrnn.Model) -> None:
    assert model.vocabulary.unknown(find_builtin(PRETRAINED["@shakespeare"].unseen).read()) == []
