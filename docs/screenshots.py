"""Makes pictures/page-light.png and page-dark.png: the inspection page of a run in Chromium (`make pictures`)."""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.browser.conftest import ARGUMENTS, chromium  # noqa: E402

SIZE = {"width": 1360, "height": 740}


def main(run: str, address: str) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page_file = Path(folder, "cells.html")
        subprocess.run([sys.executable, "-m", "charrnn", "inspect-cells", run, "--html", str(page_file)], check=True)
        browser = driver.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)
            page.goto(page_file.as_uri() + address)
            page.wait_for_selector("html[data-ready]", state="attached")
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            # few colours: 64 of them look the same and take a third of the bytes
            picture = picture.quantize(64, dither=Image.Dither.NONE)
            picture.save(ROOT / f"docs/pictures/page-{scheme}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
