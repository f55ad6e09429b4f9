"""Layer render: how often the gates are open and shut, and how many units have each flag."""

from collections.abc import Iterator

from charrnn.inspection.cell_statistics import FLAGS
from charrnn.inspection.gates import Gates
from charrnn.render.inspection.style import ReportStyle, share_words

NAMES = {"i": "input", "f": "forget", "o": "output", "r": "reset", "z": "update", "m": "scale"}


def gate_table(found: Gates) -> Iterator[str]:
    """A line for each layer: the mean share of the places where each gate is open and shut, and the flags."""
    if not found.saturation:
        yield "a plain RNN has no gates"
    flags = [name for name in FLAGS if name != "constant"]  # those cells are dead too
    gates = list(dict.fromkeys(one.gate for one in found.saturation))
    yield "layer " + "".join(f"{NAMES[gate] + ' ' + gate:>11}" for gate in gates) + "  " + "  ".join(flags)
    for layer in range(1, found.layers + 1):
        shares = {one.gate: one for one in found.saturation if one.layer == layer}
        cells = [f"{share_words(float(shares[gate].right.mean()))}/{share_words(float(shares[gate].left.mean()))}"
                 for gate in gates]
        counts = found.counts(layer)
        yield (f"L{layer:<5}" + "".join(f"{cell:>11}" for cell in cells) + "  "
               + "  ".join(f"{counts[name]:>{len(name)}}" for name in flags))


def gate_report(found: Gates, style: ReportStyle) -> Iterator[str]:
    """The table, and a line that explains its columns."""
    yield from gate_table(found)
    size = len(next(iter(found.flags.values()))[0])
    counted = f"how many of the {size} units of the layer have this flag (see --explain)"
    yield from style.wrapped("", ["open/shut: mean share of the places where the gate is above 0.9 / below 0.1; then "
                                 + counted if found.saturation else f"the numbers: {counted}"])


def layer_words(found: Gates, layer: int) -> str:
    """`3 integrator, 1 saturated`, without flags that no unit of the layer has."""
    counts = found.counts(layer)
    return ", ".join(f"{counts[name]} {name}" for name in FLAGS if counts.get(name)) or "no flags"
