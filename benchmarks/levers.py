"""Group `levers`: ideas that might lower the loss, as prototypes on PyTorch, each trained over as many products.

The time that a network takes is that of its matrix products. So what multiplies more than the GRU that all are set
beside reads less of the text by as much: it is what equal time would be if nothing else cost anything.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from benchmarks.learning import cold_loss, rows
from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.engine.initial import parameter_shapes
from charrnn.engine.interface import Arrays
from charrnn.engine.threads import physical_cores
from charrnn.settings import NetworkSettings, settings_of
from charrnn.text.corpus import read_corpus
from charrnn.training.events import RolledBack, Validated
from charrnn.training.trainer import Trainer

RESULTS = Path(__file__).parent / "results" / "levers.jsonl"
# What a quarter of a minute is enough for on two cores, with the automatic settings of such a time.
ALIKE = {"cell": "gru", "hidden": 256, "layers": 1, "window": 64, "batch": 16, "optimizer": "adamw", "beta1": 0.8,
         "beta2": 0.99, "weight_decay": 0.03, "averaging": 0.9891, "dropout": 0.0, "val_fraction": 0.1,
         "validations": 1, "precision": "float32"}
EPOCHS = 2.17
HEADERS = ("idea", "beside", "products", "passes", "loss", "gain", "cold", "its gain", "seeds")


class Lever(NamedTuple):
    """What is tried: settings in place of those of ALIKE, what it stands beside, and how training is changed."""

    settings: dict[str, Any]
    beside: str = "GRU"
    smoothing: float = 0.0  # of labels: the share of the probability that is spread over all characters
    drops: float = 0.0  # the share of rows that begin a window from the initial state
    holds: float = 0.0  # characters that update gates begin by holding for, at most: Tallec and Ollivier 2018


LEVERS = {
    "GRU": Lever({}),
    "layer normalization": Lever({"cell": "normalized"}),
    "layer normalization, half the rate": Lever({"cell": "normalized", "lr": 0.008}),
    "Mogrifier, two rounds": Lever({"cell": "mogrified"}),
    "Mogrifier, two rounds, but what is kept of h is not scaled": Lever({"cell": "mogrified-unkept"}),
    "mogrifier": Lever({"cell": "mogrifier"}),
    "mogrifier, three quarters of the rate": Lever({"cell": "mogrifier", "lr": 0.012}),
    "mogrifier, a rate higher by a third": Lever({"cell": "mogrifier", "lr": 0.021}),
    "mogrifier that scales what is kept of h too": Lever({"cell": "scaled-and-kept"}),
    "multiplicative integration": Lever({"cell": "integrating"}),
    "mogrifier with multiplicative integration": Lever({"cell": "scaled-and-integrating"}),
    "LSTM": Lever({"cell": "lstm"}),
    "LSTM that scales h as a mogrifier": Lever({"cell": "scaled-lstm"}, "LSTM"),
    "multiplicative GRU": Lever({"cell": "multiplicative"}),
    "multiplicative GRU, half the rate": Lever({"cell": "multiplicative", "lr": 0.008}),
    "minGRU, 3x224": Lever({"cell": "minimal", "layers": 3, "hidden": 224}),
    "minGRU, 3x224, half the rate": Lever({"cell": "minimal", "layers": 3, "hidden": 224, "lr": 0.005}),
    "label smoothing 0.05": Lever({}, smoothing=0.05),
    "skip connection from the character to the output": Lever({"cell": "skipping"}),
    "two layers, 2x144": Lever({"layers": 2, "hidden": 144}),
    "two layers, 2x144, with skip connections": Lever({"layers": 2, "hidden": 144, "cell": "skipping"},
                                                      "two layers, 2x144"),
    "states dropped, 1 of 50": Lever({}, drops=0.02),
    "states dropped, 1 of 10": Lever({}, drops=0.1),
    "update gates that begin by holding up to 64 characters": Lever({}, holds=64.0),
    "a warm-up five times as long": Lever({"warmup": 0.1}),
    "a rate that falls in a straight line": Lever({"decay": "linear"}),
    "a rate that stays, averaged over a fifth of the run": Lever({"decay": "constant", "averaging": 0.9977})}


def measure(options: Options) -> Iterator[Table]:
    """One table, with `--rounds` seeds; as many trainings side by side as there are cores, since no time is measured.
    """
    text = options.texts[0]
    plan = [{"text": str(text), "lever": name, "seed": seed}
            for seed in range(1, options.rounds + 1) for name in LEVERS]
    with ThreadPoolExecutor(physical_cores()) as pool:
        found = []
        for number, row in enumerate(pool.map(_row, plan), start=1):
            options.tell("levers", number, len(plan))
            found.append(row)
    known = {name: [row for row in found if row["lever"] == name and "failure" not in row] for name in LEVERS}
    yield Table(f"Ideas on {text.stem}, nats a character after equal products",
                [_cells(name, rows_of, known[LEVERS[name].beside]) for name, rows_of in known.items() if rows_of], (),
                HEADERS)


def trained(text: str, lever: str, seed: int) -> dict[str, Any]:
    """Trains with a lever, in this process."""
    from benchmarks.prototypes import register_prototypes

    register_prototypes()
    idea, corpus = LEVERS[lever], read_corpus([text])
    V = len(corpus.vocabulary)
    settings = settings_of({**ALIKE, **idea.settings, "seed": seed})
    needed = products(settings.network, V)
    epochs = EPOCHS * products(settings_of(ALIKE).network, V) / needed
    settings = settings_of({**ALIKE, **idea.settings, "seed": seed, "epochs": epochs})
    trainer = Trainer(settings, corpus.content, V, threads=1, engine="torch")
    _change(trainer, idea, np.random.default_rng(seed))
    halved, best, weights = 0, np.inf, trainer.engine.parameters()
    for event in trainer.events():
        halved += isinstance(event, RolledBack)
        if isinstance(event, Validated) and event.is_best:
            best, weights = event.loss, trainer.engine.state()
    trainer.engine.load({name: weights[name] for name in trainer.engine.parameters()})
    return {"validation": round(float(best), 5), "cold": cold_loss(trainer.engine, trainer.evaluation.text),
            "products": needed, "epochs": round(trainer.cutter.progress, 3), "steps": trainer.step,
            "lr": trainer.settings.training.lr, "halved": halved, "parameters": trainer.engine.parameter_count}


def products(network: NetworkSettings, vocabulary: int) -> int:
    """Multiplications of a character's way forward in matrix products; what a one-hot vector picks is none."""
    shapes, H = parameter_shapes(network, vocabulary), network.hidden
    recurrent = shapes["weight_hh_l0"][0] // H
    from_below = sum(shapes[f"weight_ih_l{k}"][0] * H for k in range(1, network.layers))
    return network.layers * recurrent * H * H + from_below + vocabulary * H


