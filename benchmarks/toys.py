"""Group `toys`: a letter to remember over a gap, and a running average: how much is right, for each cell.

A network is trained on gaps of all lengths up to k, and tested on lines with a gap of k that it was not trained on.
That is drawn as docs/pictures/gap.svg.
"""

import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import charrnn
from benchmarks.options import Options
from benchmarks.pictures import TOP, framed
from benchmarks.table import Table
from charrnn.render.plots.panels import shaped
from charrnn.render.plots.picture_file import write_picture
from charrnn.render.plots.scale import Scale
from charrnn.render.plots.scene import Mark, Scene, Stroke, Text
from charrnn.text.toys import SYMBOLS, average, gap

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "gap.svg"
CELLS, GAPS, TESTED = ("rnn", "lstm", "gru"), (5, 10, 20, 40, 80, 160), 200
# Every network has the same size and the same number of epochs; the window holds the longest line.
SETTINGS = {"hidden": 32, "layers": 1, "lr": 0.005, "batch": 16, "epochs": 20, "averaging": 0.0, "validations": 1,
            "precision": "float32"}
TEST_SEED, AVERAGE_UNITS = 10_000, 64
Shares = Mapping[tuple[str, int], Sequence[float]]


def measure(options: Options) -> Iterator[Table]:
    """A row a cell: the mean share that is right for each gap, of a seed a round, with the lowest and the highest."""
    shares: dict[tuple[str, int], list[float]] = {(cell, k): [] for cell in CELLS for k in GAPS}
    for seed in range(1, options.rounds + 1):
        options.tell("toys, letters over a gap", seed, options.rounds)
        for cell, k in shares:
            shares[cell, k].append(share_right(cell, k, seed))
    write_picture(picture(shares), str(PICTURE))
    rows = [(cell, *(_words(shares[cell, k]) for k in GAPS)) for cell in CELLS]
    note = (f"{SETTINGS['hidden']} units, {SETTINGS['epochs']} epochs, {TESTED} lines tested each; chance is "
            f"{1 / len(SYMBOLS):.1%}. In brackets the lowest and the highest of {options.rounds} seeds.")
    yield Table("Letters remembered over a gap of k", rows, [note], ("cell", *(f"k = {k}" for k in GAPS)))
    seeds = range(1, options.rounds + 1)
    rows = [(cell, _words([average_right(cell, seed) for seed in seeds])) for cell in CELLS]
    yield Table("Running averages of up to 20 digits", rows,
                [f"{AVERAGE_UNITS} units, {SETTINGS['epochs']} epochs, {TESTED} new lines tested; the first average of "
                 "a line, which is its digit, is not counted."], ("cell", "right"))


def share_right(cell: str, k: int, seed: int) -> float:
    """Trains a network, and tests it on new lines with the longest gap."""
    text = gap(k, seed=seed)
    known = set(text.splitlines())
    new = [line.split("\t") for line in gap(k, 2 * TESTED, TEST_SEED + seed, shortest=k).splitlines()
           if line not in known][:TESTED]
    with tempfile.TemporaryDirectory() as folder:
        model = charrnn.train(text=text, pairs=True, cell=cell, window=k + 4, seed=seed, folder=folder, **SETTINGS)
    found = model.translate([source for source, _ in new])
    return statistics.mean(best.text == target for [best], (_, target) in zip(found, new, strict=True))


def average_right(cell: str, seed: int) -> float:
    """The share of the averages in new lines that are the most probable character in their place."""
    with tempfile.TemporaryDirectory() as folder:
        model = charrnn.train(text=average(seed=seed), documents="line", cell=cell, window=80, seed=seed, folder=folder,
                              **{**SETTINGS, "hidden": AVERAGE_UNITS})
    lines = average(TESTED, TEST_SEED + seed).splitlines()
    ranks = model.score("\n".join(lines) + "\n").ranks.reshape(TESTED, -1)
    return float((ranks[:, 6:-1:4] == 1).mean())


def picture(shares: Shares) -> Scene:
    """The mean share that is right against k, a line a cell, and a mark for each seed."""
    gaps = sorted({k for _, k in shares})
    cells = list(dict.fromkeys(cell for cell, _ in shares))
    xs, ys = Scale.around(map(float, gaps), is_log=True, margin=0.06), Scale(0.0, 104.0)
    drawn, frame = framed("A letter remembered over a gap", xs, ys, 300.0, 54.0, cells)
    frame.draw_axes(drawn, "longest gap k, in characters", (10, 5))
    drawn.texts.append(Text(frame.left, TOP - 12, "% right, on new lines with a gap of k", role="faint"))
    for run, cell in enumerate(cells):
        drawn.strokes.append(Stroke([frame.at((k, 100 * statistics.mean(shares[cell, k]))) for k in gaps], "val", run))
        drawn.marks += [Mark(*frame.at((k, 100 * share)), shaped(run)) for k in gaps for share in shares[cell, k]]
    return drawn


def _words(shares: Sequence[float]) -> str:
    return f"{statistics.mean(shares):.0%} ({min(shares):.0%} to {max(shares):.0%})"
