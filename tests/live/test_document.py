"""The page that writes as a file: whole, harmless, the same each time, and within its size."""

import base64
import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.errors import SettingsError
from charrnn.live.document import document, live_page
from charrnn.live.payload import RUNNABLE, LiveContent, NamedCell
from charrnn.settings import LivePageSettings
from tests.live.networks import labelled_model, random_model

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "charrnn/live/assets"


def payload_of(html: bytes) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="model">(.*?)</script>', html.decode(), re.DOTALL)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def test_every_cell_can_run_in_the_page() -> None:
    assert set(RUNNABLE) >= {name for name, cell in CELLS.items()
                             if cell.compiled.forward.__module__.startswith("charrnn.")}


def test_the_same_network_gives_the_same_bytes_and_no_address() -> None:
    html = document(random_model(), LiveContent("a"), 8)
    assert html == document(random_model(), LiveContent("a"), 8)
    assert not re.search(rb"https?:|//(?!\*)[a-z]+\.", html)
    assert b"default-src 'none'" in html


def test_hostile_names_and_units_stay_data() -> None:
    bad = "</script><b>&'\""
    model = random_model("".join(sorted({*bad, *"abc \n"})))
    html = document(model, LiveContent(bad, text=bad, cells=[NamedCell("L1:0", bad, "c", 1)]), 8)
    assert html.count(b"</script>") == 2
    assert b"<b>" not in html
    content = payload_of(html)
    assert (content["name"], content["start"]) == (bad, bad)
    assert content["units"] == list(model.vocabulary.units)


def test_every_label_gives_the_bias_that_python_gives_it() -> None:
    model = labelled_model()
    found = payload_of(document(model, LiveContent("a", labels=model.label_weights), 3))

    def values(name: str) -> np.ndarray:
        packed = found["arrays"][name]
        data = base64.b64decode(packed["data"])
        raw = gzip.decompress(data) if packed["gzip"] else data
        return np.frombuffer(raw, packed["type"]).reshape(packed["shape"])

    weight = values("weight_label_l0") * values("weight_label_l0.scale")
    for label, vector in (("hot", [1, 0]), ("cold", [0, 1]), (None, values("label.average"))):
        bias = values("bias_l0") + weight @ np.array(vector)
        assert bias == pytest.approx(model.with_label(label).parameters["bias_l0"], abs=1e-4)


def test_hostile_labels_stay_data() -> None:
    bad = "</script><b>&'\""
    html = document(model := labelled_model(names=(bad, "b")), LiveContent("a", labels=model.label_weights), 8)
    assert html.count(b"</script>") == 2
    assert payload_of(html)["labels"]["names"] == [bad, "b"]


def test_no_text_is_in_the_page_unless_it_is_given() -> None:
    assert payload_of(document(random_model(), LiveContent("a"), 8))["start"] == ""


def test_fewer_bits_make_a_smaller_page() -> None:
    model = random_model(hidden=128)
    sizes = [len(document(model, LiveContent("a"), bits)) for bits in (3, 5, 8)]
    assert sizes[0] < sizes[1] < sizes[2]


def test_a_page_that_is_too_large_says_what_would_fit() -> None:
    model, content = random_model(hidden=400), LiveContent("a")
    most = len(document(model, content, 6)) / 1e6
    with pytest.raises(SettingsError, match=r"more than --max-mb .*; --precision 6 makes it 0\.\d MB"):
        live_page(model, content, LivePageSettings(max_mb=most))
    assert live_page(model, content, LivePageSettings(max_mb=most, precision=6))
    with pytest.raises(SettingsError, match=r"train a smaller network: with that precision 1 x \d+ units would fit"):
        live_page(model, content, LivePageSettings(max_mb=0.2))
    with pytest.raises(SettingsError, match=r"MB with --precision 3; allow more, or train a smaller network"):
        live_page(model, content, LivePageSettings(max_mb=0.2, precision=3))


def test_a_cell_of_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charrnn.live.payload.RUNNABLE", ("rnn",))
    with pytest.raises(SettingsError, match="no equations for the cell 'lstm'; it runs rnn"):
        live_page(random_model(), LiveContent("a"), LivePageSettings())


def test_the_module_is_in_the_page_as_it_is() -> None:
    content = payload_of(document(random_model(), LiveContent("a"), 8))
    assert base64.b64decode(str(content["wasm"])) == (ASSETS / "kernels.wasm").read_bytes()


@pytest.mark.skipif(not (shutil.which("clang") and shutil.which("wasm-ld")), reason="needs clang and lld")
def test_the_module_is_what_its_source_compiles_to(tmp_path: Path) -> None:
    """The same bytes, where the compiler is the one that made them; else the same functions."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^WASM_FLAGS := ((?:.*\\\n)*.*)$", makefile, re.MULTILINE)
    assert found
    built = tmp_path / "kernels.wasm"
    subprocess.run(["clang", *found[1].replace("\\\n", " ").split(), "-o", str(built), str(ASSETS / "kernels.c")],
                   check=True, timeout=300)
    kept = (ASSETS / "kernels.wasm").read_bytes()
    version = subprocess.run(["clang", "--version"], check=True, capture_output=True, text=True).stdout
    if "clang version 14." in version:
        assert built.read_bytes() == kept
    for name in (b"add_product", b"tanh_all", b"sigmoid_all", b"to_int16"):
        assert name in built.read_bytes()
        assert name in kept
