"""A run taken a number of steps on, in a process of its own: `python -m tests.cli.steps SETTINGS [--until STEP] ...`.

It starts the run checkpoints/steps on text.txt in the current folder, or goes on with it, and tells each checkpoint.
"""

import argparse
import dataclasses
import json
import math
from pathlib import Path

from charrnn.runs import run as runs
from charrnn.runs.run import Run
from charrnn.settings import Settings
from charrnn.storage.run_folders import BEST, LAST, RUNS
from charrnn.training.events import Saved, Step
from tests.cli.tiny import SETTINGS, tiny_corpus

# Dropout on, more than one layer and shard: everything that draws or adds up in an order.
STEPS = dataclasses.replace(
    SETTINGS, network=dataclasses.replace(SETTINGS.network, layers=2, dropout=0.3),
    training=dataclasses.replace(SETTINGS.training, epochs=0.5, validations=3))


def take(settings: Settings = STEPS, until: float = math.inf, threads: int = 1, every: bool = False) -> Path:
    """The folder of the run, started or gone on with, up to step `until`; with `every`, saved at every step."""
    if every:
        runs.SECONDS_BETWEEN_SAVES = -1.0
    folder = RUNS / "steps"
    begun = [file for file in (folder / LAST, folder / BEST) if file.exists()]
    with (Run.resume(begun[0], tiny_corpus(), None, threads) if begun
          else Run.start(tiny_corpus(), settings, "steps", RUNS, threads)) as run:
        if run.trainer.step >= until:
            run.trainer.stop()
        for event in run.events():
            if isinstance(event, Saved):
                print(event.path.name, event.step, flush=True)
            elif isinstance(event, Step) and event.step >= until:
                run.trainer.stop()
        assert run.folder == folder
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("settings", type=lambda text: Settings.from_dict(json.loads(text)))
    parser.add_argument("--until", type=int, default=10**9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", action="store_true")
    take(**vars(parser.parse_args()))
