"""Layer sampling: groups of streams, and the threads that advance a group together.

Each thread holds all the states of its group and moves them on for itself. What the threads share out is the products
with the weights, which take nearly all the time.

Text is written by the compiled engine's kernels, unless another engine is asked for by name (stepwise.py). weights_of()
is the one place that opens that engine for sampling and completion; the parameters of any engine load into it.
"""

import numpy as np

from charrnn.cells.generate import PackedNetwork, SampledText, StreamState, Work
from charrnn.cells.registry import CELLS, generate_kernel
from charrnn.engine.compiled.engine import CompiledEngine
from charrnn.engine.compiled.packed_weights import Weights
from charrnn.engine.compiled.parameters import Parameters
from charrnn.engine.interface import Engine
from charrnn.engine.threads import ALONE, Member
from charrnn.kernels.cpu import padded, zeros
from charrnn.kernels.microkernel import BF16
from charrnn.sampling.constraints import SamplingRule
from charrnn.settings import NetworkSettings

__all__ = ["PackedModel", "StreamGroup", "Weights", "weights_of"]

# Characters that are read in one call of the kernel, so that Ctrl-C is felt at once.
_READ_AT_ONCE = 1024
# A step that chooses nothing.
_READ = SamplingRule(temp=-1.0)
_NO_NATS = np.zeros((0, 0), np.float32)


def weights_of(engine: Engine, precision: str) -> Weights:
    """The engine's parameters as they are now, packed for sampling.

    The compiled engine's own weights, where they are in that precision: they follow its training.
    """
    if isinstance(engine, CompiledEngine):
        own = engine.training.precision if engine.training else "float32"
        if precision == own:
            return engine.network.weights
        return Weights(engine.network.parameters, precision, engine.start)
    parameters = Parameters(engine.settings, engine.vocabulary)
    parameters.from_arrays(engine.parameters())
    return Weights(parameters, precision, engine.start)


class PackedModel:
    """The weights as the kernel takes them, those of all layers in one buffer.

    stack     what reads and writes
    encoder   what reads sources, where that is another
    """

    def __init__(self, network: NetworkSettings, weights: Weights) -> None:
        cell = CELLS[network.cell]
        self.weights, self.kernel, self.layers = weights, generate_kernel(cell.name), len(weights.layers)
        self.hidden = padded(network.hidden)
        self.width, self.gates = cell.gates * self.hidden, cell.kept * self.hidden
        self.has_memory = cell.has_memory
        self.stack = _stack(weights, 0)
        self.encoder = _stack(weights, 1) if network.has_encoder else None

    def reader(self, token: int) -> PackedNetwork:
        """What reads such a token."""
        return self.encoder if self.encoder is not None and token >= self.weights.vocabulary else self.stack


def _stack(weights: Weights, reader: int) -> PackedNetwork:
    """The layers of the decoder, 0, or of the encoder, 1."""
    layers = [layer.readers[reader] for layer in weights.layers]
    packed = zeros(sum(layer.ih.size * (k > 0) + layer.hh.size for k, layer in enumerate(layers)))
    at = 0
    for k, layer in enumerate(layers):
        for weight in (layer.ih, layer.hh) if k else (layer.hh,):
            packed[at : at + weight.size] = weight
            at += weight.size
    return PackedNetwork(
        weights.tiles, weights.table, packed,
        np.stack([layer.bias for layer in layers]), np.stack([layer.extra for layer in layers]), weights.output,
        np.stack([layer.h0 for layer in layers]), np.stack([layer.c0 for layer in layers]), weights.vocabulary,
        weights.start)


class ThreadState:
    """The states of a group and the scratch memory, as one thread keeps them."""

    def __init__(self, model: PackedModel, streams: int) -> None:
        shape = (2, model.layers, streams, model.hidden)
        self.h, self.c, self.now = zeros(shape), zeros(shape), 0
        self.tokens = np.zeros(streams, np.int32)
        self.gates = zeros((streams, model.gates))
        self.rounded = zeros(streams * model.hidden // 2 if model.weights.kind == BF16 else 0)
        self.logits = zeros((streams + 3, model.weights.output.bias.size))


class StreamGroup:
    """Some streams, and the threads that advance them: all threads hold the same states."""

    def __init__(self, model: PackedModel, streams: int, threads: int) -> None:
        self._model, self._streams = model, streams
        self._threads = [ThreadState(model, streams) for _ in range(threads)]
        self._products = zeros((2, streams, model.gates))
        self._inputs = zeros((2, streams, model.width))

    def begin(self, ids: np.ndarray) -> None:
        """Sets the initial state and reads ids (P, streams), P > 0; the last line is read by what is done next."""
        first, stack = self._threads[0], self._model.stack
        first.h[first.now], first.c[first.now] = stack.h0[:, np.newaxis], stack.c0[:, np.newaxis]
        first.tokens[:] = ids[0]
        # what is read first decides who reads a piece: all of it is of a source, or nothing
        target = 1 + int(np.count_nonzero(ids[:-1, 0] >= self._model.weights.vocabulary))
        for piece in (ids[1:target], ids[target:]):
            for start in range(0, len(piece), _READ_AT_ONCE):
                self.generate(ALONE, piece[start : start + _READ_AT_ONCE], np.zeros((0, self._streams)), _READ,
                              _NO_NATS)

    def synchronize(self, threads: int) -> None:
        """Before generate(): gives the first `threads` threads the states of the first one."""
        first = self._threads[0]
        for thread in self._threads[1:threads]:
            thread.now, thread.h[first.now], thread.c[first.now] = first.now, first.h[first.now], first.c[first.now]
            thread.tokens[:] = first.tokens

    def generate(self, member: Member, prime: np.ndarray, draws: np.ndarray, rule: SamplingRule,
                 nats: np.ndarray) -> np.ndarray:
        """What one of several threads does of Sampler.generate; they must all do it at the same time. With an encoder
        all that is read must be of a source, or nothing."""
        out = np.zeros(draws.shape, np.int32)
        own, model = self._threads[member.thread], self._model
        model.kernel(
            model.reader(own.tokens[0]), StreamState(own.h, own.c, own.tokens), own.now,
            SampledText(np.ascontiguousarray(prime, np.int32), np.ascontiguousarray(draws), out, nats),
            rule.constraints(draws.shape[1], model.stack.vocabulary, model.has_memory),
            Work(self._products, self._inputs, member.counter, own.gates, own.rounded, own.logits),
            member.thread, member.threads)
        own.now = (own.now + len(prime) + len(draws)) % 2
        return out

    def predict(self, tokens: np.ndarray) -> np.ndarray:
        """The logits (streams, V) after tokens (streams,) are read; they are this group's until it is used again.

        begin() leaves the last line of its ids to be given here first.
        """
        first = self._threads[0]
        first.tokens[:] = tokens
        self.generate(ALONE, np.zeros((0, len(tokens)), np.int32), np.zeros((1, len(tokens))), _READ, _NO_NATS)
        logits: np.ndarray = first.logits[: len(tokens), : self._model.weights.vocabulary]
        return logits

    @property
    def state(self) -> np.ndarray:
        """h, and c where cells have one, of all layers and streams: (1 or 2, L, N, H padded), a copy."""
        first = self._threads[0]
        return np.stack([first.h[first.now], first.c[first.now]][: 1 + self._model.has_memory])

    @state.setter
    def state(self, state: np.ndarray) -> None:
        first = self._threads[0]
        # one stream's state is taken by all
        first.h[first.now] = state[0]
        if self._model.has_memory:
            first.c[first.now] = state[1]
