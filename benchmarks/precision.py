"""Group `precision`: what bfloat16 products cost in nats, in training and in reading; their gain: `training`."""

import math
from collections.abc import Iterator

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.processes import Job, take_turns
from charrnn.bench.results import Row
from charrnn.settings.bounded import PRECISIONS

GOAL_NATS = 0.005
TRAINED = {"hidden": 512, "dropout": 0.0, "epochs": 2.0, "batch": 16, "validations": 1}


def measure(options: Options) -> Iterator[Table]:
    """One table: losses after training in both precisions, one seed a round."""
    text = str(options.texts[0])
    trained: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    cost: list[float] = []
    for seed in range(1, options.rounds + 1):
        jobs = [Job("benchmarks.learning:learned", {
            "text": text, "settings": {**TRAINED, "precision": precision, "seed": seed}}) for precision in PRECISIONS]
        found = take_turns(f"losses, seed {seed}", jobs, 1, options.tell)
        for precision, [result] in zip(PRECISIONS, found, strict=True):
            trained[precision].append(result["validation"])
            if precision == "float32":
                cost.append(result["rounded"] - result["validation"])
    differences = [bf16 - exact for bf16, exact in zip(trained["bf16"], trained["float32"], strict=True)]
    spread = ", ".join(f"{difference:+.4f}" for difference in differences)
    yield Table(f"Losses in validation, lstm 1x512, 2 epochs, {options.rounds} seeds", [
        Row("trained with bf16, nats more than with float32", "nats", [sum(differences) / len(differences)],
            goal=GOAL_NATS, note=f"mean over the seeds, which gave {spread}"),
        Row("trained with float32", "nats", trained["float32"], note="a character, the median of the seeds"),
        Row("trained with float32, read with bf16: bits more", "bits", [nats / math.log(2) for nats in cost],
            note="a character, what `sample --precision bf16` costs"),
    ])
