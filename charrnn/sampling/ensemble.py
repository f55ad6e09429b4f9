"""Layer sampling: several networks that write one text: the probability of a character is the mean of theirs.

They meet at every character, so each is moved on by one step at a time, and the choice is made outside of their kernel.
"""

from collections.abc import Sequence

import numpy as np

from charrnn.engine.threads import Workers
from charrnn.errors import SettingsError
from charrnn.kernels.sample_logits import choose_rows
from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.sampler import Sampler, ThreadCount
from charrnn.sampling.session import LanguageModel, SamplingSession
from charrnn.sampling.streams import PackedModel, StreamGroup
from charrnn.settings import SampleSettings


class EnsembleSampler(Sampler):
    """`streams` streams of ids that networks of one vocabulary write together."""

    def __init__(self, models: Sequence[PackedModel], streams: int, workers: Workers) -> None:
        self._models, self._streams, self._workers = models, streams, workers
        self._groups = [StreamGroup(model, streams, 1) for model in models]
        self._last = np.zeros(streams, np.int32)  # not read yet
        self._threads = ThreadCount(1)

    def begin(self, ids: np.ndarray) -> None:
        if ids.ndim == 2:
            for group in self._groups:
                group.begin(ids)
            self._last = ids[-1].copy()
            return
        for model, group in zip(self._models, self._groups, strict=True):
            reader = StreamGroup(model, 1, 1)
            reader.begin(ids[:, np.newaxis])
            group.state = reader.state
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
        """Reads the last ids; the logarithms of the mean probabilities (streams, V) of what follows."""
        found = self._workers.map(lambda m: _log_softmax(self._groups[m].predict(self._last)), len(self._groups))
        mean: np.ndarray = np.logaddexp.reduce(found) - np.float32(np.log(len(found)))
        return mean.astype(np.float32)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


class EnsembleModel(LanguageModel):
    """Networks of one vocabulary as one; engine, settings and mark are those of the first.

    Raises SettingsError for networks that do not read a text in the same way.
    """

    def __init__(self, models: Sequence[LanguageModel]) -> None:
        for number, model in enumerate(models[1:], 2):
            _refuse_difference(models[0], model, f"run {number}")
        super().__init__(models[0].engine, models[0].settings, models[0].vocabulary)
        self.models = models

    def session(self, settings: SampleSettings, prime: str = "", unknown: str = "error") -> SamplingSession:
        if settings.clamp:
            raise SettingsError("--clamp and --with contradict each other: a clamp holds a cell of one network")
        return super().session(settings, prime, unknown)

    def sampler(self, streams: int, precision: str = "float32") -> Sampler:
        packed = [PackedModel(model.settings.network, model.weights(precision)) for model in self.models]
        return EnsembleSampler(packed, streams, self._workers)


def _refuse_difference(first: LanguageModel, other: LanguageModel, name: str) -> None:
    if other.vocabulary.kind != first.vocabulary.kind:
        raise SettingsError(f"{name} reads {other.vocabulary.kind}s and the first run {first.vocabulary.kind}s; only "
                            "runs of one vocabulary can predict together")
    if other.vocabulary != first.vocabulary:
        different = set(first.vocabulary.units).symmetric_difference(other.vocabulary.units)
        raise SettingsError(f"{name} has another vocabulary than the first run: {len(different):,} "
                            f"{first.vocabulary.kind}s are in one of them only; train both on the same text")
    for setting in ("documents", "normalize", "lowercase"):
        if getattr(other.settings.text, setting) != getattr(first.settings.text, setting):
            raise SettingsError(f"{name} and the first run differ in --{setting}; only runs that read a text in the "
                                "same way can predict together")