def _change(trainer: Trainer, idea: Lever, generator: np.random.Generator) -> None:
    """Makes the trainer begin, and learn its windows, as the idea wants it."""
    from torch.nn import functional

    streams, H = trainer.streams, trainer.settings.network.hidden
    if idea.holds:
        arrays = trainer.engine.parameters()
        arrays["bias_l0"][H:2 * H] = np.log(generator.uniform(1, idea.holds - 1, H))
        trainer.engine.load(arrays)
    learn, cross_entropy = streams.learn, functional.cross_entropy

    def changed(*window: Any) -> float:
        if idea.drops:
            streams.set_state(_dropped(streams.state(), idea.drops, generator))
        with mock.patch.object(functional, "cross_entropy", partial(cross_entropy, label_smoothing=idea.smoothing)):
            return learn(*window)

    streams.learn = changed  # type: ignore[method-assign]


def _dropped(state: Arrays, share: float, generator: np.random.Generator) -> Arrays:
    """The state where some rows begin anew, from zeros."""
    [rows_] = {len(array) for array in state.values()}
    kept = generator.random(rows_) >= share
    return {name: array * kept[:, None] for name, array in state.items()}


def _row(point: dict[str, Any]) -> dict[str, Any]:
    [row] = rows(RESULTS, [point], "benchmarks.levers:trained")
    return row


def _cells(name: str, found: list[dict[str, Any]], every_beside: list[dict[str, Any]]) -> tuple[str, ...]:
    beside = [row for row in every_beside if any(row["seed"] == one["seed"] for one in found)]
    loss, cold, their_loss, their_cold = (float(np.mean([row[key] for row in rows_])) for rows_ in (found, beside)
                                          for key in ("validation", "cold"))
    gains = ("", "") if found is every_beside else (f"{their_loss - loss:+.4f}", f"{their_cold - cold:+.4f}")
    return (name, "" if found is every_beside else LEVERS[name].beside, f"{found[0]['products']:,}",
            f"{found[0]['epochs']:.2f}", f"{loss:.4f}", gains[0], f"{cold:.4f}", gains[1], str(len(found)))
