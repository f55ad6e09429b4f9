"""Layer sampling: ids that a network writes. Each is drawn from the network's prediction and fed back in.

A sampler holds N streams, each with its own state. Many streams are dealt out to the threads. A few streams spend their
time on reading the weights, so the threads share the weights out, as long as that is faster: on a busy machine it is
not. Which threads do what changes no character.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from charrnn.engine.threads import ALONE, Member, Workers
from charrnn.kernels.jit import JIT
from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.streams import PackedModel, StreamGroup, Weights
from charrnn.settings import NetworkSettings

# One call of the kernel takes about this long: short enough to look like a stream and to feel Ctrl-C at once.
_SECONDS_A_CALL = 0.03
_FIRST_CALL, _LONGEST_CALL = 16, 4096
# With this many streams a thread, the products are bound by arithmetic, and each thread is best left with its own.
_STREAMS_A_THREAD = 8
# Columns of a layer's products that are worth a thread: with fewer it would wait longer than it works.
_COLUMNS_A_THREAD = 256
# The slower number of threads is tried once calls are long enough to compare, and then this often: the machine may have
# become quieter, or busier.
_FIRST_TRIAL, _TRIAL_EVERY = 5, 50


def generators_of(seed: int | None, count: int) -> list[np.random.Generator]:
    """A generator for each of `count` streams; the first ones are the same whatever the count."""
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(count)]


class DrawnIds(NamedTuple):
    """What streams draw in one piece: ids (S, N), and the surprisal of each in nats (S, N) if asked for."""

    ids: np.ndarray
    nats: np.ndarray | None


class ThreadCount:
    """Which number of threads is faster, one or all, by what was measured last."""

    def __init__(self, threads: int) -> None:
        self._seconds: dict[int, float] = {}
        self._counts, self._calls = sorted({1, threads}), 0

    def choose(self) -> tuple[int, bool]:
        """The number of threads for the next call, and whether that is a trial of the slower one."""
        self._calls += 1
        fastest, *slower = sorted(self._counts, key=lambda threads: self._seconds.get(threads, float(threads)))
        if slower and (self._calls == _FIRST_TRIAL or self._calls % _TRIAL_EVERY == 0):
            return slower[0], True
        return fastest, False

    def record(self, threads: int, seconds: float) -> None:
        """Records the seconds that one character took."""
        self._seconds[threads] = seconds


class Sampler:
    """`streams` streams of ids that grow side by side on the threads of `workers`."""

    def __init__(self, network: NetworkSettings, weights: Weights, streams: int = 1,
                 workers: Workers | None = None) -> None:
        self._workers = workers if workers is not None and JIT else Workers(1)
        self._model = model = PackedModel(network, weights)
        threads = self._workers.threads
        groups = threads if streams >= _STREAMS_A_THREAD * threads else 1
        bounds = [streams * group // groups for group in range(groups + 1)]
        self._slices = [slice(a, b) for a, b in itertools.pairwise(bounds)]
        sharing = min(threads, max(1, model.width // _COLUMNS_A_THREAD)) if groups == 1 else 1
        self._groups = [StreamGroup(model, part.stop - part.start, sharing) for part in self._slices]
        self._streams = streams
        self._threads = ThreadCount(sharing)

    def begin(self, ids: np.ndarray) -> None:
        """Resets all streams and reads ids, (P, streams) int32, or (P,) for all streams alike; P > 0."""
        groups, slices = self._groups, self._slices
        if ids.ndim == 2:
            self._workers.map(lambda g: groups[g].begin(ids[:, slices[g]]), len(groups))
            return
        reader = StreamGroup(self._model, 1, 1)
        reader.begin(ids[:, np.newaxis])
        for group in groups:
            group.begin(ids[-1:, np.newaxis])
            group.state = reader.state

    def generate(self, prime: np.ndarray, draws: np.ndarray, rule: SamplingRule, threads: int = 1,
                 nats: np.ndarray | None = None) -> np.ndarray:
        """The next len(draws) ids (S, streams) after prime (P, streams), drawn with numbers (S, streams) in [0, 1).

        rule      applies to all S characters alike, with all its clamps and endings
        threads   how many share the weights of few streams
        nats      (S, streams) float32, if given gets the surprisal of each id: -log of its probability by the network
                  itself, whatever the rule
        """
        out = np.zeros(draws.shape, np.int32)
        shape = draws.shape if nats is not None else (0, 0)
        if len(self._groups) > 1:
            def one_group(g: int) -> None:
                part = self._slices[g]
                own = np.zeros(out[:, part].shape if nats is not None else shape, np.float32)
                out[:, part] = self._groups[g].generate(ALONE, prime[:, part], draws[:, part], rule.of_streams(part),
                                                        own)
                if nats is not None:
                    nats[:, part] = own

            self._workers.map(one_group, len(self._groups))
        else:
            [group] = self._groups
            surprisal = [np.zeros(shape, np.float32) for _ in range(threads)]

            def one_thread(member: Member) -> np.ndarray:
                return group.generate(member, prime, draws, rule, surprisal[member.thread])

            group.synchronize(threads)
            out[:] = self._workers.together(one_thread, threads)[0]
            if nats is not None:
                nats[:] = surprisal[0]
        return out

    @property
    def state(self) -> np.ndarray:
        """The states of all streams, (1 or 2, L, streams, H padded): h, and c where cells have one; a copy."""
        return np.concatenate([group.state for group in self._groups], axis=2)

    def stream(self, length: int | None, generators: Sequence[np.random.Generator], rule: SamplingRule,
               with_nats: bool = False) -> Iterator[DrawnIds]:
        """`length` further ids of every stream (None: without end), in pieces of a few hundredths of a second.

        Each stream draws from its own generator. The sizes of the pieces do not change what is drawn.
        """
        nothing = np.zeros((0, self._streams), np.int32)
        size, written = _FIRST_CALL, 0
        while length is None or written < length:
            current, edge = rule.at(written)
            threads, is_trial = self._threads.choose()
            # a trial is long enough to compare, and short in case it is very slow
            piece = min(max(1, size // 4) if is_trial else size,
                        *(end - written for end in (length, edge) if end is not None), _LONGEST_CALL)
            draws = np.stack([generator.random(piece) for generator in generators], axis=1)
            nats = np.zeros(draws.shape, np.float32) if with_nats else None
            start = time.perf_counter()
            ids = self.generate(nothing, draws, current, threads, nats)
            seconds = time.perf_counter() - start
            yield DrawnIds(ids, nats)
            self._threads.record(threads, seconds / piece)
            written += piece
            if not is_trial:
                size = max(1, min(int(piece * min(4.0, _SECONDS_A_CALL / max(seconds, 1e-9))), _LONGEST_CALL))
