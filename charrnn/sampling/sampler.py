"""Floor 6: new text from a trained network. Each character is drawn from the network's prediction and fed back in.

A sampler holds N streams with a state of their own; what they have read and written so far is their past. Many streams
are dealt out to the threads. For a few, whose time goes into reading the weights, the threads share the weights out, as
long as that turns out to be faster: on a busy machine it is not. Which threads do what changes no character.
"""

import itertools
import time
from collections.abc import Iterator, Sequence

import numpy as np

from charrnn.kernels.jit import JIT
from charrnn.network.weights import Weights
from charrnn.network.workers import Workers
from charrnn.sampling.group import Group, PackedModel
from charrnn.sampling.pace import Pace
from charrnn.settings import NetworkSettings

# One call of the kernel takes about this long: short enough to look like a stream and to feel Ctrl-C at once.
_SECONDS_A_CALL = 0.03
_FIRST_CALL, _LONGEST_CALL = 16, 4096
# From so many streams a thread on, the products are bound by arithmetic, and a thread is best left alone with its own.
_STREAMS_A_THREAD = 8
# Columns of a layer's products that are worth a thread: with fewer it would wait longer than it works.
_COLUMNS_A_HAND = 256


class Sampler:
    """`streams` texts that grow side by side on the threads of `workers`."""

    def __init__(self, network: NetworkSettings, weights: Weights, streams: int = 1,
                 workers: Workers | None = None, never: int = -1) -> None:
        """never   the id that no text gets; -1 if there is none"""
        self.vocabulary = weights.vocabulary
        self.workers = workers if workers is not None and JIT else Workers(1)
        model, threads = PackedModel(network, weights, never), self.workers.threads
        groups = threads if streams >= _STREAMS_A_THREAD * threads else 1
        bounds = [streams * group // groups for group in range(groups + 1)]
        self._slices = [slice(a, b) for a, b in itertools.pairwise(bounds)]
        hands = min(threads, max(1, model.width // _COLUMNS_A_HAND)) if groups == 1 else 1
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

            def one_hand(hand: int) -> np.ndarray:
                try:
                    return group.generate(hand, hands, prime, draws, temp, top_k)
                except BaseException:
                    group.abandon()
                    raise

            group.gather(hands)
            out[:] = self.workers.map(one_hand, hands, group.abandon)[0]
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
