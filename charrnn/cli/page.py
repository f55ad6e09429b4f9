"""Layer cli: `charrnn inspect-cells --html FILE`: the page, written, and what was given up for its size."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from charrnn.settings import PageSettings
from charrnn.storage.files import write_atomic

if TYPE_CHECKING:
    from charrnn.inspection.results import Inspection
    from charrnn.model import Model


def write_page(done: "Inspection", model: "Model", where: Path, name: str, settings: PageSettings) -> None:
    """Writes the page of an inspection of the checkpoint `where` to the file `name`, and says so on stderr."""
    import hashlib

    from charrnn.inspection.page.collect import PageCheckpoint, collect
    from charrnn.inspection.page.document import MEGABYTE, fit_page

    origin, corpus = done.passage.origin, model.corpus.name
    run = where.parent.name if where.name in ("best.safetensors", "last.safetensors") else where.stem
    checkpoint = PageCheckpoint(str(where), hashlib.sha256(where.read_bytes()).hexdigest(), run,
                                sum(array.size for array in model.parameters.values()), model.settings.windows.window)
    data = collect(done, checkpoint, cells=settings.cells,
                   source=f"{origin} of {corpus}" if corpus and origin == "held-out text" else origin,
                   command=f"charrnn inspect-cells {where} --html {Path(name).name}")
    bits = None if settings.html_precision is None else int(settings.html_precision)
    page = fit_page(data, settings.cells, bits, settings.html_max_mb, settings.compress)
    for note in page.notes:
        print(f"note: {note}", file=sys.stderr)
    write_atomic(name, page.html)
    print(f"written: {name} ({len(page.html) / MEGABYTE:.1f} MB, the values of {page.cells:,} of {len(data.cells):,} "
          f"cells)", file=sys.stderr)
