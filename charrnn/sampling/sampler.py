"""Layer sampling: new text from a trained network. Each character is drawn from the network's prediction and fed
back in.

A sampler holds N streams with a state of their own; what they have read and written so far is their past. Many streams
are dealt out to the threads. For a few, whose time goes into reading the weights, the threads share the weights out, as
long as that turns out to be faster: on a busy machine it is not. Which threads do what changes no character.
"""

import dataclasses
import itertools
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from charrnn.engine.threads import Workers
from charrnn.kernels.jit import JIT
from charrnn.sampling.pace import Pace
from charrnn.sampling.rule import Rule, Rules
from charrnn.sampling.streams import Group, PackedModel
from charrnn.sampling.weights import Weights
from charrnn.settings import NetworkSettings

# One call of the kernel takes about this long: short enough to look like a stream and to feel Ctrl-C at once.
_SECONDS_A_CALL = 0.03
_FIRST_CALL, _LONGEST_CALL = 16, 4096
# From so many streams a thread on, the products are bound by arithmetic, and a thread is best left alone with its own.
_STREAMS_A_THREAD = 8
# Columns of a layer's products that are worth a thread: with fewer it would wait longer than it works.
_COLUMNS_A_HAND = 256


class Drawn(NamedTuple):
    """A piece of what streams draw: ids (S, N), and the surprise of each in nats (S, N) if asked for."""

    ids: np.ndarray
    nats: np.ndarray | None


class Sampler:
    """`streams` texts that grow side by side on the threads of `workers`."""

    def __init__(self, network: NetworkSettings, weights: Weights, streams: int = 1,
                 workers: Workers | None = None) -> None:
        self.vocabulary = weights.vocabulary
        self.workers = workers if workers is not None and JIT else Workers(1)
        self._model = model = PackedModel(network, weights)
        threads = self.workers.threads
        groups = threads if streams >= _STREAMS_A_THREAD * threads else 1
        bounds = [streams * group // groups for group in range(groups + 1)]
        self._slices = [slice(a, b) for a, b in itertools.pairwise(bounds)]
        hands = min(threads, max(1, model.width // _COLUMNS_A_HAND)) if groups == 1 else 1
        self._groups = [Group(model, part.stop - part.start, hands) for part in self._slices]
        self._streams = streams
        self._pace = Pace(hands)

    def begin(self, ids: np.ndarray) -> None:
        """Forgets everything and reads ids, (P, streams) int32, or (P,) that all streams have in common; P > 0."""
        if ids.ndim == 2:
            for group, part in zip(self._groups, self._slices, strict=True):
                group.reset(ids[0, part])
            self._read(ids[1:])
            return
        if self._streams == 1:
            self.begin(ids[:, np.newaxis])
            return
        reader = Group(self._model, 1, 1)
        reader.reset(ids[:1])
        for start in range(1, len(ids), _LONGEST_CALL):
            reader.read(ids[start : start + _LONGEST_CALL, np.newaxis])
        for group in self._groups:
            group.reset(ids[-1])
            group.state = reader.state

    def _read(self, ids: np.ndarray) -> None:
        for start in range(0, len(ids), _LONGEST_CALL):
            self.generate(ids[start : start + _LONGEST_CALL], np.zeros((0, self._streams)), Rule())

    def generate(self, prime: np.ndarray, draws: np.ndarray, rule: Rule, hands: int = 1,
                 nats: np.ndarray | None = None) -> np.ndarray:
        """The next len(draws) ids (S, streams) after prime (P, streams), drawn with numbers (S, streams) in [0, 1).

        hands   how many threads share the weights of few streams
        nats    (S, streams) float32, if given gets the surprise of each id: -log of the probability that the network
                gives it, whatever the rule
        """
        out = np.zeros(draws.shape, np.int32)
        if len(self._groups) > 1:
            def one(g: int) -> None:
                part = self._slices[g]
                own = np.zeros(out[:, part].shape if nats is not None else (0, 0), np.float32)
                out[:, part] = self._groups[g].generate(0, 1, prime[:, part], draws[:, part], _part_of(rule, part), own)
                if nats is not None:
                    nats[:, part] = own

            self.workers.map(one, len(self._groups))
        else:
            [group] = self._groups
            surprise = [np.zeros(out.shape if nats is not None else (0, 0), np.float32) for _ in range(hands)]

            def one_hand(hand: int) -> np.ndarray:
                try:
                    return group.generate(hand, hands, prime, draws, rule, surprise[hand])
                except BaseException:
                    group.abandon()
                    raise

            group.gather(hands)
            out[:] = self.workers.map(one_hand, hands, group.abandon)[0]
            if nats is not None:
                nats[:] = surprise[0]
        return out

    def predict(self, ids: np.ndarray) -> np.ndarray:
        """The logits (streams, V) of what follows after ids (streams,) are read; the states move on.

        begin() reads all but its last line of ids; that line is to be given here first.
        """
        groups = self._groups
        return np.concatenate(self.workers.map(lambda g: groups[g].predict(ids[self._slices[g]]), len(groups)))

    @property
    def state(self) -> np.ndarray:
        """The states of all streams, (1 or 2, L, streams, H padded): h, and c where cells have one; a copy.

        What is set may be in another order, or the same state for all: predict() goes on from it.
        """
        return np.concatenate([group.state for group in self._groups], axis=2)

    @state.setter
    def state(self, state: np.ndarray) -> None:
        for group, part in zip(self._groups, self._slices, strict=True):
            group.state = state[:, :, part]

    def stream(self, length: int | None, generators: Sequence[np.random.Generator], rules: Rules,
               with_nats: bool = False) -> Iterator[Drawn]:
        """`length` further ids of every stream (None: without end), in pieces of a few hundredths of a second.

        Each stream draws from a generator of its own. The pieces' sizes do not change what is drawn.
        """
        nothing = np.zeros((0, self._streams), np.int32)
        size, written = _FIRST_CALL, 0
        while length is None or written < length:
            rule, edge = rules.at(written, self.vocabulary)
            hands, is_trial = self._pace.choice()
            # a trial is long enough to tell, and short in case it takes very long
            piece = min(max(1, size // 4) if is_trial else size,
                        *(end - written for end in (length, edge) if end is not None), _LONGEST_CALL)
            draws = np.stack([generator.random(piece) for generator in generators], axis=1)
            nats = np.zeros(draws.shape, np.float32) if with_nats else None
            start = time.perf_counter()
            ids = self.generate(nothing, draws, rule, hands, nats)
            seconds = time.perf_counter() - start
            yield Drawn(ids, nats)
            self._pace.note(hands, seconds / piece)
            written += piece
            if not is_trial:
                size = max(1, min(int(piece * min(4.0, _SECONDS_A_CALL / max(seconds, 1e-9))), _LONGEST_CALL))


def _part_of(rule: Rule, part: slice) -> Rule:
    """The rule of some of the streams."""
    if isinstance(rule.temp, np.ndarray):
        return dataclasses.replace(rule, temp=rule.temp[part])
    return rule
