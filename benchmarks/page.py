"""Group `page`: how soon the page of inspect-cells can be seen and used in a real Chromium, and how it follows keys.

Values are slow random walks through tanh, which compress about as a network's do. The browser starts before, and each
opening is a fresh, empty profile.
"""

import importlib.util
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.results import Row
from charrnn.errors import MeasurementError
from charrnn.inspection.page.data import PageData
from charrnn.inspection.page.document import fit_page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]
GOAL_PAINT, GOAL_READY, GOAL_RECOLOUR, GOAL_ALL, GOAL_MB = 0.5, 1.0, 0.05, 3.0, 2.5
KEYS = 12
# Seconds from opening to the first paint and to the answer to keys; of each key, to the frame that shows another cell.
MEASURE = """async (keys) => {
  const frames = [];
  for (let key = 0; key < keys; key++) {
    const start = performance.now();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    frames.push((performance.now() - start) / 1000);
  }
  return [performance.getEntriesByName("first-contentful-paint")[0].startTime / 1000,
    performance.getEntriesByName("interactive")[0].startTime / 1000, frames,
    performance.getEntriesByName("recolour").map((entry) => entry.duration / 1000)];
}"""


class Opened(NamedTuple):
    """Seconds of one opening: to the first paint, until it answers, for a key to its frame, and to recolour."""

    paint: float
    ready: float
    frame: float
    recolour: float


def measure(options: Options) -> Iterator[Table]:
    """One table: the default page of two lengths, and one with all cells of 3 x 512 units."""
    if importlib.util.find_spec("playwright") is None:
        raise MeasurementError("playwright is not installed, and page needs it: pip install playwright")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise MeasurementError(f"page needs a Chromium, and there is none here (looked for {', '.join(NAMES)})")
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        for name, data, goal in (("4,000 characters, 128 cells", _data(4_000, 384, 128), GOAL_READY),
                                 ("10,000 characters, 128 cells", _data(10_000, 384, 128), GOAL_READY),
                                 ("10,000 characters, all of 1,536 cells", _data(10_000, 1_536, 1_536), GOAL_ALL)):
            page = fit_page(data, None)
            file = Path(folder) / "page.html"
            file.write_bytes(page.html)
            rounds = []
            for number in range(1, options.rounds + 1):
                options.tell(f"page of {name}", number, options.rounds)
                rounds.append(_opened(browser, file))
            rows += [
                Row(f"{name}: size", "MB", [len(page.html) / 1e6], goal=GOAL_MB if page.cells == 128 else 12.0),
                Row(f"{name}: first paint", "s", [one.paint for one in rounds], goal=GOAL_PAINT),
                Row(f"{name}: interactive", "s", [one.ready for one in rounds], goal=goal),
                Row(f"{name}: recolour", "s", [one.recolour for one in rounds], goal=GOAL_RECOLOUR),
                Row(f"{name}: a key, to the frame with another cell and all about it", "s",
                    [one.frame for one in rounds])]
        browser.close()
    yield Table("The page of inspect-cells in Chromium", rows)


def _opened(browser: Any, file: Path) -> Opened:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    page.wait_for_timeout(200)
    paint, ready, frames, recolours = page.evaluate(MEASURE, KEYS)
    context.close()
    return Opened(paint, ready, statistics.median(frames), statistics.median(recolours))


def _data(characters: int, cells: int, chosen: int) -> PageData:
    """A text of random words, and cells that wander."""
    random = np.random.default_rng(1)
    units = [*"\n .,etaoinshrdlucmfwypvbgkqjxz"]
    weights = np.r_[0.03, 0.17, 0.02, 0.02, np.full(len(units) - 4, 0.76 / (len(units) - 4))]
    walks = np.cumsum(random.normal(0, 0.25, (2, chosen, characters)), axis=2)
    values = np.tanh(np.where(random.random((1, chosen, 1)) < 0.5, walks, np.sin(walks) * 2))
    best = {"feature": "white space", "kind": "AUC", "signal": "c", "sign": 1, "found": 0.93, "heldout": 0.91,
            "null95": 0.6, "char_alone": 0.7, "iou": 0.5, "confirmed": True}
    hidden = cells // 3
    return PageData(
        model={"name": "benchmark", "path": "-", "sha256": "-", "cell": "lstm", "layers": 3, "hidden": hidden,
               "vocab": len(units), "parameters": 0, "window": 64},
        source={"source": "random words", "sha256": "-", "chars": characters, "warmup": 100}, check={}, units=units,
        text=random.choice(len(units), characters, p=weights), bits=random.exponential(2, characters),
        entropy=random.uniform(0, 4, characters), rank=random.integers(1, 20, characters),
        top=random.integers(0, len(units), (characters, 5)),
        probabilities=random.dirichlet(np.ones(6), characters)[:, :5],
        cells=[{"id": f"L{n // hidden + 1}:{n % hidden}", "layer": n // hidden + 1, "unit": n % hidden, "flags": [],
                "mean": 0.0, "std": 0.5, "tau": 5.0, "eta2_char": 0.2, "eta2_bigram": 0.4, "best": best, "delta": None,
                "group": "local"} for n in range(cells)],
        chosen=np.arange(chosen), signals={"c": values[0], "h": values[1]})
