"""Group `training`: whole training steps, ours and PyTorch's: forward, loss, backward, clipping, Adam."""

import statistics
from collections.abc import Iterator

from benchmarks.options import Options, tell
from benchmarks.table import Row, Table
from charrnn.bench.machine import peak_note
from charrnn.bench.processes import Job, take_turns
from charrnn.bench.results import commonest, rates
from charrnn.bench.shape import Shape
from charrnn.settings import PRECISIONS

# Shapes, and how many times as fast as the usual PyTorch program we mean to be.
GOALS: dict[Shape, float] = {
    Shape("lstm", 1, 128, 50, 50): 2.6,
    Shape("lstm", 2, 128, 50, 50): 1.9,
    Shape("lstm", 1, 256): 2.5,
    Shape("lstm", 2, 256): 1.9,
    Shape("lstm", 1, 512): 2.4,
    Shape("lstm", 2, 512): 1.75,
    Shape("lstm", 3, 512): 1.65,
    Shape("gru", 1, 256): 5.0,
    Shape("gru", 2, 256): 4.0,
    Shape("gru", 2, 512): 3.3,
    Shape("rnn", 1, 256): 4.0,
}
# The part of the machine's peak that products are to make useful.
SHARE_GOALS = dict.fromkeys([Shape("lstm", 1, 256), Shape("lstm", 1, 512), Shape("lstm", 2, 512)], 0.75)
FORMS = ("embedding", "one-hot")


def measure(options: Options) -> Iterator[Table]:
    """Two tables: characters a second beside PyTorch's, and the share of the machine's peak that this takes."""
    speeds: list[Row] = []
    shares: list[Row] = []
    for shape in options.shapes or GOALS:
        common = {"seconds": options.seconds, "threads": options.threads}
        ours, rounded, *rivals = take_turns(f"training of {shape.name}", [
            *(Job.of("charrnn.bench.ours:train", shape, precision=precision, **common) for precision in PRECISIONS),
            *(Job.of("charrnn.bench.rival:train", shape, form=form, **common) for form in FORMS)], options.rounds, tell)
        for form, results in zip(FORMS, rivals, strict=True):
            note = f"Adam: {commonest(results, 'adam')}"
            goal = GOALS.get(shape) if form == "embedding" else None
            theirs = rates(results, shape.characters)
            speeds.append(Row(shape.name, "char/s", rates(ours, shape.characters), theirs, form, goal, note))
            if form == "embedding":
                speeds.append(Row(f"{shape.name}, bf16", "char/s", rates(rounded, shape.characters), theirs, form))
        flops = [shape.useful_flops() / result["seconds"] / 1e9 for result in ours]
        milliseconds = 1e3 * statistics.median(result["seconds"] for result in ours)
        shares.append(Row(shape.name, "GFLOP/s", flops, [result["peak"] for result in ours], "peak",
                          SHARE_GOALS.get(shape), f"{milliseconds:.3g} ms a step"))
    yield Table(f"Training, {options.threads} threads, batch x window after the network", speeds,
                ["The rival is PyTorch in two forms, always in float32; goals are for float32 against `embedding`. "
                 "Adam: PyTorch's fastest of loop, foreach and fused."])
    note = peak_note([peak for row in shares for peak in row.rival_rounds])
    yield Table("Useful arithmetic in these steps", shares,
                ["Products only, the gates' arithmetic not counted; the peak is a loop of multiply-and-add in vector "
                 "registers, on the same threads, right after the steps.", *([note] if note else [])])
