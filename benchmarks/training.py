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
# The part of the machine's peak in the same numbers that products are to make useful.
SHARE_GOALS = {"float32": {Shape("lstm", 1, 256): 0.80,
                           **dict.fromkeys((Shape("lstm", layers, 512) for layers in (1, 2, 3)), 0.87)},
               "bf16": {Shape("lstm", 1, 256): 0.75, Shape("lstm", 1, 512): 0.85, Shape("lstm", 2, 512): 0.85}}


def measure(options: Options) -> Iterator[Table]:
    """Four tables: characters a second beside PyTorch's, in each precision; the share of the machine's peak in each."""
    shares: dict[str, list[Row]] = {precision: [] for precision in PRECISIONS}
    for precision in PRECISIONS:
        speeds = []
        for shape in options.shapes or SHAPES:
            row, peaks = options.training(shape, precision)
            speeds.append(row)
            shares[precision].append(dataclasses.replace(
                arithmetic(shape, row, peaks), goal=SHARE_GOALS[precision].get(shape),
                note=f"{1e3 * shape.characters / row.ours:.3g} ms a step"))
        yield Table(f"Training in {precision}, {options.threads} threads, batch x window after the network", speeds,
                    ["The ratio is to the faster of PyTorch's two forms, in the same precision."])
    for precision, rows in shares.items():
        note = peak_note([peak for row in rows for peak in row.rivals["peak"]])
        yield Table(f"Useful arithmetic in these steps, {precision}", rows,
                    [f"Products only, the gates' arithmetic not counted; the peak is a loop of {precision} "
                     "multiply-and-add in vector registers, on the same threads, right after the steps.",
                     *([note] if note else [])])
