"""Layer cells: all cells by name. A new one is a file like lstm.py, its name here, and its name in CELL_NAMES, by which
commands know it without loading the cells. One from elsewhere calls register().
"""

from functools import cache
from typing import Any

from charrnn.cells.generate import generate
from charrnn.cells.gru import GRU
from charrnn.cells.gru_original import GRU_ORIGINAL
from charrnn.cells.lstm import LSTM
from charrnn.cells.mogrifier import MOGRIFIER
from charrnn.cells.peephole import PEEPHOLE
from charrnn.cells.recurrence import backward, forward, kernel_name, of_cell
from charrnn.cells.rnn import RNN
from charrnn.cells.spec import CellSpec
from charrnn.kernels import jit
from charrnn.settings.training import CELL_NAMES, NetworkSettings

CELLS: dict[str, CellSpec] = {spec.name: spec for spec in (RNN, LSTM, GRU, MOGRIFIER, PEEPHOLE, GRU_ORIGINAL)}


def register(spec: CellSpec) -> None:
    """Adds a cell from elsewhere: `cell="..."` in settings, and `--cell` of commands that are loaded after this."""
    CELLS[spec.name] = spec
    if spec.name not in CELL_NAMES:
        CELL_NAMES.append(spec.name)


def is_compiled(network: NetworkSettings, *templates: str) -> bool:
    """True if `templates` ("forward", "backward", "generate") of the cell, for such networks, need no compiling on this
    machine."""
    return all(jit.is_compiled(kernel_name(template, CELLS[network.cell], network.layers > 1, network.has_encoder))
               for template in templates)


@cache
def forward_kernel(cell: str, is_stacked: bool = True, has_encoder: bool = False) -> Any:
    """A window forward, see recurrence.forward."""
    return of_cell(forward, CELLS[cell], is_stacked, has_encoder)


@cache
def backward_kernel(cell: str, is_stacked: bool = True, has_encoder: bool = False) -> Any:
    """A window backward, see recurrence.backward."""
    return of_cell(backward, CELLS[cell], is_stacked, has_encoder)


@cache
def generate_kernel(cell: str) -> Any:
    """The sampling loop, see generate.generate."""
    return of_cell(generate, CELLS[cell])
