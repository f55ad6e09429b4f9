"""Layer engine: the network: characters in, loss and gradients out, a batch at a time on all cores.

The sequences of a batch are cut into shards that know nothing of each other: each runs its whole window on a thread,
with buffers and gradients of its own; the gradients are added afterwards, in order. How many shards there are decides
the last bits of a result; how many threads run them does not.

Memory of a run: the parameters take P floats, P again for each shard's gradients, about 2 P for the packed weights, and
what shard.py lists for each shard.
"""

import itertools
from functools import partial

import numpy as np

from charrnn.engine.compiled.packed_weights import Weights, drop_rows
from charrnn.engine.compiled.parameters import Parameters
from charrnn.engine.compiled.shard import Shard
from charrnn.engine.compiled.threads import Workers
from charrnn.engine.predictions import Predictions
from charrnn.kernels.cpu import padded, zeros
from charrnn.kernels.updates import sum_gradients
from charrnn.settings import NetworkSettings

# Parameters that one piece of an update covers; fixed, so that sums over pieces do not depend on threads.
PART = 65_536


class Batch:
    """`rows` sequences side by side, with their buffers and their carried state, cut into shards."""

    def __init__(self, parameters: Parameters, weights: Weights, workers: Workers, rows: int, window: int,
                 shards: int) -> None:
        self.rows, self.workers, self.network = rows, workers, parameters.network
        shards = min(shards, rows)
        bounds = [rows * s // shards for s in range(shards + 1)]
        self.slices = [slice(a, b) for a, b in itertools.pairwise(bounds)]
        self.shards = [Shard(parameters, weights, part.stop - part.start, window, part.start) for part in self.slices]

    def reset_state(self) -> None:
        """Goes back to the initial state: zero, or what was learned so far."""
        for shard in self.shards:
            shard.reset_state()

    def state(self) -> dict[str, np.ndarray]:
        """The carried state by name: h_l{k}, and c_l{k} where cells have one, each (rows, H)."""
        states = [shard.state() for shard in self.shards]
        return {f"{letter}_l{k}": np.concatenate([state[kind][k] for state in states])
                for kind, letter in enumerate("hc") for k in range(len(states[0][kind]))}

    def set_state(self, arrays: dict[str, np.ndarray]) -> None:
        """Takes arrays as state() gives them."""
        layers = range(self.network.layers)
        for shard, part in zip(self.shards, self.slices, strict=True):
            shard.set_state([arrays[f"h_l{k}"][part] for k in layers],
                            [arrays[f"c_l{k}"][part] for k in layers if f"c_l{k}" in arrays])

    def evaluate(self, inputs: np.ndarray, targets: np.ndarray) -> float:
        """The sum of the losses in nats over targets (T, rows) >= 0; the state moves on."""
        def one(s: int) -> float:
            return self.shards[s].evaluate(*self._cut(s, inputs, targets))

        return sum(self.workers.map(one, len(self.shards)))

    def score(self, inputs: np.ndarray, targets: np.ndarray, likeliest: int) -> Predictions:
        """What is said of each of targets (T, rows), with so many likeliest characters; the state moves on."""
        def one(s: int) -> Predictions:
            return self.shards[s].score(*self._cut(s, inputs, targets), likeliest)

        return Predictions.joined(self.workers.map(one, len(self.shards)))

    def learn(self, inputs: np.ndarray, targets: np.ndarray, gradients: np.ndarray,
              keys: np.ndarray | None = None) -> float:
        """The mean loss in nats; gradients (shards, P) get each shard's share of its gradient.

        inputs, targets   (T, rows) int32, a target of -1 is not predicted
        keys              (L,) uint32, drawn for this step; with them dropout is on
        """
        scale = 1.0 / max(1, int(np.count_nonzero(targets >= 0)))

        def one(s: int) -> float:
            tokens, wanted = self._cut(s, inputs, targets)
            return self.shards[s].learn(tokens, wanted, scale, gradients[s], keys)

        return sum(self.workers.map(one, len(self.shards))) * scale

    def _cut(self, s: int, inputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        part = self.slices[s]
        return np.ascontiguousarray(inputs[:, part]), np.ascontiguousarray(targets[:, part])


class Network:
    """Parameters, the packed weights made from them, and the threads that use them.

    start   the character that every text begins with: wherever it stands in a window, the state before it is the
            initial one; -1 where no text begins inside a window
    """

    def __init__(self, settings: NetworkSettings, vocabulary: int, generator: np.random.Generator | None = None,
                 threads: int = 1, precision: str = "float32", start: int = -1) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        self.parameters = Parameters(settings, vocabulary)
        if generator is not None:
            self.parameters.initialize(generator)
        self.workers = Workers(threads)
        self.weights = Weights(self.parameters, precision, start)

    def batch(self, rows: int, window: int, shards: int) -> Batch:
        """Buffers for `rows` sequences and windows of up to `window` characters; its state is the initial one."""
        return Batch(self.parameters, self.weights, self.workers, rows, window, shards)

    def gradients(self, shards: int) -> np.ndarray:
        """A buffer (shards, P) for Batch.learn."""
        return zeros((shards, padded(self.parameters.flat.size)))

    def parts(self) -> list[tuple[int, int]]:
        """The flat buffer cut into fixed pieces, (start, stop) each."""
        size = self.parameters.flat.size
        return [(start, min(start + PART, size)) for start in range(0, size, PART)]

    def gather(self, gradients: np.ndarray) -> float:
        """Adds the shards' gradients (shards, P) up in gradients[0]; their norm."""
        parts = self.parts()
        squares = self.workers.map(lambda i: sum_gradients(gradients, *parts[i]), len(parts))
        return float(np.sqrt(sum(squares)))

    def silence(self, keys: np.ndarray) -> None:
        """Silences a share of every weight_hh until refresh(); keys (L,) uint32 say which (Merity et al. 2017).

        Weights, not states, are silenced: one draw holds for a whole window, and the recurrence costs no more.
        """
        threads, rate, layers = self.workers.threads, self.settings.recurrent_dropout, self.weights.layers
        for layer, key in zip(layers, keys, strict=True):
            self.workers.map(partial(layer.silence, rate, key, parts=threads), threads)
        for layer in layers:
            self.workers.map(partial(layer.pack_silenced, parts=threads), threads)

    def silence_gradient(self, gradient: np.ndarray, keys: np.ndarray) -> None:
        """Takes the weights that silence() silenced with the same keys out of gradient (P,)."""
        threads, rate = self.workers.threads, self.settings.recurrent_dropout
        for k, key in enumerate(keys):
            own = self.parameters.stored(f"weight_hh_l{k}", gradient)
            self.workers.map(partial(drop_rows, own, own, rate, key, parts=threads), threads)

    def refresh(self) -> None:
        """Packs the weights anew; due after every change of the parameters."""
        threads = self.workers.threads
        self.workers.map(lambda part: self.weights.refresh_part(part, threads), threads)
        self.weights.refresh_table()
