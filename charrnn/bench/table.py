"""Layer bench: measurements as lines of aligned columns, written as they come: the widths are known beforehand."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from charrnn.bench.limits import PEAKS
from charrnn.bench.results import Measured, Row
from charrnn.bench.rivals import RIVALS
from charrnn.bench.shape import Shape


class Column(NamedTuple):
    """`group` stands above the first of the columns that belong together."""

    group: str
    title: str
    width: int
    text: Callable[[Measured], str]


def columns(shapes: Sequence[Shape], rivals: Sequence[str]) -> list[Column]:
    """The columns for these shapes."""
    network = max(len(name) for name in ("network", *(shape.network for shape in shapes)))
    return [
        Column("", "network".ljust(network), network, lambda row: row.shape.network.ljust(network)),
        Column("", "batch x window", 14, lambda row: row.shape.step),
        Column("", "numbers", 7, lambda row: row.precision),
        Column("training", "char/s", 9, lambda row: three_digits(row.training.ours)),
        Column("", "GFLOP/s", 7, lambda row: three_digits(row.arithmetic.ours)),
        Column("", "of peak", 7, lambda row: f"{row.arithmetic.ratio:.0%}"),
        *_beside(lambda row: row.training, [name for name in rivals if name != "onnx"]),
        Column("sampling", "char/s", 9, lambda row: three_digits(row.sampling.ours)),
        *_beside(lambda row: row.sampling, rivals),
        Column("", "GB/s", 5, lambda row: three_digits(row.weight_gbytes)),
    ]


def _beside(found: Callable[[Measured], Row], rivals: Sequence[str]) -> Iterator[Column]:
    """Two columns a rival: its rate in what was found of a shape, and the ratio to it."""
    def rate(name: str, row: Measured) -> str:
        return three_digits(found(row).against(name).rival) or "-"

    def ratio(name: str, row: Measured) -> str:
        against = found(row).against(name).ratio
        return "-" if against is None else f"{against:.2f}"

    for name in (RIVALS[rival].name for rival in rivals):
        yield Column("", name.split()[0], 9, partial(rate, name))
        yield Column("", "ratio", 5, partial(ratio, name))


def head(shown: Sequence[Column]) -> list[str]:
    """Two lines: groups, and titles."""
    return [_line(shown, [column.group for column in shown]), _line(shown, [column.title for column in shown])]


def row(shown: Sequence[Column], measured: Measured) -> str:
    """The line of one shape."""
    return _line(shown, [column.text(measured) for column in shown])


def notes(threads: int, rivals: Sequence[str]) -> list[str]:
    """What the columns mean, to stand under the table."""
    count = _threads(threads)
    lines = [f"char/s    characters a second; training in whole steps and sampling one stream, on {count}",
             "GFLOP/s   the products that the mathematics needs, of which a one-hot input needs none",
             f"of peak   their share of the peak of {count} in the same numbers, right after the steps",
             "GB/s      weights that sampling reads"]
    about = {"torch": "PyTorch   eager, in the same precision; the faster of an embedding and one-hot input, at the "
                      "fastest of its settings",
             "onnx": "ONNX      ONNX Runtime, float32, one step a call; at the fastest of its settings"}
    return [*lines, *(about[name] for name in rivals)]


def limit_lines(limits: dict[str, list[dict[str, Any]]]) -> list[str]:
    """The machine's peak and bandwidths: a line for each place, a column for each number of threads."""
    counts = [peak["threads"] for peak in limits["peak"]]
    lines = [["", "", *(_threads(count) for count in counts)],
             *(["multiply and add, " + precision, "GFLOP/s",
                *(three_digits(peak["gflops"]) for peak in limits[name])]
               for precision, name in PEAKS.items() if name in limits)]
    for place in dict.fromkeys(figure["place"] for figure in limits["bandwidth"]):
        figures = [figure for figure in limits["bandwidth"] if figure["place"] == place]
        lines.append([f"read {place}, {size_words(figures[0]['bytes'])}", "GB/s",
                      *(three_digits(figure["gbytes_per_second"]) for figure in figures)])
    width = max(len(line[0]) for line in lines)
    return [f"{line[0]:{width}}  {line[1]:7}" + "".join(f"{cell:>12}" for cell in line[2:]) for line in lines]


def three_digits(value: float | None) -> str:
    """`value` rounded to three digits; nothing for None."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:.1f}" if rounded >= 10 else f"{rounded:.3g}"


def size_words(size: int) -> str:
    """`16 KB`, `1.5 MB`."""
    return f"{size / 1024:.3g} KB" if size < 1024**2 else f"{size / 1024**2:.3g} MB"


def _threads(count: int) -> str:
    return f"{count} thread{'' if count == 1 else 's'}"


def _line(shown: Sequence[Column], cells: Sequence[str]) -> str:
    return "  ".join(cell.rjust(column.width) for column, cell in zip(shown, cells, strict=True)).rstrip()
