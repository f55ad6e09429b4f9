"""Group `training`: whole training steps, ours and PyTorch's: forward, loss, backward, clipping, Adam."""

import dataclasses
from collections.abc import Iterator

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.machine import peak_note
from charrnn.bench.results import Row, arithmetic
from charrnn.bench.shape import Shape
from charrnn.settings.bounded import PRECISIONS

SHAPES = (Shape("lstm", 1, 128, 50, 50), Shape("lstm", 2, 128, 50, 50), Shape("lstm", 1, 256), Shape("lstm", 2, 256),
          Shape("lstm", 1, 512), Shape("lstm", 2, 512), Shape("lstm", 3, 512), Shape("gru", 1, 256),
          Shape("gru", 2, 256), Shape("gru", 2, 512), Shape("rnn", 1, 256),
          # that of the character GRU in rl-tools' tests
          Shape("gru", 1, 64, 32, 64, embedding=32))
# The part of the machine's peak that products are to make useful.
SHARE_GOALS = dict.fromkeys([Shape("lstm", 1, 256), Shape("lstm", 1, 512), Shape("lstm", 2, 512)], 0.75)


def measure(options: Options) -> Iterator[Table]:
    """Three tables: characters a second beside PyTorch's, in each precision; the share of the machine's peak."""
    shares: list[Row] = []
    for precision in PRECISIONS:
        speeds = []
        for shape in options.shapes or SHAPES:
            row, peaks = options.training(shape, precision)
            speeds.append(row)
            if precision == "float32":
                useful = arithmetic(shape, row, peaks)
                shares.append(dataclasses.replace(useful, goal=SHARE_GOALS.get(shape),
                                                  note=f"{1e3 * shape.characters / row.ours:.3g} ms a step"))
        yield Table(f"Training in {precision}, {options.threads} threads, batch x window after the network", speeds,
                    ["The ratio is to the faster of PyTorch's two forms, in the same precision."])
    note = peak_note([peak for row in shares for peak in row.rivals["peak"]])
    yield Table("Useful arithmetic in these steps, float32", shares,
                ["Products only, the gates' arithmetic not counted; the peak is a loop of multiply-and-add in vector "
                 "registers, on the same threads, right after the steps.", *([note] if note else [])])
