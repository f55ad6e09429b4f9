"""Makes the pictures of pages in pictures/ in Chromium (`make pictures`): what the cells of a run track, and the page
that writes with it."""

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.browser.conftest import ARGUMENTS, chromium  # noqa: E402

COMMANDS = {"cells": "inspect-cells", "live": "export"}
READY = {"cells": "html[data-values]", "live": "#live[data-ready]"}
PHONE = 500  # windows that are not as wide are those of phones


class Shot(NamedTuple):
    """A picture: the file's name, the page, what follows # in its address, the window, the colours, the click.

    FIRST and SECOND in the address are the first two named cells.
    """

    name: str
    page: str
    address: str
    width: int
    height: int
    scheme: str
    click: str = ""


def shots(address: str) -> list[Shot]:
    """All pictures; `address` is that of the first two."""
    held = "text=What%20is%20thy%20name%3F%0A%0A&cell=FIRST&clamp=FIRST%3D-1&clamp=SECOND%3D1"
    return [Shot("page-light", "cells", address, 1360, 740, "light"),
            Shot("page-dark", "cells", address, 1360, 740, "dark"),
            Shot("page-phone", "cells", "pin=60", 390, 844, "light"),
            Shot("live-light", "live", "", 1360, 800, "light"),
            Shot("live-held", "live", held, 1360, 800, "dark", ".write"),
            Shot("live-phone", "live", "colour=surprisal", 390, 844, "light")]


def main(run: str, address: str) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        files = {page: Path(folder, f"{page}.html") for page in COMMANDS}
        for page, command in COMMANDS.items():
            subprocess.run([sys.executable, "-m", "charrnn", command, run, "--html", str(files[page])], check=True,
                           stdout=subprocess.DEVNULL)
        browser = driver.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for shot in shots(address.removeprefix("#")):
            picture = Image.open(io.BytesIO(taken(browser, shot, files[shot.page].as_uri()))).convert("RGB")
            # 256 colours look the same and take half of the bytes
            picture = picture.quantize(256, dither=Image.Dither.NONE)
            picture.save(ROOT / f"docs/pictures/{shot.name}.png", optimize=True)
        browser.close()


def taken(browser: Browser, shot: Shot, file: str) -> bytes:
    """The picture as PNG."""
    is_phone = shot.width < PHONE
    page = browser.new_page(viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.scheme,
                            has_touch=is_phone, is_mobile=is_phone)
    address = shot.address
    if "FIRST" in address:
        page.goto(file)
        first, second = page.evaluate("JSON.parse(document.getElementById('model').textContent).cells"
                                      ".slice(0, 2).map((one) => one.cell)")
        address = address.replace("FIRST", first).replace("SECOND", second)
        page.goto("about:blank")
    page.goto(f"{file}#{address}" if address else file)
    page.wait_for_selector(READY[shot.page], state="attached", timeout=120_000)
    page.wait_for_timeout(3000)  # values are computed, or a text is written
    if shot.click:
        page.locator(shot.click).click()
        page.wait_for_timeout(2000)
    picture: bytes = page.screenshot()
    page.close()
    return picture


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
