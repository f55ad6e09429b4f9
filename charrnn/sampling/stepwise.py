"""Layer sampling: ids written step by step: every network reads a character, and the choice is made outside of it.

So networks can write one text together, the probability of a character being the mean of theirs, and an engine that has
no loop of its own for writing can write too. The random numbers and the rules are those of the kernels.
"""

from collections.abc import Callable, Sequence

import numpy as np

from charrnn.engine.interface import Arrays, Engine
from charrnn.engine.predictions import log_softmax
from charrnn.engine.threads import Workers
from charrnn.kernels.sample_logits import choose_rows
from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.sampler import Sampler, ThreadCount
from charrnn.sampling.streams import StreamGroup

# Characters of a prime that are read in one call of an engine.
_READ_AT_ONCE = 256


class EngineStreams:
    """Streams on any engine, which read what they are told to, as those of a StreamGroup."""

    def __init__(self, engine: Engine, streams: int) -> None:
        self._streams, self._count = engine.streams(streams, _READ_AT_ONCE), streams

    def begin(self, ids: np.ndarray) -> None:
        """Sets the initial state and reads ids (P, streams), P > 0, but for the last line, which predict() gets."""
        self._streams.reset()
        for start in range(0, len(ids) - 1, _READ_AT_ONCE):
            self._streams.read(ids[start:min(start + _READ_AT_ONCE, len(ids) - 1)])

    def predict(self, tokens: np.ndarray) -> np.ndarray:
        """The logits (streams, V) after tokens (streams,) are read."""
        return self._streams.logits(tokens[np.newaxis])

    @property
    def state(self) -> Arrays:
        return self._streams.state()

    @state.setter
    def state(self, state: Arrays) -> None:
        # one stream's state is taken by all
        self._streams.set_state({name: np.ascontiguousarray(np.broadcast_to(array, (self._count, array.shape[1])))
                                 for name, array in state.items()})


# Opens so many streams of a network.
OpenStreams = Callable[[int], "StreamGroup | EngineStreams"]


class StepwiseSampler(Sampler):
    """`streams` streams of ids that networks of one vocabulary write together, or one network alone.

    networks   what opens streams of each
    """

    def __init__(self, networks: Sequence[OpenStreams], streams: int, workers: Workers) -> None:
        self._networks, self._streams, self._workers = networks, streams, workers
        self._opened = [open_streams(streams) for open_streams in networks]
        self._last = np.zeros(streams, np.int32)  # not read yet
        self._threads = ThreadCount(1)

    def begin(self, ids: np.ndarray) -> None:
        if ids.ndim == 2:
            for opened in self._opened:
                opened.begin(ids)
            self._last = ids[-1].astype(np.int32)
            return
        for open_streams, opened in zip(self._networks, self._opened, strict=True):
            reader = open_streams(1)
            reader.begin(ids[:, np.newaxis])
            opened.state = reader.state  # of one kind: the same function opened both
        self._last = np.full(self._streams, ids[-1], np.int32)

    def generate(self, prime: np.ndarray, draws: np.ndarray, rule: SamplingRule, threads: int = 1,
                 nats: np.ndarray | None = None) -> np.ndarray:
        for ids in prime:
            self._logits()
            self._last = np.array(ids, np.int32)
        out, surprisals = np.zeros(draws.shape, np.int32), np.zeros(draws.shape, np.float32)
        for row, own, surprisal in zip(draws, out, surprisals, strict=True):
            logits = self._logits()
            constraints = rule.constraints(self._streams, logits.shape[1], has_memory=False)
            choose_rows(logits, constraints.temps, constraints.limits, constraints.adjustment, row, own, surprisal)
            self._last = own
        if nats is not None:
            nats[:] = surprisals
        return out

    def _logits(self) -> np.ndarray:
        """Reads the last ids; the logits (streams, V) of what follows, of several networks the logarithms of their mean
        probabilities."""
        if len(self._opened) == 1:
            return np.ascontiguousarray(self._opened[0].predict(self._last), np.float32)
        found = self._workers.map(lambda m: log_softmax(self._opened[m].predict(self._last)), len(self._opened))
        mean: np.ndarray = np.logaddexp.reduce(found) - np.float32(np.log(len(found)))
        return mean.astype(np.float32)
