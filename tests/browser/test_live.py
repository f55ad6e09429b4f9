"""The page that writes, in a real browser: its network computes what ours computes, with WebAssembly and without."""

import math
from typing import Any

import numpy as np
import pytest

from charrnn.engine.engines import open_engine
from charrnn.live.quantize import float_parameters, quantized_network
from charrnn.model import Model
from charrnn.sampling.session import mark_id
from charrnn.scoring.score import score_text
from charrnn.settings import ScoreSettings, TextSettings
from charrnn.text.model_input import model_input
from charrnn.text.normalize import normalized
from charrnn.text.tokenizers import vocabulary_of
from tests.browser.conftest import Opener, OpenLive
from tests.live.networks import TEXT, random_model

pytestmark = pytest.mark.browser


def scored(model: Model, text: str, bits: int = 8) -> np.ndarray:
    """The surprisal in nats of each unit by the quantized network, as `charrnn score` has it; NaN where none is."""
    engine = open_engine("compiled", model.settings.network, len(model.vocabulary),
                         start=mark_id(model.mark, model.vocabulary))
    engine.load(float_parameters(quantized_network(model.parameters, bits)))
    found = score_text([engine], model.vocabulary, model.settings, text, ScoreSettings(rows=1))
    return found.predictions.nats


def read(page: Any, text: str) -> np.ndarray:
    """The same by the page."""
    found = page.evaluate("(text) => charrnn.read(text)", text)
    return np.array([math.nan if value is None else value for value in found])


SHAPES = [{"cell": cell, "layers": layers, "hidden": hidden, "embedding": embedding}
          for cell in ("rnn", "lstm", "gru", "mogrifier", "peephole", "gru-original")
          for layers, hidden, embedding in ((1, 20, 0), (2, 16, 7), (3, 33, 0))]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(map(str, shape.values())))
@pytest.mark.parametrize("address", ["", "?plain"], ids=["wasm", "plain"])
def test_surprisals_are_those_of_score(live: OpenLive, shape: dict[str, Any], address: str) -> None:
    model = random_model(**shape)
    page = live(model, address)
    assert page.evaluate("charrnn.opened().isCompiled") == (not address)
    found = read(page, TEXT)
    assert np.isnan(found[0])
    assert found == pytest.approx(scored(model, TEXT), abs=1e-3, nan_ok=True)


def test_a_learned_initial_state_is_the_pages_too(live: OpenLive) -> None:
    model = random_model(cell="peephole", learn_initial_state=True, text=TextSettings(documents="line"))
    found = read(live(model), TEXT)
    assert found == pytest.approx(scored(model, TEXT), abs=1e-3)


@pytest.mark.parametrize("bits", [3, 5, 8])
def test_every_precision(live: OpenLive, bits: int) -> None:
    model = random_model(layers=2)
    assert read(live(model, bits=bits), TEXT)[1:] == pytest.approx(scored(model, TEXT, bits)[1:], abs=1e-3)


HOSTILE = ["l\u2019\u00e9t\u00e9 e\u0301te\u0301 don't ''a' b''c rock'n'roll",
           "tab\there\u00a0and  two\x1c\x1dlines\r\n\n \n",
           "a_b 12\u00bd \u0661\u0662 \u4e00\u4e8c \U0001d54f\U0001f600\u200d\U0001f680 \ufeff x",
           "\u0939\u093f\u0928\u094d\u0926\u0940 nai\u0308ve", "</script><b>&amp; \"quoted\" \x00\x7f",
           "  leading and trailing  "]


@pytest.mark.parametrize("unit", ["char", "byte", "token", "word"])
@pytest.mark.parametrize(("normalize", "lowercase"), [("none", False), ("NFC", True), ("NFKC", False)])
def test_a_text_has_the_same_ids(live: OpenLive, unit: str, normalize: str, lowercase: bool) -> None:
    text = TextSettings(unit=unit, normalize=normalize, lowercase=lowercase)
    known = "\n".join(normalized(one, text) for one in HOSTILE)
    units = sorted({*vocabulary_of(text, []).units_of(known)})
    model = random_model("".join(units) if unit in ("char", "byte") else tuple(units), text=text, hidden=8)
    page = live(model)
    for one in [*HOSTILE, "\n".join(HOSTILE)]:
        found = page.evaluate("(text) => { const { ids, unknown } = charrnn.pieces(text);"
                              " return [Array.from(ids), unknown.length]; }", one)
        assert found == [model.vocabulary.encode(normalized(one, text)).tolist(), 0], one


@pytest.mark.parametrize("documents", ["line", "blank", "file", "---", " | "])
def test_documents_end_where_they_do_in_training(live: OpenLive, documents: str) -> None:
    settings = TextSettings(documents=documents)
    texts = ["one\ntwo\n\nthree ---four\n", "\n\n a | b \n|  | c---\n\n---d", "x", "a\n \n\t\nb\n\nc   \n\n\n"]
    page = live(random_model("".join(sorted({*"\x1e\t", *"".join(texts)})), text=settings, hidden=8))
    for text in texts:
        expected = model_input(text, settings, vocabulary_of(settings, {*"\x1e\t", *"".join(texts)})).ids[1:-1].tolist()
        ids = page.evaluate("(text) => Array.from(charrnn.pieces(text).ids)", text)
        while ids and len(ids) > len(expected):
            ids.pop()  # while it is typed, the end of a text is no end of a document
        assert ids == expected, text


def test_it_runs_in_the_frame_of_a_notebook(open_html: Opener) -> None:
    html = f"<!doctype html><title>a notebook</title><body>{random_model()._repr_html_()}".encode()
    page = open_html(html, "", "iframe")
    frame = page.frame_locator("iframe")
    frame.locator("#live[data-ready]").wait_for(state="attached", timeout=60_000)
    frame.locator(".bars button").first.click()
    assert frame.locator(".status").inner_text()
