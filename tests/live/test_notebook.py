"""Pages in the output of a notebook: in a frame of their own, and not where they are too large."""

import re
from html import unescape

import pytest

from charrnn.live import notebook
from tests.live.networks import TEXT, random_model


def page_in(html: str) -> str:
    found = re.fullmatch(r'<iframe srcdoc="([^"]*)" sandbox="allow-scripts" style="[^"]*"></iframe>', html)
    assert found
    return unescape(found[1])


def test_a_model_shows_the_page_that_writes() -> None:
    model = random_model()
    page = page_in(model._repr_html_())
    assert page.startswith("<!doctype html>")
    assert "<h1>random</h1>" in page


def test_an_inspection_shows_its_page() -> None:
    page = page_in(random_model().inspect(TEXT * 4)._repr_html_())
    assert page.startswith("<!doctype html>")
    assert '"cells":[' in page


def test_a_large_page_is_not_kept_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "LARGEST", 0.01)
    shown = random_model()._repr_html_()
    assert "<iframe" not in shown
    assert "more than the 0.01 MB that a notebook gets; <code>charrnn export RUN --html FILE</code>" in shown
