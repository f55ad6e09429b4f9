"""Group `training`: whole training steps, ours and PyTorch's: forward, loss, backward, clipping, Adam."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.clock import median_seconds
from benchmarks.options import Options
from benchmarks.processes import Job, take_turns
from benchmarks.shape import VOCABULARY, Shape, token_windows
from benchmarks.table import Row, Table

# Shapes, and how many times as fast as the usual PyTorch program we mean to be.
GOALS: dict[Shape, float | None] = {
    Shape("lstm", 1, 128, 50, 50): 2.0,
    Shape("lstm", 2, 128, 50, 50): 1.5,
    Shape("lstm", 1, 256): 2.0,
    Shape("lstm", 2, 256): None,
    Shape("lstm", 1, 512): 2.0,
    Shape("lstm", 2, 512): 1.4,
    Shape("gru", 1, 256): 3.0,
    Shape("gru", 2, 256): 3.0,
    Shape("rnn", 1, 256): None,
}
# The peak of a quiet machine stays within this share of its highest.
STEADY = 0.85
FORMS = ("embedding", "one-hot")


def measure(options: Options) -> Iterator[Table]:
    """Two tables: characters a second beside PyTorch's, and the share of the machine's peak that this takes."""
    rates: list[Row] = []
    shares: list[Row] = []
    for shape in options.shapes or GOALS:
        fields = dataclasses.asdict(shape)
        common = {"shape": fields, "seconds": options.seconds, "threads": options.threads}
        ours, *rivals, peaks = take_turns(f"training {shape.name}", [
            Job("training.ours", common),
            *(Job("rival.train", {"form": form, **common}) for form in FORMS),
            Job("peak.measure", {"threads": options.threads, "seconds": min(0.5, options.seconds)})], options.rounds)
        rate = [shape.characters / result["seconds"] for result in ours]
        for form, results in zip(FORMS, rivals, strict=True):
            adam = Counter(result["adam"] for result in results).most_common(1)[0][0]
            rates.append(Row(shape.name, "char/s", rate, [shape.characters / result["seconds"] for result in results],
                             form, GOALS.get(shape) if form == "embedding" else None, f"Adam: {adam}"))
        flops = [shape.useful_flops() / result["seconds"] / 1e9 for result in ours]
        milliseconds = 1e3 * shape.characters / rates[-1].ours
        shares.append(Row(shape.name, "GFLOP/s", flops, [result["gflops"] for result in peaks], "peak",
                          note=f"{milliseconds:.3g} ms a step"))
    yield Table(f"Training, {options.threads} threads, batch x window after the network", rates,
                ["The rival is PyTorch in two forms; goals are for `embedding`. Adam: PyTorch's fastest of "
                 "loop, foreach and fused."])
    yield Table("Useful arithmetic in these steps", shares,
                ["Products only, the gates' arithmetic not counted; the peak is a loop of multiply-and-add in vector "
                 "registers, on the same threads.", *busy_note([peak for row in shares for peak in row.rival_rounds])])


def busy_note(peaks: Sequence[float]) -> list[str]:
    """A line of doubt if the machine's peak was not always the same: other programs then took part of it."""
    if min(peaks) > STEADY * max(peaks):
        return []
    return [f"The peak fell to {min(peaks):.0f} from {max(peaks):.0f} GFLOP/s at times: the machine was busy with "
            "other things, which can flatter the ratios; measure again when it is quiet."]


def ours(shape: dict[str, Any], seconds: float, threads: int) -> dict[str, Any]:
    """The median seconds of one of our training steps."""
    from charrnn.network.network import Network
    from charrnn.training.optimizers import Adam

    measured = Shape(**shape)
    settings = measured.settings()
    network = Network(settings, VOCABULARY, np.random.default_rng(1), threads)
    batch = network.batch(measured.batch, measured.window, threads)
    gradients, optimizer = network.gradients(len(batch.shards)), Adam(network)
    inputs, targets = token_windows(measured)

    def step(i: int) -> None:
        batch.learn(inputs[i % len(inputs)], targets[i % len(inputs)], gradients)
        optimizer.update(gradients, 1e-3, 1.0)

    return {"seconds": median_seconds(step, seconds)}
