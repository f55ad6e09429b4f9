"""Layer inspection: a page that is not too big to open: fewer levels first, then fewer cells, and it says so."""

from collections.abc import Iterator
from dataclasses import dataclass

from charrnn.errors import SettingsError
from charrnn.inspection.page.data import PageData
from charrnn.inspection.page.document import document

CELLS = 128  # with their values, unless another number is asked for
MAX_MB = 25.0
MEGABYTE = 1_000_000
PRECISIONS = (8, 4)


@dataclass(frozen=True)
class Page:
    """A page's bytes, how many cells have their values in it, in how many bits, and what was given up for its size."""

    html: bytes
    cells: int
    bits: int
    notes: tuple[str, ...]


def fitted(data: PageData, cells: int | None = CELLS, bits: int | None = None, max_mb: float = MAX_MB,
           compress: bool = True) -> Page:
    """The page with the values of `cells` cells (None: all that are given) that takes at most `max_mb` megabytes.

    bits   of each value, 8 or 4; None takes 8, and 4 where all of very many cells are asked for

    Raises SettingsError if even a page without any values is bigger.
    """
    wanted = len(data.chosen) if cells is None else min(cells, len(data.chosen))
    bits = bits or (4 if cells is None and wanted > CELLS else 8)
    for count, precision in _smaller(wanted, bits):
        notes = _notes(wanted, bits, count, precision, max_mb)
        html = document(data, count, precision, compress, notes)
        if len(html) <= max_mb * MEGABYTE:
            return Page(html, count, precision, notes)
    raise SettingsError(f"the page takes {len(html) / MEGABYTE:.1f} MB even without the values of any cell; allow more "
                        f"than --html-max-mb {max_mb:g}, or inspect a shorter text")


def _smaller(cells: int, bits: int) -> Iterator[tuple[int, int]]:
    """What to try, the best first."""
    yield cells, bits
    if bits > 4:
        yield cells, 4
    while cells:
        cells = cells * 2 // 3
        yield cells, 4


def _notes(wanted: int, bits: int, cells: int, precision: int, max_mb: float) -> tuple[str, ...]:
    given_up = []
    if precision < bits:
        given_up.append(f"values in {2 ** precision - 1} levels instead of {2 ** bits - 1}")
    if cells < wanted:
        given_up.append(f"the values of {cells:,} cells instead of {wanted:,}")
    if not given_up:
        return ()
    return (f"to stay within {max_mb:g} MB (--html-max-mb) the page holds {' and '.join(given_up)}",)
