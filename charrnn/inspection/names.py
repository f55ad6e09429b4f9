"""Layer inspection: how a cell is called: L1:24 is unit 24 (from 0) of layer 1 (from 1, the lowest)."""

import re
from typing import NamedTuple

from charrnn.errors import SettingsError


class CellName(NamedTuple):
    """layer and unit, both from 0, as arrays are indexed."""

    layer: int
    unit: int

    def __str__(self) -> str:
        return f"L{self.layer + 1}:{self.unit}"


def cell_named(argument: str, layers: int, hidden: int) -> CellName:
    """The cell that `argument` names; raises SettingsError for what is no name, or no cell of this network."""
    found = re.fullmatch(r"[Ll](\d+):(\d+)", argument.strip())
    if not found:
        raise SettingsError(f"{argument!r} names no cell; L1:24 is unit 24 of layer 1")
    name = CellName(int(found[1]) - 1, int(found[2]))
    if not (0 <= name.layer < layers and name.unit < hidden):
        raise SettingsError(f"there is no cell {argument}: this network has layers L1 to L{layers}, with units 0 to "
                            f"{hidden - 1} each")
    return name
