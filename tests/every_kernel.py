"""Trains, scores and samples tiny networks of every kind, as runs do: afterwards every kernel is compiled."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.engine.threads import Workers
from charrnn.kernels import jit
from charrnn.kernels.sample_logits import Limits
from charrnn.sampling.constraints import Clamp, SamplingRule
from charrnn.sampling.sampler import Sampler, generators_of
from charrnn.sampling.stepwise import StepwiseSampler
from charrnn.sampling.streams import PackedModel, StreamGroup
from charrnn.scoring.predict import Scorer, reader_of
from charrnn.settings import NetworkSettings, Settings, TextSettings, TrainingSettings, WindowSettings
from charrnn.text.documents import Documents
from charrnn.text.windows import Text, as_read
from charrnn.training.trainer import Trainer

OPTIMIZERS = ("adam", "rmsprop", "adagrad", "sgd")


class Kind(NamedTuple):
    """What decides which kernels a run needs."""

    cell: str
    layers: int = 1
    embedding: int = 0
    dropout: float = 0.0
    windows: str = "stream"
    precision: str = "float32"
    encoder: str = "shared"


ALL_KINDS = [Kind(cell, *rest) for cell in CELLS for rest in (
    (1, 0, 0.0, "stream", "float32"), (3, 4, 0.3, "stream", "bf16"), (2, 0, 0.0, "snippets", "float32"),
    (1, 0, 0.5, "snippets", "bf16"), (1, 0, 0.0, "stream", "float32", "own"), (2, 4, 0.3, "stream", "bf16", "own"))]


def use(kind: Kind, optimizer: str) -> str:
    """Takes a run of this kind through all that it can do; the name of the first event of its training."""
    ids: Text = np.random.default_rng(0).integers(9, size=700)
    settings = Settings(
        NetworkSettings(cell=kind.cell, hidden=20, layers=kind.layers, embedding=kind.embedding, dropout=kind.dropout,
                        recurrent_dropout=kind.dropout, encoder=kind.encoder),
        WindowSettings(windows=kind.windows, targets="last" if kind.windows == "snippets" else "all", window=8,
                       batch=5),
        TrainingSettings(epochs=0.2, validations=2, shards=2, precision=kind.precision, optimizer=optimizer,
                         averaging=0.9), TextSettings(pairs=kind.encoder == "own"))
    if kind.encoder == "own":  # 0 marks a document, 1 is the tab
        ids = np.array([0, *[2, 3, 4, 1, 5, 6, 0, 7, 1, 8, 0] * 60], np.int32)
        documents = Documents(ids, np.flatnonzero(ids == 0), source_ends=np.flatnonzero(ids == 1))
        ids = as_read(documents, settings.network, 9)
    trainer = Trainer(settings, ids, 9)
    first, *_ = trainer.events()
    Scorer(reader_of(trainer.engine, 2), ids, 8, 5, OPTIMIZERS.index(optimizer) % 3).read()
    sampler = Sampler(settings.network, trainer.engine.network.weights, 3, Workers(2))
    sampler.begin(np.ones((2, 3), np.int32))
    list(sampler.stream(40, generators_of(1, 3), SamplingRule(0.8, Limits(5))))
    sampler.begin(np.ones(2, np.int32))
    rule = SamplingRule(np.array([0.5, 0.0, 1.0]), Limits(5, 0.9, 0.1), np.zeros(9), (Clamp(0, 1, 0.5, 2, 5),), 3, (1,))
    list(sampler.stream(40, generators_of(1, 3), rule, with_nats=True))
    group = StreamGroup(PackedModel(settings.network, trainer.engine.network.weights), 3, 1)
    group.begin(np.ones((2, 3), np.int32))
    group.predict(np.ones(3, np.int32))
    packed = PackedModel(settings.network, trainer.engine.network.weights)
    ensemble = StepwiseSampler([lambda streams: StreamGroup(packed, streams, 1)] * 2, 3, Workers(1))
    ensemble.begin(np.ones(2, np.int32))
    list(ensemble.stream(4, generators_of(1, 3), SamplingRule(0.8)))
    list(ensemble.stream(4, generators_of(1, 3), replace(rule, clamps=()), with_nats=True))
    return type(first).__name__


def report(kinds: list[Kind]) -> None:
    """Uses them all and prints a line for each kernel: its name, its signatures, its misses of the cache."""
    first = {use(kind, OPTIMIZERS[number % 4]) for number, kind in enumerate(kinds)}
    for kernel in jit.kernels():
        print(kernel.py_func.__name__, len(kernel.signatures), sum(kernel.stats.cache_misses.values()))
    print("done", jit.CACHE_FOLDER, *first)
