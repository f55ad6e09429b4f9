"""Layer render: an inspection written to files: its page, and its numbers for other programs."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from charrnn.inspection.export import arrays, as_dict, as_json, cell_rows, place_rows
from charrnn.inspection.page.collect import PageCheckpoint, collect
from charrnn.inspection.page.document import MEGABYTE, fit_page
from charrnn.inspection.results import Inspection
from charrnn.live.payload import RUNNABLE
from charrnn.runs.checkpoint import file_sha256
from charrnn.sampling.session import LanguageModel
from charrnn.settings import PageSettings
from charrnn.storage.files import write_atomic
from charrnn.storage.run_folders import run_name_of


def write_page(done: Inspection, model: LanguageModel, path: Path, corpus: str, name: str,
               settings: PageSettings) -> None:
    """Writes the page to the file `name`; stderr says what did not fit.

    path, corpus   the network's checkpoint, and its training text
    """
    window, is_runnable = model.settings.windows.window, model.settings.network.cell in RUNNABLE
    origin = done.passage.origin
    run = run_name_of(path)
    checkpoint = PageCheckpoint(str(path), file_sha256(path), run, done.engine.parameter_count, window)
    data = collect(done, checkpoint, cells=settings.cells,
                   source=f"{origin} of {corpus}" if corpus and origin == "held-out text" else origin,
                   command=f"charrnn inspect-cells {path} --html {Path(name).name}",
                   network=model if settings.has_network and is_runnable else None)
    bits = None if settings.html_precision is None else int(settings.html_precision)
    page = fit_page(data, settings.cells, bits, settings.html_max_mb, settings.compress)
    for note in page.notes:
        print(f"note: {note}", file=sys.stderr)
    write_atomic(name, page.html)
    print(f"written: {name} ({len(page.html) / MEGABYTE:.1f} MB, the values of {page.cells:,} of {len(data.cells):,} "
          f"cells)", file=sys.stderr)


def write_numbers(done: Inspection, path: Path, files: Mapping[str, str | None]) -> bool:
    """Writes json, csv, csv-chars and npz to the files that are named; whether one of them is "-", standard output."""
    makers: dict[str, Callable[[], str | bytes]] = {
        "json": lambda: as_json(as_dict(done, str(path), file_sha256(path))), "csv": lambda: cell_rows(done),
        "csv-chars": lambda: place_rows(done), "npz": lambda: arrays(done)}
    for kind, name in files.items():
        if not name:
            continue
        content = makers[kind]()
        if isinstance(content, str) and name == "-":
            print(content, end="")
            continue
        write_atomic(name, content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))
        print(f"written: {name}", file=sys.stderr)
    return "-" in files.values()
