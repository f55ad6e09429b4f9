"""Layer inspection: the page: one HTML file with its styles, scripts and data, that loads nothing else.

The template, the styles and the scripts are in this folder; they are joined as they are, without a build step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from charrnn.errors import SettingsError
from charrnn.inspection.page.data import PageData
from charrnn.inspection.page.payload import payload
from charrnn.live import document as live
from charrnn.settings.inspection import PAGE_CELLS, PageSettings

STYLES = ("page.css", "text.css", "views.css", "print.css")
# In the order in which they use each other; all of them share one scope, with those that the live page has too.
SCRIPTS = ("elements.js", "data.js", "state.js", "levels.js", "ranking.js", "hint.js", "text.js", "table.js",
           "heatmap.js", "strip.js", "measured.js", "cards.js", "drawer.js", "search.js", "chart.js", "gates.js",
           "memory.js", "surprise.js", "about.js", "save.js", "compute.js", "keys.js", "main.js")
_MANY = 128  # cells; all of more than these have 4 bits for each value, unless another precision is asked for
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Page:
    """The bytes of a page, how many cells have values in it, their precision in bits, and notes on what was left out.
    """

    html: bytes
    cells: int
    bits: int
    notes: tuple[str, ...]


def fit_page(data: PageData, cells: int | None = PAGE_CELLS, bits: int | None = None,
             max_mb: float = PageSettings.html_max_mb, compress: bool = True) -> Page:
    """The page with the values of `cells` cells (None: all that are given) that takes at most `max_mb` megabytes.

    With the network the page has the values of all cells, and none is stored. A page that is too large first gives up
    the network, then gets fewer levels, then fewer cells.

    bits   of each value, 8 or 4; None takes 8, or 4 if all of very many cells are asked for

    Raises SettingsError if even a page without any values is too large.
    """
    left_out: tuple[str, ...] = ()
    if data.live is not None:
        html = document(data, len(data.chosen), 8, compress)
        if len(html) <= max_mb * MEGABYTE:
            return Page(html, len(data.cells), 8, ())
        data = replace(data, live=None)
        left_out = (f"the network does not fit into {max_mb:g} MB (--html-max-mb): the page holds values, and can't "
                    "write",)
    wanted = len(data.chosen) if cells is None else min(cells, len(data.chosen))
    bits = bits or (4 if cells is None and wanted > _MANY else 8)
    for count, precision in _smaller(wanted, bits):
        notes = left_out + _notes(wanted, bits, count, precision, max_mb)
        html = document(data, count, precision, compress, notes)
        if len(html) <= max_mb * MEGABYTE:
            return Page(html, count, precision, notes)
    raise SettingsError(f"the page takes {len(html) / MEGABYTE:.1f} MB even without the values of any cell; allow more "
                        f"than --html-max-mb {max_mb:g}, or inspect a shorter text")


def document(data: PageData, cells: int, bits: int, compress: bool = True, notes: Sequence[str] = ()) -> bytes:
    """The file with the values of the first `cells` chosen cells, `bits` (8 or 4) each."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                           keep_trailing_newline=True).from_string(_read("page.html"))
    live_styles, live_script = (live.styles(), live.script()) if data.live is not None else ("", "")
    text = template.render(
        model=data.model, source=data.source, styles=Markup(live.shared_styles() + live_styles + _joined(STYLES)),
        shared=Markup(live.shared_script()), live=Markup(live_script), script=Markup(_joined(SCRIPTS)),
        data=Markup(payload(data, cells, bits, compress, notes)))
    # a file name may have half of a surrogate pair; the page shows a question mark
    return text.encode("utf-8", "replace")


def _joined(names: Sequence[str]) -> str:
    return "\n".join(_read(name) for name in names)


def _read(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _smaller(cells: int, bits: int) -> Iterator[tuple[int, int]]:
    """Numbers of cells and bits to try, the best first."""
    yield cells, bits
    if bits > 4:
        yield cells, 4
    while cells:
        cells = cells * 2 // 3
        yield cells, 4


def _notes(wanted: int, bits: int, cells: int, precision: int, max_mb: float) -> tuple[str, ...]:
    reduced = []
    if precision < bits:
        reduced.append(f"values in {2 ** precision - 1} levels instead of {2 ** bits - 1}")
    if cells < wanted:
        reduced.append(f"the values of {cells:,} cells instead of {wanted:,}")
    if not reduced:
        return ()
    return (f"to stay within {max_mb:g} MB (--html-max-mb) the page holds {' and '.join(reduced)}",)
