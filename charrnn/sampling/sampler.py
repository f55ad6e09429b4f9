"""Floor 6: new text from a trained network. Each character is drawn from the network's prediction and fed back in.

A sampler holds N streams with a state of their own; what they have read and written so far is their past. Many streams
are dealt out to the threads. For a few, whose time goes into reading the weights, the threads share the weights out, as
long as that turns out to be faster: on a busy machine it is not. Which threads do what changes no character.
"""

import itertools
import time
from collections.abc import Iterator, Sequence

import numpy as np

from charrnn.kernels import generate as kernels
from charrnn.kernels.jit import JIT
from charrnn.kernels.target import padded, zeros
from charrnn.kernels.twin import BF16
from charrnn.network.parameters import GATES
from charrnn.network.weights import Weights
from charrnn.network.workers import Workers
from charrnn.settings import NetworkSettings

_CELLS = {"rnn": kernels.RNN, "lstm": kernels.LSTM, "gru": kernels.GRU}
# One call of the kernel takes about this long: short enough to look like a stream and to feel Ctrl-C at once.
_SECONDS_A_CALL = 0.03
_FIRST_CALL, _LONGEST_CALL = 16, 4096
# From so many streams a thread on, the products are bound by arithmetic, and a thread is best left alone with its own.
_STREAMS_A_THREAD = 8
# The slower way to share the work is tried when calls have become long enough to tell, and then so often again: the
# machine may have become quieter, or busier.
_FIRST_TRIAL, _TRIAL_EVERY = 5, 50


