"""Everything that a reader can do with the page that writes, with mouse, keyboard and links."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from charrnn.inspection.passage import of_text
from charrnn.live.payload import LiveContent, NamedCell
from charrnn.live.quantize import float_parameters, quantized_network
from charrnn.model import Model
from charrnn.runs.checkpoint import Checkpoint
from charrnn.settings import TextSettings
from tests.browser.conftest import OpenLive, until
from tests.live.networks import CHARACTERS, TEXT, random_model

pytestmark = pytest.mark.browser
WRITTEN = "document.querySelector('.stop').hidden"
START = TEXT[:40]
WIDTHS = [1440, 1024, 768, 390]


def as_in_the_page(model: Model) -> Model:
    """The model with the weights that the page computes with."""
    arrays = float_parameters(quantized_network(model.parameters, 8))
    corpus = replace(model.corpus, labels=None)  # it has the bias of one
    return Model(Checkpoint(model.settings, model.vocabulary.units, corpus, model.progress, arrays))


def text_of(page: Any) -> str:
    text: str = page.evaluate("charrnn.state.text")
    return text


def begin(page: Any, text: str, **settings: Any) -> None:
    page.evaluate("async ([text, settings]) => { await charrnn.read(text); charrnn.set(settings); }", [text, settings])


def write(page: Any) -> str:
    """What the page adds to its text."""
    before = text_of(page)
    page.locator(".write").click()
    until(page, WRITTEN)
    assert text_of(page).startswith(before)
    return text_of(page)[len(before):]


def compared(page: Any) -> tuple[str, str]:
    """Both texts side by side, without what they go on from."""
    page.locator(".write").click()
    until(page, WRITTEN)
    free, held = page.evaluate("[...document.querySelectorAll('.written')].map((node) =>"
                               " [...node.children].slice(1).map((part) => part.textContent).join(''))")
    return free, held


def test_typing_colours_and_counts(live: OpenLive) -> None:
    page = live(random_model())
    page.evaluate("charrnn.read('')")
    page.locator("textarea").click()
    page.keyboard.type("the cat\nsat X\u00e9X ")
    until(page, "document.querySelector('.status').textContent.includes('bits a character')")
    assert page.evaluate("document.querySelector('.mirror').textContent") == "the cat\nsat X\u00e9X \u200b"
    assert page.locator(".mirror .unknown").all_inner_texts() == ["X\u00e9X"]
    status = page.inner_text(".status")
    assert status.startswith("13 characters")
    assert "3 characters the network never saw are skipped: X \u00e9" in status
    page.locator(".by-surprisal").click()
    until(page, "document.querySelectorAll('.mirror .c[class*=p]').length > 3")
    page.locator(".by-cell").click()
    page.locator(".cell .name").fill("L1:7")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.mirror .c[class*=m]').length > 1")


def test_colours_are_those_of_the_values(live: OpenLive) -> None:
    model = random_model(cell="gru", layers=2)
    page = live(model)
    begin(page, TEXT, layer=1, unit=5, signal="h", colour="cell")
    page.wait_for_timeout(300)
    found = page.evaluate("[...document.querySelectorAll('.mirror .c')].flatMap((span) =>"
                          " [...span.textContent].map(() => span.classList[1]))")
    passage = of_text(model.vocabulary.encode(TEXT + "a"), model.settings.text, model.vocabulary, 0, "")
    values = as_in_the_page(model).inspect(passage, signals=["h"]).recording.shown("h")[1, :, 5]
    levels = values * 7
    names = [{f"m{-level}" if level < 0 else f"p{level}" if level else "z"
              for level in (int(np.floor(value + 0.46)), int(np.floor(value + 0.54)))} for value in levels]
    assert all(name in allowed for name, allowed in zip(found, names, strict=True))
    assert len(set(found)) > 4


def test_the_most_probable_and_the_gates_stand_at_the_caret(live: OpenLive) -> None:
    model = random_model()
    page = live(model)
    begin(page, TEXT, layer=0, unit=3)
    ours = as_in_the_page(model)
    predictions = ours.score(TEXT, rows=1, predictions=10).predictions
    at = next(t for t in range(20, 60) if predictions.ranks[t] <= 8)
    page.evaluate("(at) => charrnn.set({ caret: at })", at)
    page.wait_for_timeout(300)
    known = [unit.replace(" ", "\u2423").replace("\n", "\u23ce") for unit in model.vocabulary.units]
    assert page.locator(".bars code").all_inner_texts() == [known[number] for number in predictions.top[at]]
    percents = page.locator(".bars .percent").all_inner_texts()
    shown = [float(text.split()[0]) for text in percents if "<" not in text]
    assert shown == pytest.approx(100 * predictions.probabilities[at][:len(shown)], abs=0.51)
    assert page.locator(".bars .true code").inner_text() == TEXT[at].replace(" ", "\u2423")
    passage = of_text(model.vocabulary.encode(TEXT), model.settings.text, model.vocabulary, 0, "")
    recording = ours.inspect(passage, signals=["c", "h", "i", "f", "o", "g"]).recording
    values = [float(text.replace("\u2212", "-")) for text in page.locator(".meters .value").all_inner_texts()]
    assert values == pytest.approx([recording.shown(name)[0, at - 1, 3] for name in "chifgo"], abs=0.011)


def test_a_click_on_a_prediction_writes_it_at_the_caret(live: OpenLive) -> None:
    page = live(random_model())
    begin(page, "abcd")
    page.evaluate("charrnn.set({ caret: 2 })")
    page.wait_for_timeout(200)
    [first] = page.locator(".bars code").first.all_inner_texts()
    page.locator(".bars button").first.click()
    assert text_of(page) == "ab" + first.replace("\u2423", " ").replace("\u23ce", "\n") + "cd"
    assert page.evaluate("charrnn.state.caret") == 3


def test_a_seed_gives_its_text_with_and_without_webassembly(live: OpenLive) -> None:
    model = random_model(cell="gru-original", layers=2)
    texts = []
    for address, seed in (("", 1), ("?plain", 1), ("", 2)):
        page = live(model, address)
        begin(page, START, seed=seed, length=300, temperature=0.9)
        texts.append(write(page))
    assert texts[0] == texts[1] != texts[2]
    assert len(texts[0]) == 300


def test_it_continues_as_if_it_had_not_stopped(live: OpenLive) -> None:
    page = live(random_model())
    begin(page, START, length=300)
    whole = write(page)
    begin(page, START, length=130)
    assert write(page) + write(page) + write(page)[:40] == whole
    page.evaluate("(text) => charrnn.read(text)", START + "abc")
    assert write(page)[:100] != whole[3:103]


def test_what_was_written_is_undone(live: OpenLive) -> None:
    page = live(random_model())
    begin(page, START, length=50)
    write(page)
    page.locator(".undo").click()
    assert text_of(page) == START


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mogrifier", "peephole", "gru-original"])
def test_the_most_probable_text_is_that_of_sample_with_clamps_too(live: OpenLive, cell: str) -> None:
    model = random_model(cell=cell, layers=2, hidden=24)
    page = live(model)
    begin(page, START, temperature=0, length=60)
    ours = as_in_the_page(model)
    plain = ours.sample(60, prime=START, temp=0)
    assert write(page) == plain
    begin(page, START, clamps={"L1:3": 1, "L2:7": -0.5})
    assert compared(page) == (plain, ours.sample(60, prime=START, temp=0, clamp=("L1:3=1", "L2:7=-0.5")))


def test_limits_cut_what_is_drawn(live: OpenLive) -> None:
    page = live(random_model())
    begin(page, START, temperature=0, length=80)
    best = write(page)
    for limit in ({"topK": 1, "topP": 1}, {"topK": 0, "topP": 0}):
        begin(page, START, temperature=1.5, length=80, **limit)
        assert write(page) == best
    begin(page, START, temperature=1.5, length=80, topK=0, topP=1)
    assert write(page) != best


def test_held_and_free_stand_side_by_side_and_either_is_kept(live: OpenLive) -> None:
    page = live(random_model())
    begin(page, START, length=120)
    alone = write(page)
    begin(page, START)
    page.locator(".cell .name").fill("L1:2")
    page.keyboard.press("Enter")
    page.locator(".hold input").focus()
    page.keyboard.press("End")
    assert page.evaluate("charrnn.state.clamps") == {"L1:2": 1}
    free, held = compared(page)
    assert free == alone
    assert held != free
    assert text_of(page) == START
    assert "L1:2 held at +1.00" in page.inner_text(".compare")
    page.locator(".keep").nth(1).click()
    assert text_of(page) == START + held
    page.locator(".hold .free").click()
    assert page.evaluate("charrnn.state.clamps") == {}


def test_a_link_holds_text_settings_and_clamps(live: OpenLive) -> None:
    model = random_model(layers=2)
    page = live(model)
    wanted = {"text": "a & b=c #\n\u00e9", "caret": 3, "colour": "cell", "layer": 1, "unit": 4, "signal": "f",
              "temperature": 0.35, "topK": 5, "topP": 0.9, "seed": 77, "length": 123,
              "clamps": {"L2:1": -0.25, "L1:0": 1}}
    page.evaluate("(settings) => charrnn.set(settings)", wanted)
    link = page.evaluate("charrnn.link()")
    other = live(model, f"#{link}")
    state = other.evaluate("charrnn.state")
    assert {key: state[key] for key in wanted} == wanted
    assert not other.is_visible(".problem")


def test_a_link_to_what_is_not_there_says_so(live: OpenLive) -> None:
    page = live(random_model(), "#cell=L4:1&clamp=L1:99=1&clamp=L1:2=7&temp=hot&text=abc")
    words = page.inner_text(".problem")
    assert "there is no cell L4:1: layers are L1, units 0 to 19" in words
    assert "no cell L1:99" in words
    assert "L1:2=7: a cell is held between -1 and 1" in words
    assert "temp hot is not a number from 0 to 5" in words
    assert page.evaluate("[charrnn.state.text, charrnn.state.clamps]") == ["abc", {}]


def test_it_opens_with_what_it_writes_or_with_a_text(live: OpenLive) -> None:
    model = random_model()
    page = live(model)
    until(page, WRITTEN + " && charrnn.state.text.length === 400")
    assert "lead-in" in page.inner_text(".status")
    named = [NamedCell("L1:7", "<b>quotes</b>", "h", -1), NamedCell("L1:2", "column", "c", 1, True)]
    page = live(model, content=LiveContent("<i>", text="the <b>cat", cells=named))
    assert text_of(page) == "the <b>cat"
    assert page.input_value("textarea") == "the <b>cat"
    assert page.inner_text(".status").startswith("8 characters \u00b7 ")
    assert page.evaluate("[charrnn.state.unit, charrnn.state.signal, charrnn.state.colour]") == [7, "h", "cell"]
    assert "tracks <b>quotes</b>: low there" in page.inner_text(".story")
    page.locator(".known button").nth(1).click()
    assert "tracks column: rises with it" in page.inner_text(".story")
    assert page.inner_text("h1") == "<i>"


def test_a_text_that_is_too_long_for_a_link_leaves_no_caret_in_it(live: OpenLive) -> None:
    model = random_model()
    page = live(model)
    begin(page, "the cat. " * 1_000, caret=500)
    other = live(model, f"#{page.evaluate('charrnn.link()')}")
    assert not other.is_visible(".problem")


@pytest.mark.parametrize("before", [49_990, 50_010])
def test_at_the_end_of_what_is_read_nothing_is_written(live: OpenLive, before: int) -> None:
    page = live(random_model(hidden=8))
    begin(page, "a" * before, length=50)
    assert len(write(page)) == max(0, 50_000 - before)
    for _ in range(2):
        assert page.inner_text(".outcome") == "the page reads no more than 50,000 characters"
        assert write(page) == ""
    assert not page.is_visible(".problem")
    begin(page, "the cat", length=9)
    assert len(write(page)) == 9


def test_a_prediction_that_is_clicked_while_it_writes_stops_it(live: OpenLive) -> None:
    page = live(random_model())
    begin(page, "the cat", length=20_000)
    page.locator(".write").click()
    until(page, "charrnn.state.text.length > 300")
    label = page.evaluate("(() => { const bar = document.querySelector('.bars button'); bar.click();"
                          " return bar.querySelector('code').textContent; })()")
    until(page, WRITTEN)
    text = text_of(page)
    assert text[-1] == {"\u2423": " ", "\u23ce": "\n"}.get(label, label)
    page.wait_for_timeout(200)
    assert text_of(page) == page.input_value("textarea") == text
    assert 300 < len(text) < 20_000


def test_another_document_is_written_where_a_text_can_hold_but_one(live: OpenLive) -> None:
    page = live(random_model("\n\x1e" + CHARACTERS[1:], text=TextSettings(documents="file")))
    begin(page, "the cat", temperature=1.5, length=5000)
    first = "the cat" + write(page)
    assert page.inner_text(".write") == "Write another"
    page.locator(".write").click()
    until(page, WRITTEN)
    assert text_of(page)
    assert text_of(page) != first


def test_documents_end(live: OpenLive) -> None:
    page = live(random_model(text=TextSettings(documents="line")))
    begin(page, "the cat", temperature=1.5, length=5000)
    written = write(page)
    assert "\n" not in written
    assert "the document ended" in page.inner_text(".outcome")


@pytest.mark.parametrize("unit", ["byte", "token", "word"])
def test_other_units_are_written(live: OpenLive, unit: str) -> None:
    text = TextSettings(unit=unit)
    units = ("".join(chr(byte) for byte in sorted(set("a\u00e9\U0001f600 ".encode()))) if unit == "byte"
             else ("\n", *([" "] if unit == "word" else []), "cat", "sat", "the"))
    page = live(random_model(units, text=text))
    begin(page, "the cat" if unit != "byte" else "a a", length=60, temperature=1.2)
    assert write(page)
    until(page, "!/% read/.test(document.querySelector('.status').textContent)")
    if unit == "token":  # the others may read what they wrote as fewer units
        assert page.inner_text(".status").startswith("62 tokens")


def test_keys_alone_do_all(live: OpenLive) -> None:
    page = live(random_model(hidden=300))
    begin(page, START, length=20_000)
    page.locator("textarea").focus()
    page.keyboard.press("Control+Enter")
    until(page, f"charrnn.state.text.length > {len(START)}")
    page.keyboard.press("Escape")
    until(page, WRITTEN)
    assert page.evaluate("charrnn.state.text.length") < 20_000
    page.locator(".map canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("charrnn.state.unit") > 1


def test_typing_while_it_writes_stops_it_and_keeps_what_is_typed(live: OpenLive) -> None:
    page = live(random_model(hidden=300))
    begin(page, START, length=20_000)
    page.locator("textarea").focus()
    page.keyboard.press("Control+Enter")
    page.keyboard.type("abc")
    page.wait_for_timeout(200)
    assert text_of(page).endswith("abc")
    assert page.evaluate(WRITTEN)
    until(page, "document.querySelector('.status').textContent.includes('bits a character')")


def test_a_long_text_is_read_while_the_page_is_used(live: OpenLive) -> None:
    page = live(random_model(hidden=256), "#text=a")
    page.evaluate("(text) => charrnn.set({ text, caret: 5 })", "the cat sat. " * 1500)
    page.evaluate("charrnn.set({ temperature: 0.3 })")
    assert page.evaluate("document.querySelector('.heat output').textContent") == "0.30"
    page.locator(".map canvas").click()
    until(page, "document.querySelector('.status').textContent.startsWith('19,500 characters')")
    until(page, "!document.querySelector('.status').textContent.includes('% read')")


def test_a_page_that_is_not_drawn_holds_up_nothing(live: OpenLive) -> None:
    """As in a tab that nobody sees: what is written gathers, and comes in the end."""
    model = random_model()
    page, hidden = live(model), live(model, prelude="window.requestAnimationFrame = () => 0")
    texts = []
    for one in (page, hidden):
        begin(one, START, length=3000)
        texts.append(write(one))
        until(one, "!/% read/.test(document.querySelector('.status').textContent)")
    assert texts[0] == texts[1]
    assert len(texts[0]) == 3000


def test_without_workers_it_runs_in_the_page(live: OpenLive) -> None:
    page = live(random_model(), prelude="delete window.Worker")
    begin(page, START, length=200)
    assert len(write(page)) == 200


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(live: OpenLive, width: int) -> None:
    page = live(random_model(layers=3), "#clamp=L1:1=1&text=" + "x" * 300, viewport={"width": width, "height": 800})
    page.locator(".write").click()
    until(page, WRITTEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_rules_of_accessibility(live: OpenLive, scheme: str, width: int) -> None:
    """WCAG 2.2 AA, as far as axe-core can tell: contrast, names, roles."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core: make test-browser")
    content = LiveContent("a run", cells=[NamedCell("L1:7", "quotes", "c", -1)])
    page = live(random_model(), "#clamp=L1:1=1&text=the+cat+X+sat&colour=cell&cell=L1:7&clamp=L9:9=1", content,
                color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
    page.locator(".write").click()
    until(page, WRITTEN)
    assert [(one["id"], one["nodes"][0]["html"][:90]) for one in axe.Axe().run(page).response["violations"]] == []
    page.locator("#about-button").click()
    assert [(one["id"], one["nodes"][0]["html"][:90]) for one in axe.Axe().run(page).response["violations"]] == []


def test_the_caret_is_seen_where_the_text_is(live: OpenLive) -> None:
    """The text area and the coloured text under it break lines at the same places."""
    page = live(random_model(), viewport={"width": 700, "height": 700})
    long = "word " * 80 + "\n" + "x" * 300 + "\n\tand tabs\t" * 20
    page.evaluate("(text) => charrnn.read(text)", long)
    heights = page.evaluate("['.mirror', '.area'].map((name) => document.querySelector(name).scrollHeight)")
    assert abs(heights[0] - heights[1]) <= 1


def test_about_says_what_is_inside(live: OpenLive) -> None:
    page = live(random_model())
    page.locator("#about-button").click()
    words = page.inner_text("#about")
    for part in ("WebAssembly module", "8 bits", "MIT licence", "No text is in the file", "was not measured"):
        assert part in words
