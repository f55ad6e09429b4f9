"""Layer settings: what is inspected in a network, and what of it is shown."""

import re
from dataclasses import dataclass

from charrnn.errors import SettingsError, shortened
from charrnn.settings.bounded import Bounded, setting

PAGE_CELLS = 48  # whose values a page holds that can't hold its network


@dataclass(frozen=True)
class InspectSettings(Bounded):
    """What is read to inspect a network, and how much is shown."""

    chars: int = setting(20_000, "characters to read; 0 reads all of a given text", low=0, high=10**7, group="Text")
    ablate_chars: int = setting(0, "characters on which cells are ablated, in every view and file; 0: 5,000, fewer for "
                                   "a large network", low=0, high=10**7, group="Views")
    top: int = setting(6, "cells in the table", low=1, high=100_000, group="Views")
    lines: int = setting(16, "lines of text that --cell shows, where the cell varies most; 0 shows all", low=0,
                         high=10**7)
    signal: str | None = setting(
        None, "what --cell shows: h is the output, c the memory, the others are gates (default: c where there is one)",
        choices=("h", "c", "i", "f", "o", "g", "r", "z", "n", "m"))
    signals: str | None = setting(
        None, "signals to record, with commas: gates by their letters, beside h and c, which always are (default: what "
              "the search needs; with --json, --csv and --npz all)", metavar="h,c,...")
    sample: int = setting(0, "inspect this many characters that the network writes itself, instead of its corpus",
                          low=0, high=10**7, group="Text")


@dataclass(frozen=True)
class PageSettings(Bounded):
    """What the page of charrnn inspect-cells --html carries."""

    html_cells: str = setting("network", "network: the page holds the network, computes the values of all cells, and "
                                         "writes; a number of cells, the most informative first, or all: it holds "
                                         "their values instead", metavar="network|N|all", group="Page")
    html_precision: str | None = setting(None, "hold values, with so many bits each (default: 8, or 4 for all cells of "
                                               "a large network)", choices=("8", "4"))
    html_max_mb: float = setting(25.0, "largest size of the page in megabytes; to fit, values lose bits, then cells "
                                       "are left out", low=0.1, high=10**4)
    compress: bool = setting(True, "compress the values in the page; browsers before 2023 can't read them")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.html_cells not in ("all", "network") and not re.fullmatch("[0-9]{1,9}", self.html_cells):
            raise SettingsError(f"--html-cells {shortened(self.html_cells)}: it is a number of cells, all, or network")

    @property
    def has_network(self) -> bool:
        """Whether the page holds the network in place of values; options for values ask for them."""
        return self.html_cells == "network" and self.html_precision is None and self.compress

    @property
    def cells(self) -> int | None:
        """How many cells have values in a page without the network; None for all."""
        named = {"all": None, "network": PAGE_CELLS}
        return named[self.html_cells] if self.html_cells in named else int(self.html_cells)
