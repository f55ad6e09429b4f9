"""Group `precision`: what bfloat16 products gain in training and sampling, and what they cost in nats."""

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.options import Options, tell
from benchmarks.table import Row, Table
from charrnn.bench.processes import Job, take_turns
from charrnn.bench.results import rates
from charrnn.bench.shape import Shape

SHAPES = (Shape("lstm", 1, 128, 50, 50), Shape("lstm", 1, 256), Shape("lstm", 1, 512), Shape("lstm", 2, 512),
          Shape("gru", 1, 256), Shape("gru", 2, 256), Shape("rnn", 1, 256))
# What made it worth offering: so many times as fast, for at most so many nats.
GOALS = {Shape("lstm", 1, 512): 1.3, Shape("lstm", 2, 512): 1.3}
GOAL_NATS = 0.005
# What is trained twice to compare losses, for so many epochs in steps of so many sequences.
TRAINED, EPOCHS, BATCH = Shape("lstm", 1, 512), 2.0, 16


def measure(options: Options) -> Iterator[Table]:
    """Speed side by side; with a text also losses, one seed a round."""
    yield Table(f"Training with bfloat16 products, {options.threads} threads",
                [_gain("train", shape, options) for shape in options.shapes or SHAPES])
    networks = dict.fromkeys(Shape(shape.cell, shape.layers, shape.hidden) for shape in options.shapes or SHAPES)
    yield Table("Sampling one stream with bfloat16 products", [_gain("sample", shape, options) for shape in networks])
    if options.text is not None:
        yield _losses(options)


def _gain(function: str, shape: Shape, options: Options) -> Row:
    common = {"seconds": options.seconds, "threads": options.threads}
    jobs = [Job.of(f"charrnn.bench.ours:{function}", shape, precision=precision, **common)
            for precision in ("bf16", "float32")]
    bf16, exact = take_turns(f"{function} {shape.name}", jobs, options.rounds, tell)
    each, name = (shape.characters, shape.name) if function == "train" else (1, shape.network)
    return Row(name, "char/s", rates(bf16, each), rates(exact, each), "float32",
               GOALS.get(shape) if function == "train" else None)


def _losses(options: Options) -> Table:
    text = str(options.text.resolve()) if options.text else ""
    trained: dict[str, list[float]] = {"bf16": [], "float32": []}
    rounded: list[float] = []
    for seed in range(1, options.rounds + 1):
        jobs = [Job.of("benchmarks.precision:train", TRAINED, precision=precision, text=text, seed=seed)
                for precision in trained]
        for precision, [result] in zip(trained, take_turns(f"losses, seed {seed}", jobs, 1, tell), strict=True):
            trained[precision].append(result["loss"])
            if precision == "float32":
                rounded.append(result["rounded"])
    differences = [bf16 - exact for bf16, exact in zip(trained["bf16"], trained["float32"], strict=True)]
    cost = [loss - exact for loss, exact in zip(rounded, trained["float32"], strict=True)]
    spread = ", ".join(f"{difference:+.4f}" for difference in differences)
    return Table(f"Losses in validation, {TRAINED.network}, {EPOCHS:g} epochs, {options.rounds} seeds", [
        Row("trained with bf16, nats more than with float32", "nats", [sum(differences) / len(differences)],
            goal=GOAL_NATS, note=f"mean over the seeds, which gave {spread}"),
        Row("trained with float32", "nats", trained["float32"], note="a character, the median of the seeds"),
        Row("trained with float32, read with bf16: bits more", "bits", [nats / math.log(2) for nats in cost],
            note="a character, what `sample --precision bf16` costs"),
    ])


def train(shape: dict[str, Any], precision: str, text: str, seed: int) -> dict[str, float]:
    """The validation loss at the end of a short training, and the same network's loss in bfloat16."""
    from charrnn.engine.engines import open_engine
    from charrnn.runs.run import Run
    from charrnn.settings import Settings, TrainingSettings, WindowSettings
    from charrnn.text.corpus import read_corpus
    from charrnn.training.evaluation import Evaluation

    network = Shape(**shape).settings()
    settings = Settings(network, WindowSettings(batch=BATCH), TrainingSettings(
        epochs=EPOCHS, precision=precision, seed=seed, validations=1))
    with tempfile.TemporaryDirectory() as folder, Run.start(read_corpus([text]), settings, "run", Path(folder)) as run:
        for _ in run.events():
            pass
        trainer, losses = run.trainer, []
        for kind in (precision, "bf16"):
            same = open_engine("compiled", network, len(run.vocabulary), training=TrainingSettings(precision=kind),
                               threads=2)
            same.load(trainer.engine.parameters())
            losses.append(Evaluation(same, trainer.evaluation.text, settings.windows.window, 2).loss() or 0.0)
    return {"loss": losses[0], "rounded": losses[1]}
