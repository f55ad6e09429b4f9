"""Layer sampling: several networks that write one text: the probability of a character is the mean of theirs."""

from collections.abc import Sequence
from typing import NoReturn

from charrnn.errors import SettingsError
from charrnn.sampling.sampler import Sampler
from charrnn.sampling.session import LanguageModel, SamplingSession
from charrnn.sampling.stepwise import StepwiseSampler
from charrnn.settings import SampleSettings


class EnsembleModel(LanguageModel):
    """Networks of one vocabulary as one; engine, settings and mark are those of the first.

    Raises SettingsError for no networks, and for those that do not read a text in the same way.
    """

    def __init__(self, models: Sequence[LanguageModel]) -> None:
        if not models:
            raise SettingsError("an ensemble needs models; give one at least")
        for number, model in enumerate(models[1:], 2):
            _refuse_difference(models[0], model, f"run {number}")
        super().__init__(models[0].engine, models[0].settings, models[0].vocabulary)
        self.models = models

    def refuse_on_engine(self, settings: SampleSettings) -> None:
        for model in self.models:
            model.refuse_on_engine(settings)

    def session(self, settings: SampleSettings, prime: str = "", unknown: str = "error") -> SamplingSession:
        if settings.clamp:
            raise SettingsError("--clamp and --with contradict each other: a clamp holds a cell of one network")
        return super().session(settings, prime, unknown)

    def sampler(self, streams: int, precision: str = "float32") -> Sampler:
        return StepwiseSampler([model.opener(precision) for model in self.models], streams, self._workers)


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
            _refuse_setting(name, setting)
    if other.settings.network.encoder != first.settings.network.encoder:
        _refuse_setting(name, "encoder")


def _refuse_setting(name: str, setting: str) -> NoReturn:
    raise SettingsError(f"{name} and the first run differ in --{setting}; only runs that read a text in the same way "
                        "can predict together")
