"""A page whose network has labels, or was trained on pairs: it computes what score, sample and translate compute."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.live.payload import LiveContent
from charrnn.model import Model
from tests.browser.conftest import OpenLive, until
from tests.browser.test_live import read
from tests.browser.test_live_page import WIDTHS, WRITTEN, as_in_the_page, begin, text_of, write
from tests.live.networks import labelled_model

pytestmark = pytest.mark.browser
TINY = {"hidden": 12, "layers": 1, "batch": 4, "window": 8, "lr": 0.02, "dropout": 0.0, "precision": "float32",
        "validations": 2, "shards": 1}
PAIRS = [(one, one[::-1]) for one in (a + b for a in "abc" for b in "abc")]


def opened(live: OpenLive, model: Model, address: str = "", **options: Any) -> Any:
    return live(model, address, LiveContent("a run", labels=model.label_weights), **options)


def losses(model: Model, text: str, label: str | None) -> np.ndarray:
    """What `charrnn score --label --rows 1` says of each character, by the page's weights."""
    return as_in_the_page(model.with_label(label)).score(text, rows=1).predictions.nats


@pytest.mark.parametrize("address", ["", "?plain"], ids=["wasm", "plain"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mogrifier", "peephole", "gru-original"])
def test_surprisals_under_each_label_are_those_of_score(live: OpenLive, cell: str, address: str) -> None:
    model, text = labelled_model(cell=cell, hidden=20, layers=2, embedding=5 * (cell == "lstm")), "the cat\nsat"
    page = opened(live, model, address)
    for label in ("hot", "cold", None):
        page.evaluate("(label) => charrnn.set({ label })", label or "")
        assert read(page, text) == pytest.approx(losses(model, text, label)[:-1], abs=1e-3)
    assert np.abs(losses(model, text, "hot") - losses(model, text, "cold")).max() > 0.1


def test_numbers_are_a_label_too(live: OpenLive) -> None:
    model, text = labelled_model(numbers=True), "the cat"
    page = opened(live, model)
    assert page.locator(".labels input[type=number]").count() == 3
    for label in ("0.2,0.4,0.9", "-1,0.5,1990"):
        for n, number in enumerate(label.split(",")):
            page.locator(".labels input[type=number]").nth(n).fill(number)
            page.keyboard.press("Enter")
        assert page.evaluate("charrnn.state.label") == label
        assert read(page, text) == pytest.approx(losses(model, text, label)[:-1], abs=1e-3)
    page.locator(".labels input[type=range]").first.focus()
    page.keyboard.press("End")
    assert page.evaluate("Number(charrnn.state.label.split(',')[0])") > 0.2
    page.locator(".labels button").click()
    assert page.evaluate("charrnn.state.label") == ""
    assert read(page, text) == pytest.approx(losses(model, text, None)[:-1], abs=1e-3)


def test_what_is_written_depends_on_the_chosen_label(live: OpenLive) -> None:
    model = labelled_model()
    page = opened(live, model)
    texts = []
    for label in ("hot", "cold"):
        page.locator("select.label").select_option(label)
        begin(page, "the c", temperature=0, length=30)
        texts.append(write(page))
        prime = "the c"
        assert texts[-1] == as_in_the_page(model.with_label(label)).sample(30, prime=prime, temp=0)
    assert texts[0] != texts[1]


def test_a_label_chosen_while_it_writes_stops_it(live: OpenLive) -> None:
    page = opened(live, labelled_model(hidden=200))
    begin(page, "the c", length=20_000, temperature=2)
    page.locator(".write").click()
    page.locator("select.label").select_option("cold")
    until(page, WRITTEN)
    until(page, "!/% read/.test(document.querySelector('.status').textContent)")
    until(page, "document.querySelector('.status').textContent.includes('bits a character')")


def test_after_a_documents_end_comes_the_next_document(live: OpenLive) -> None:
    page = opened(live, labelled_model())
    begin(page, "the", temperature=1.5, length=5000)
    first = write(page)
    assert "\n" not in first
    assert page.inner_text(".write") == "Write another"
    second = write(page)
    assert second.count("\n") == 1
    assert second.startswith("\n")
    page.locator(".undo").click()
    assert text_of(page) == "the" + first


def test_a_link_and_a_file_open_with_a_label(live: OpenLive) -> None:
    model = labelled_model()
    page = opened(live, model, "#label=cold&text=ab")
    assert page.evaluate("[charrnn.state.label, document.querySelector('select.label').value]") == ["cold", "cold"]
    assert "label=cold" in page.evaluate("charrnn.link()")
    page = opened(live, model.with_label("hot"), "#text=the+cat")
    assert page.evaluate("charrnn.state.label") == "hot"
    assert read(page, "the cat") == pytest.approx(losses(model, "the cat", "hot")[:-1], abs=1e-3)
    assert "there is no label warm" in opened(live, model, "#label=warm&text=a").inner_text(".problem")
    words = opened(live, labelled_model(numbers=True), "#label=1,x&text=a").inner_text(".problem")
    assert "label 1,x is not 3 numbers with commas between" in words


def test_hostile_labels_stay_text(live: OpenLive) -> None:
    bad = "</script><b>&'\""
    page = opened(live, labelled_model(names=(bad, "cold")))
    page.locator("select.label").select_option(bad)
    assert page.evaluate("charrnn.state.label") == bad


@pytest.fixture(scope="module")
def reversed_pairs(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A network that was trained to write two letters in the other order."""
    folder: Path = tmp_path_factory.mktemp("pairs")
    (folder / "pairs.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS))
    return charrnn.train(folder / "pairs.tsv", pairs=True, epochs=150, name="pairs", val_fraction=0.0, cell="gru",
                         folder=folder, **TINY)


def test_a_source_that_is_typed_is_translated(live: OpenLive, reversed_pairs: Model) -> None:
    page = live(reversed_pairs)
    assert text_of(page) == ""
    for source, target in PAIRS[:4]:
        [[best]] = reversed_pairs.translate([source])
        page.locator(".source").fill("")
        page.locator(".source").type(source)
        until(page, f"document.querySelector('.target').textContent === {json.dumps(best.text)}")
        until(page, WRITTEN)
        assert best.text == target
        assert text_of(page) == f"{source}\t{target}"
    page.evaluate("charrnn.set({ text: 'ab\\tzz\\nca' })")
    assert page.input_value(".source") == "ca"
    page.locator(".write").click()
    until(page, "charrnn.state.text === 'ab\\tzz\\nca\\tac'")
    assert page.inner_text(".target") == "ac"
    page.locator(".source").fill("")
    assert text_of(page) == ""


def test_without_a_source_nothing_is_translated_and_nothing_lost(live: OpenLive, reversed_pairs: Model) -> None:
    page = live(reversed_pairs)
    for text in ("ab\tba\n", ""):
        page.evaluate("(text) => charrnn.set({ text })", text)
        page.locator(".write").click()
        assert page.inner_text(".outcome") == "type a source first"
        assert text_of(page) == text


def test_only_the_target_counts(live: OpenLive, reversed_pairs: Model) -> None:
    page, text = live(reversed_pairs), "ab\tba\nbc\tca"
    ours = losses(reversed_pairs, text, None)[:-1]
    found = read(page, text)
    said = [*range(3, 6), *range(9, 11)]
    assert found[said] == pytest.approx(ours[said], abs=1e-3)
    assert np.isnan(np.delete(found, said)).all()
    page.evaluate("charrnn.set({ caret: 1 })")
    until(page, "document.querySelector('.bars').textContent.includes('Nothing is predicted in a source')")


@pytest.mark.parametrize("kind", ["names", "numbers", "pairs"])
@pytest.mark.parametrize("width", WIDTHS)
def test_they_fit_and_are_accessible(live: OpenLive, reversed_pairs: Model, width: int, kind: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core: make test-browser")
    model = reversed_pairs if kind == "pairs" else labelled_model(numbers=kind == "numbers")
    page = opened(live, model, "#text=abc", viewport={"width": width, "height": 800}, bypass_csp=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [(one["id"], one["nodes"][0]["html"][:90]) for one in axe.Axe().run(page).response["violations"]] == []
