"""A real browser, once for all tests, and pages in it that tell what they ask for: Chromium, or the Firefox that
CHARRNN_FIREFOX names, as Debian has it (with Playwright 1.58; later ones ask it for more than it can)."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from charrnn.inspection.page.data import PageData
from charrnn.inspection.page.document import document
from charrnn.live.document import document as live_document
from charrnn.live.payload import LiveContent
from charrnn.model import Model

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]


def chromium() -> str | None:
    """The path of a Chromium: CHARRNN_CHROMIUM if it is set, else one that is installed."""
    return os.environ.get("CHARRNN_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test-browser")
    firefox, path = os.environ.get("CHARRNN_FIREFOX"), chromium()
    if firefox:
        with playwright.sync_playwright() as driver:
            opened = driver.firefox.launch(executable_path=firefox, channel="moz-firefox")
            yield opened
            opened.close()
        return
    if path is None:
        pytest.skip(f"there is no Chromium here (looked for {', '.join(NAMES)}); install one, or name it in "
                    "CHARRNN_CHROMIUM")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def needs_chromium(browser: Any) -> None:
    """Paper, downloads, the clipboard, touch, the focus of a window: what Playwright can't ask of Debian's Firefox."""
    if browser.browser_type.name != "chromium":
        pytest.skip("this Firefox can't be asked for it")


Opener = Callable[..., Any]
OpenLive = Callable[..., Any]


def until(page: Any, condition: str) -> None:
    """Waits for an expression to become true; the page's policy forbids what playwright has for it."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never became true: {condition}")


@pytest.fixture
def open_html(browser: Any, tmp_path: Path) -> Iterator[Opener]:
    """Opens HTML from a file; in the end, whatever it opened must have asked for that file only, and raised nothing."""
    requests: list[str] = []
    complaints: list[str] = []
    contexts = []
    file = tmp_path / "page.html"

    def open_file(html: bytes, address: str, ready: str, prelude: str = "", **options: Any) -> Any:
        file.write_bytes(html)
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "accept_downloads": True,
                                         **options})
        contexts.append(context)
        context.add_init_script(prelude)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(file.as_uri() + address)
        page.wait_for_selector(ready, timeout=60_000, state="attached")
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert complaints == []
    # a saved picture is drawn from a data: address inside the page, and a worker has one of its own
    assert {url.split("#")[0].split("?")[0] for url in requests
            if not url.startswith(("data:", "blob:"))} <= {file.as_uri()}


@pytest.fixture
def opened(open_html: Opener) -> Opener:
    """Opens data as a page of inspect-cells."""

    def open_page(data: PageData, address: str = "", cells: int | None = None, bits: int = 8, compress: bool = True,
                  **options: Any) -> Any:
        html = document(data, len(data.chosen) if cells is None else cells, bits, compress)
        return open_html(html, address, "html[data-ready]", **options)

    return open_page


@pytest.fixture
def live(open_html: Opener) -> OpenLive:
    """Opens a model as a page that writes."""

    def open_page(model: Model, address: str = "", content: LiveContent | None = None, bits: int = 8,
                  **options: Any) -> Any:
        return open_html(live_document(model, content or LiveContent("a run"), bits), address, "#live[data-ready]",
                         **options)

    return open_page
