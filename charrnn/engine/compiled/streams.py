"""Layer engine: rows of text on the kernels, all cores at once.

The rows are cut into shards that know nothing of each other: each runs its whole window on a thread, with buffers and
gradients of its own; the gradients are added afterwards, in order. How many shards there are decides the last bits of a
result; how many threads run them does not.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.shard import Shard
from charrnn.engine.interface import Arrays, LayerStep, OnLayer, Streams
from charrnn.engine.predictions import Predictions
from charrnn.text.windows import WindowLabels

Result = TypeVar("Result")


class CompiledStreams(Streams):
    """`rows` rows with their buffers and their carried state, cut into shards."""

    def __init__(self, network: Network, rows: int, window: int, shards: int = 1) -> None:
        self.network, self.rows = network, rows
        shards = min(shards, rows)
        bounds = [rows * s // shards for s in range(shards + 1)]
        self.slices = [slice(a, b) for a, b in itertools.pairwise(bounds)]
        self.shards = [Shard(network.parameters, network.weights, part.stop - part.start, window, part.start)
                       for part in self.slices]

    def reset(self) -> None:
        for shard in self.shards:
            shard.reset_state()

    def state(self) -> Arrays:
        states = [shard.state() for shard in self.shards]
        return {f"{letter}_l{k}": np.concatenate([state[kind][k] for state in states])
                for kind, letter in enumerate("hc") for k in range(len(states[0][kind]))}

    def set_state(self, arrays: Arrays) -> None:
        layers = range(self.network.settings.layers)
        for shard, part in zip(self.shards, self.slices, strict=True):
            shard.set_state([arrays[f"h_l{k}"][part] for k in layers],
                            [arrays[f"c_l{k}"][part] for k in layers if f"c_l{k}" in arrays])

    def learn(self, inputs: np.ndarray, targets: np.ndarray, keys: np.ndarray | None = None,
              recurrent_keys: np.ndarray | None = None, labels: WindowLabels | None = None) -> float:
        """As Streams has it; with recurrent_keys the weights stay dropped until the update that follows."""
        gradients = self.network.gradients_of(len(self.shards))
        scale = 1.0 / max(1, int(np.count_nonzero(targets >= 0)))
        if recurrent_keys is not None:
            self.network.drop_weights(recurrent_keys)
        loss = sum(self._each(lambda s, shard: shard.learn(
            self._cut(s, inputs), self._cut(s, targets), scale, gradients[s], keys, self._cut_labels(s, labels))))
        if recurrent_keys is not None:
            for gradient in gradients:
                self.network.drop_gradient(gradient, recurrent_keys)
        return loss * scale

    def evaluate(self, inputs: np.ndarray, targets: np.ndarray, labels: WindowLabels | None = None) -> float:
        return sum(self._each(lambda s, shard: shard.evaluate(self._cut(s, inputs), self._cut(s, targets),
                                                              self._cut_labels(s, labels))))

    def score(self, inputs: np.ndarray, targets: np.ndarray, top: int) -> Predictions:
        return Predictions.joined(self._each(lambda s, shard: shard.score(
            self._cut(s, inputs), self._cut(s, targets), top)))

    def record(self, inputs: np.ndarray, targets: np.ndarray, top: int,
               signals: Sequence[str]) -> tuple[Predictions, Arrays]:
        scores = self.score(inputs, targets, top)
        # reading on has moved the carried state, and left everything behind it as it was
        return scores, {name: np.concatenate([_signal(shard, name, len(inputs)) for shard in self.shards], axis=2)
                        for name in signals}

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        parameters = self.network.parameters
        weight, bias = (parameters.table[name].seen_in(parameters.flat) for name in ("weight_out", "bias_out"))
        found: np.ndarray = self.read(inputs)[-1] @ weight.T + bias
        return found

    def read(self, inputs: np.ndarray, on_layer: OnLayer | None = None) -> np.ndarray:
        def one(s: int, shard: Shard) -> np.ndarray:
            touch = None if on_layer is None else lambda k: on_layer(k, _layer_step(shard, k))
            tokens = self._cut(s, inputs)
            output = shard.read(tokens, touch=touch)[:, :, :shard.network.hidden].copy()
            shard.carry_state(len(tokens))
            return output

        return np.concatenate(self._each(one), axis=1)

    def _each(self, function: Callable[[int, Shard], Result]) -> list[Result]:
        """The results of all shards, in order."""
        return self.network.workers.map(lambda s: function(s, self.shards[s]), len(self.shards))

    def _cut(self, s: int, window: np.ndarray) -> np.ndarray:
        """Shard s's rows of a window."""
        return np.ascontiguousarray(window[:, self.slices[s]], np.int32)

    def _cut_labels(self, s: int, labels: WindowLabels | None) -> WindowLabels | None:
        return None if labels is None else labels._replace(numbers=self._cut(s, labels.numbers))


def _signal(shard: Shard, name: str, T: int) -> np.ndarray:
    """A signal (L, T, rows, H) of the window of T characters that `shard` has just read."""
    H, padded = shard.network.hidden, shard.h[0].shape[2]
    if name in "hc":
        return np.stack([array[1:T + 1, :, :H] for array in getattr(shard, name)])
    at = shard.cell.recorded[name] * padded
    return np.stack([gates[:T, :, at:at + H] for gates in shard.gates])


def _layer_step(shard: Shard, k: int) -> LayerStep:
    """Layer k of the one character that `shard` is reading: views of its buffers."""
    H, h, c = shard.network.hidden, shard.h[k], shard.c[k]
    places = shard.cell.recorded
    at = places.get("o", 0) * h.shape[2]
    return LayerStep(h[1, :, :H], c[1, :, :H] if c.size else None, h[0, :, :H],
                     shard.gates[k][0, :, at:at + H] if "o" in places else None)
