"""Layer sampling: streams that grow side by side, and the threads ("hands") that grow them together.

Each hand holds all the states of its group and moves them on for itself; what the hands share is the products with the
weights, which take nearly all the time.
"""

import numpy as np

from charrnn.cells.generate import Constraints, PackedNetwork, SampledText, StreamState, Work
from charrnn.cells.registry import CELLS, generate_kernel
from charrnn.kernels.cpu import padded, zeros
from charrnn.kernels.microkernel import BF16
from charrnn.sampling.rule import Rule
from charrnn.sampling.weights import Weights
from charrnn.settings import NetworkSettings

# A step that chooses nothing.
_READ = Rule(temp=-1.0)
_NO_NATS = np.zeros((0, 0), np.float32)


class PackedModel:
    """What all streams read, as the kernel wants it: all layers' weights in one buffer."""

    def __init__(self, network: NetworkSettings, weights: Weights) -> None:
        layers = weights.layers
        cell = CELLS[network.cell]
        self.weights, self.kernel, self.layers = weights, generate_kernel(cell.name), len(layers)
        self.hidden = padded(network.hidden)
        self.width, self.gates = cell.gates * self.hidden, cell.kept * self.hidden
        self.has_memory = cell.has_memory
        packed = zeros(sum(layer.ih.size * (k > 0) + layer.hh.size for k, layer in enumerate(layers)))
        at = 0
        for k, layer in enumerate(layers):
            for weight in (layer.ih, layer.hh) if k else (layer.hh,):
                packed[at : at + weight.size] = weight
                at += weight.size
        self.stack = PackedNetwork(
            weights.tiles, weights.layer_tiles, weights.table, packed,
            # the last line is the bias of products that have none
            np.stack([*(layer.bias for layer in layers), np.zeros_like(layers[0].bias)]),
            np.stack([layer.extra for layer in layers]), weights.out, weights.bias_out,
            np.stack([layer.h0 for layer in layers]), np.stack([layer.c0 for layer in layers]), weights.vocabulary,
            weights.start)


class Hand:
    """The states and the scratch memory of one thread."""

    def __init__(self, model: PackedModel, streams: int) -> None:
        shape = (2, model.layers, streams, model.hidden)
        self.h, self.c, self.now = zeros(shape), zeros(shape), 0
        self.tokens = np.zeros(streams, np.int32)
        self.gates = zeros((streams, model.gates))
        self.rounded = zeros(streams * model.hidden // 2 if model.weights.kind == BF16 else 0)
        self.logits = zeros((streams + 3, model.weights.bias_out.size))


class Group:
    """Some streams, and the hands that grow them: all hands hold the same states."""

    def __init__(self, model: PackedModel, streams: int, hands: int) -> None:
        self._model = model
        self._hands = [Hand(model, streams) for _ in range(hands)]
        self._products = zeros((2, streams, model.gates))
        self._inputs = zeros((2, streams, model.width))
        self._barrier = np.zeros(1, np.int64)

    def reset(self, tokens: np.ndarray | int) -> None:
        """The initial state before `tokens` (streams,), or one that all have in common, are read."""
        first, model = self._hands[0], self._model
        first.h[first.now], first.c[first.now] = model.stack.h0[:, np.newaxis], model.stack.c0[:, np.newaxis]
        first.tokens[:] = tokens

    def gather(self, hands: int) -> None:
        """Before generate(): the first `hands` hands hold what the first one does, and none has come to meet yet."""
        self._barrier[0] = 0
        first = self._hands[0]
        for hand in self._hands[1:hands]:
            hand.now, hand.h[first.now], hand.c[first.now] = first.now, first.h[first.now], first.c[first.now]
            hand.tokens[:] = first.tokens

    def abandon(self) -> None:
        """Lets all hands go that wait for one that will not come; what they do then is of no use."""
        self._barrier[0] = 1 << 62

    def generate(self, hand: int, hands: int, prime: np.ndarray, draws: np.ndarray, rule: Rule,
                 nats: np.ndarray) -> np.ndarray:
        """What hand `hand` of `hands` does of Sampler.generate; they must all do it at the same time."""
        out = np.zeros(draws.shape, np.int32)
        own, model = self._hands[hand], self._model
        clamped = np.array([(clamp.layer, clamp.unit) for clamp in rule.clamps], np.int32).reshape(-1, 2)
        clamps = np.array([clamp.state(model.has_memory) for clamp in rule.clamps], np.float32).reshape(-1, 2)
        model.kernel(
            model.stack, StreamState(own.h, own.c, own.tokens), own.now,
            SampledText(np.ascontiguousarray(prime, np.int32), np.ascontiguousarray(draws), out, nats),
            Constraints(rule.temps(draws.shape[1]), int(rule.top_k), float(rule.top_p), float(rule.min_p),
                        rule.added(model.stack.vocabulary), clamped, clamps),
            Work(self._products, self._inputs, self._barrier, own.gates, own.rounded, own.logits), hand, hands)
        own.now = (own.now + len(prime) + len(draws)) % 2
        return out

    def read(self, tokens: np.ndarray) -> None:
        """Reads tokens (P, streams) and writes nothing."""
        self.generate(0, 1, tokens, np.zeros((0, tokens.shape[1])), _READ, _NO_NATS)

    def predict(self, tokens: np.ndarray) -> np.ndarray:
        """What Sampler.predict does, for these streams; the logits are this group's until it is used again."""
        first = self._hands[0]
        first.tokens[:] = tokens
        self.gather(1)
        self.generate(0, 1, np.zeros((0, len(tokens)), np.int32), np.zeros((1, len(tokens))), _READ, _NO_NATS)
        logits: np.ndarray = first.logits[: len(tokens), : self._model.weights.vocabulary]
        return logits

    @property
    def state(self) -> np.ndarray:
        """h, and c where cells have one, of all layers and streams: (1 or 2, L, N, H padded), a copy."""
        first = self._hands[0]
        return np.stack([first.h[first.now], first.c[first.now]][: 1 + self._model.has_memory])

    @state.setter
    def state(self, state: np.ndarray) -> None:
        first = self._hands[0]
        # one stream's state is taken by all
        first.h[first.now] = state[0]
        if self._model.has_memory:
            first.c[first.now] = state[1]
