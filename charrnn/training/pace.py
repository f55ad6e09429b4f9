"""Layer training: how much text a network can be trained on in a minute: expected of a usual machine, or measured."""

import time
from collections.abc import Callable

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.engine.engines import open_engine
from charrnn.settings import NetworkSettings, RunSettings, Settings

# Units a minute that a training step with such settings gets through.
Pace = Callable[[Settings], float]

# A model of the time for each unit, fitted to GRUs of 1x192 to 1x512 on two cores with bfloat16 products: arithmetic
# in operations a second, and seconds for each hidden unit, whatever it is connected to. With float32 it is slower.
OPERATIONS, SECONDS_A_UNIT, FLOAT32 = 4.4e11, 8e-9, 0.6
# How long a network is timed, at least; the first step, which touches its memory for the first time, does not count.
TIMED = 0.25


def expected_pace(cores: int, vocabulary: int) -> Pace:
    """What a usual machine with so many cores would do. It is the same in every run, as settings should be where
    nobody asked for a time."""

    def pace(settings: Settings) -> float:
        network = settings.network
        H, L, cell = network.hidden, network.layers, CELLS[network.cell]
        operations = 6 * ((cell.recurrent_gates * L + cell.gates * (L - 1)) * H * H + vocabulary * H)
        speed = cores / 2 * (1.0 if settings.training.precision == "bf16" else FLOAT32)
        return 60 * speed / (operations / OPERATIONS + SECONDS_A_UNIT * H * L)

    return pace


def measured_pace(run: RunSettings, vocabulary: int, shards: Callable[[int], int], threads: int | None,
                  on_compile: Callable[[], None] = lambda: None) -> Pace:
    """What this machine does now, by timed steps on random text, on the engine and device of `run`.

    shards       how many parts a batch of so many sequences is cut into
    threads      threads to run on; None: one a shard
    on_compile   called before each wait for the compiler
    """

    def pace(settings: Settings) -> float:
        windows, network, rng = settings.windows, settings.network, np.random.default_rng(0)
        parts = settings.training.shards or shards(windows.batch)
        opened = open_engine(run.engine, network, vocabulary, training=settings.training, generator=rng,
                             threads=threads or parts, device=run.device)
        if not opened.is_compiled:
            on_compile()
        opened.precompile()
        streams = opened.streams(windows.batch, windows.window, parts)
        inputs, targets = rng.integers(vocabulary, size=(2, windows.window, windows.batch), dtype=np.int32)
        if network.has_encoder:
            inputs[:, ::2] += vocabulary
        keys = _keys(network, network.dropout), _keys(network, network.recurrent_dropout)
        began, steps = time.perf_counter(), -1
        while steps < 1 or time.perf_counter() - began < TIMED:
            streams.learn(inputs, targets, *keys)
            opened.update(1e-3, 1.0)
            steps += 1
            if steps == 0:
                began = time.perf_counter()
        units: int = steps * inputs.size
        return 60 * units / (time.perf_counter() - began)

    return pace


def _keys(network: NetworkSettings, rate: float) -> np.ndarray | None:
    return np.zeros(network.layers, np.uint32) if rate else None