class Sampler:
    """`streams` texts that grow side by side on the threads of `workers`."""

    def __init__(self, network: NetworkSettings, weights: Weights, streams: int = 1,
                 workers: Workers | None = None) -> None:
        self.vocabulary = weights.vocabulary
        self.workers = workers if workers is not None and JIT else Workers(1)
        model, threads = PackedModel(network, weights), self.workers.threads
        groups = threads if streams >= _STREAMS_A_THREAD * threads else 1
        bounds = [streams * group // groups for group in range(groups + 1)]
        self._slices = [slice(a, b) for a, b in itertools.pairwise(bounds)]
        hands = threads if groups == 1 else 1
        self._groups = [Group(model, part.stop - part.start, hands) for part in self._slices]
        self._streams = streams
        self._pace = Pace(hands)

    def begin(self, ids: np.ndarray) -> None:
        """Forgets everything and reads ids (P, streams) int32, at least one line of them."""
        for group, part in zip(self._groups, self._slices, strict=True):
            group.reset(ids[0, part])
        self.generate(ids[1:], np.zeros((0, self._streams)), 1.0, 0)

    def generate(self, prime: np.ndarray, draws: np.ndarray, temp: float, top_k: int, hands: int = 1) -> np.ndarray:
        """The next len(draws) ids (S, streams) after prime (P, streams), drawn with numbers (S, streams) in [0, 1).

        hands   how many threads share the weights of few streams
        """
        out = np.zeros(draws.shape, np.int32)
        if len(self._groups) > 1:
            def one(g: int) -> None:
                part = self._slices[g]
                out[:, part] = self._groups[g].generate(0, 1, prime[:, part], draws[:, part], temp, top_k)

            self.workers.map(one, len(self._groups))
        else:
            [group] = self._groups
            group.gather(hands)
            found = self.workers.map(
                lambda hand: group.generate(hand, hands, prime, draws, temp, top_k), hands)
            out[:] = found[0]
        return out

    def stream(self, length: int, generators: Sequence[np.random.Generator], temp: float,
               top_k: int) -> Iterator[np.ndarray]:
        """`length` further ids of every stream, (S, streams) at a time, in pieces of a few hundredths of a second.

        Each stream draws from a generator of its own. The pieces' sizes do not change what is drawn.
        """
        nothing = np.zeros((0, self._streams), np.int32)
        size = _FIRST_CALL
        while length > 0:
            hands, is_trial = self._pace.choice()
            # a trial is long enough to tell, and short in case it takes very long
            piece = min(max(1, size // 4) if is_trial else size, length)
            draws = np.stack([generator.random(piece) for generator in generators], axis=1)
            start = time.perf_counter()
            ids = self.generate(nothing, draws, temp, top_k, hands)
            seconds = time.perf_counter() - start
            yield ids
            self._pace.note(hands, seconds / piece)
            length -= piece
            if not is_trial:
                size = max(1, min(int(piece * min(4.0, _SECONDS_A_CALL / max(seconds, 1e-9))), _LONGEST_CALL))


class PackedModel:
    """What all streams read, as the kernel wants it: all layers' weights in one buffer."""

    def __init__(self, network: NetworkSettings, weights: Weights) -> None:
        layers = weights.layers
        self.weights, self.cell, self.layers = weights, _CELLS[network.cell], len(layers)
        self.hidden, self.width = padded(network.hidden), GATES[network.cell] * padded(network.hidden)
        self.gates = self.width if network.cell == "rnn" else 4 * self.hidden
        self.packed = zeros(sum(layer.ih.size * (k > 0) + layer.hh.size for k, layer in enumerate(layers)))
        at = 0
        for k, layer in enumerate(layers):
            for packed in (layer.ih, layer.hh) if k else (layer.hh,):
                self.packed[at : at + packed.size] = packed
                at += packed.size
        # the last line is the bias of products that have none
        self.bias = np.stack([*(layer.bias for layer in layers), np.zeros_like(layers[0].bias)])
        self.bias_n = np.stack([layer.bias_n for layer in layers])


class Hand:
    """The states and the scratch memory of one thread."""

    def __init__(self, model: PackedModel, streams: int) -> None:
        shape = (2, model.layers, streams, model.hidden)
        self.h, self.c, self.now = zeros(shape), zeros(shape), 0
        self.tokens = np.zeros(streams, np.int32)
        self.gates = zeros(model.gates)
        self.rounded = zeros(streams * model.hidden // 2 if model.weights.kind == BF16 else 0)
        self.logits = zeros((streams + 1, model.weights.bias_out.size))
        self.scratch = zeros(model.weights.bias_out.size)


class Group:
    """Some streams, and the hands that grow them: all hands hold the same states."""

    def __init__(self, model: PackedModel, streams: int, hands: int) -> None:
        self._model = model
        self._hands = [Hand(model, streams) for _ in range(hands)]
        self._products = zeros((2, streams, model.gates))
        self._inputs = zeros((2, streams, model.width))
        self._meeting = np.zeros(1, np.int64)

    def reset(self, tokens: np.ndarray) -> None:
        """The initial state, zero, before `tokens` (streams,) are read."""
        first = self._hands[0]
        first.h[first.now], first.c[first.now] = 0, 0
        first.tokens[:] = tokens

    def gather(self, hands: int) -> None:
        """Before generate(): the first `hands` hands hold what the first one does, and none has come to meet yet."""
        self._meeting[0] = 0
        first = self._hands[0]
        for hand in self._hands[1:hands]:
            hand.now, hand.h[first.now], hand.c[first.now] = first.now, first.h[first.now], first.c[first.now]
            hand.tokens[:] = first.tokens

    def generate(self, hand: int, hands: int, prime: np.ndarray, draws: np.ndarray, temp: float,
                 top_k: int) -> np.ndarray:
        """What hand `hand` of `hands` does of Sampler.generate; they must all do it at the same time."""
        out = np.zeros(draws.shape, np.int32)
        own, model, weights = self._hands[hand], self._model, self._model.weights
        kernels.generate(weights.tiles, weights.layer_tiles, model.cell, weights.table, model.packed, model.bias,
                         model.bias_n, weights.out, weights.bias_out, own.h, own.c, own.now, self._products,
                         self._inputs, own.gates, own.rounded, own.logits, own.scratch, self._meeting, hand, hands,
                         weights.vocabulary, own.tokens, np.ascontiguousarray(prime, np.int32),
                         np.ascontiguousarray(draws), float(temp), top_k, out)
        own.now = (own.now + len(prime) + len(draws)) % 2
        return out


class Pace:
    """Which number of hands is the faster, one or all, by what was measured last."""

    def __init__(self, hands: int) -> None:
        self._seconds: dict[int, float] = {}
        self._hands, self._calls = sorted({1, hands}), 0

    def choice(self) -> tuple[int, bool]:
        """The number of hands for the next call, and whether that is a trial of the one that was slower."""
        self._calls += 1
        fastest, *slower = sorted(self._hands, key=lambda hands: self._seconds.get(hands, float(hands)))
        if slower and (self._calls == _FIRST_TRIAL or self._calls % _TRIAL_EVERY == 0):
            return slower[0], True
        return fastest, False

    def note(self, hands: int, seconds: float) -> None:
        """Takes down the seconds that a character took."""
        self._seconds[hands] = seconds
