"""Layer sampling: the texts that a trained network writes as settings ask for: the way from a prime to finished
samples.

Settings, prime and network come in; pieces of text come out while they are made, or whole samples with all there is to
know of them.
"""

import dataclasses
import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from charrnn.engine.threads import Workers
from charrnn.errors import SettingsError
from charrnn.sampling.constraints import Spread, rules_of
from charrnn.sampling.opening import generators_of, opening
from charrnn.sampling.rule import Clamp, Rule
from charrnn.sampling.sampler import Sampler
from charrnn.sampling.stopping import LENGTH, Ends, Piece, Writer, written
from charrnn.sampling.weights import Weights
from charrnn.settings import NetworkSettings, SampleSettings
from charrnn.text.documents import unescaped
from charrnn.text.vocabulary import Vocabulary

# A cell's mean and deviation are those of so many characters that the network writes for itself.
_STREAMS, _STEPS, _SKIPPED = 8, 300, 50


class SampleOptions(TypedDict, total=False):
    """The fields of SampleSettings that Python may give by name, but for the number of texts."""

    temp: float
    temps: tuple[float, ...]
    top_k: int
    top_p: float
    min_p: float
    bias: tuple[str, ...]
    ban: tuple[str, ...]
    clamp: tuple[str, ...]
    min_length: int
    stop: tuple[str, ...]
    precision: str
    seed: int | None


@dataclass(frozen=True)
class Sample:
    """A text that was written, and how it came about.

    text      what follows the prime
    number    which of the texts with this seed and temperature it is, from 0
    seed      the seed that gives it again
    ending    what ended it: "length", "document", or "stop" for a text that was not to be written
    units     its characters (or tokens, words), one for each of nats
    nats      the surprise of each, (S,): -log of the probability that the network itself gave it
    """

    text: str
    prime: str
    number: int
    seed: int
    temp: float
    ending: str
    units: tuple[str, ...]
    nats: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """What the network itself expected each unit with, (S,)."""
        return np.exp(-self.nats.astype(np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON; units only where they are not the characters of the text."""
        values: dict[str, Any] = {"prime": self.prime, "text": self.text, "sample": self.number, "seed": self.seed,
                                  "temp": self.temp, "stop": self.ending}
        if "".join(self.units) != self.text or any(len(unit) != 1 for unit in self.units):
            values["units"] = list(self.units)
        values["probabilities"] = [float(f"{probability:.6g}") for probability in self.probabilities]
        return values


class Drawing:
    """Texts in the making, settings.samples of them at each temperature.

    mark    what stands for the end of a document; None if there are none
    prime   what every text goes on from, with nothing in it that the vocabulary lacks
    """

    def __init__(self, network: NetworkSettings, weights: Weights, workers: Workers, vocabulary: Vocabulary,
                 mark: str | None, settings: SampleSettings, prime: str = "") -> None:
        self.temps = settings.temps or (settings.temp,)
        self.seed = secrets.randbits(32) if settings.seed is None else settings.seed
        self.prime, self.vocabulary = prime, vocabulary
        end = -1 if mark is None else int(vocabulary.encode(mark)[0])
        self.ends = Ends(end, tuple(map(unescaped, settings.stop)), settings.min_length)
        self.is_endless = not settings.length
        self._length, self._count = settings.length or None, settings.samples
        # the same luck at every temperature
        self._generators = [own for _ in self.temps for own in generators_of(self.seed, settings.samples)]
        ids = opening(vocabulary, prime, self._generators, mark)

        def spread_of(layer: int, unit: int) -> Spread:
            begun = ids if ids.ndim == 1 else ids[0, :1]
            return measured_spread(Sampler(network, weights, _STREAMS, workers), begun, layer, unit)

        self._rules = rules_of(settings, network, vocabulary, end, spread_of)
        if len(self.temps) > 1:
            temps = np.repeat(np.array(self.temps, np.float64), settings.samples)
            self._rules = dataclasses.replace(self._rules, rule=dataclasses.replace(self._rules.rule, temp=temps))
        self._sampler = Sampler(network, weights, len(self._generators), workers)
        self._sampler.begin(ids)
        self._writers: list[Writer] = []

    def pieces(self, with_nats: bool = False) -> Iterator[list[Piece]]:
        """What each text adds, piece by piece as it is made; only once."""
        self._writers = [Writer(self.vocabulary, self.ends, self.prime) for _ in self._generators]
        return written(self._sampler.stream(self._length, self._generators, self._rules, with_nats), self._writers)

    @property
    def endings(self) -> list[str | None]:
        """What ended each text of pieces(), as Sample has it; None while it is not over."""
        return [writer.ending for writer in self._writers]

    def samples(self, with_nats: bool = True) -> list[Sample]:
        """The finished texts, those of the first temperature first; only once. Without nats they have no units either.

        Raises SettingsError for texts that would never be finished.
        """
        self.refuse_endless()
        steps = list(self.pieces(with_nats))
        made = []
        for n, (temp, number) in enumerate(itertools.product(self.temps, range(self._count))):
            own = [step[n] for step in steps]
            units = tuple(itertools.chain.from_iterable(piece.units for piece in own))
            nats = np.concatenate([np.zeros(0, np.float32), *(p.nats for p in own if p.nats is not None)])
            made.append(Sample("".join(piece.text for piece in own), self.prime, number, self.seed, temp,
                               self.endings[n] or LENGTH, units, nats))
        return made

    @property
    def clamps(self) -> tuple[Clamp, ...]:
        """The cells that are held, at which values."""
        return self._rules.rule.clamps

    def refuse_endless(self) -> None:
        """Raises SettingsError for texts that nothing would ever end."""
        if self.is_endless and self.ends.mark < 0 and not self.ends.stops:
            raise SettingsError("a text of length 0 never ends, and nobody would see it; give a length, or a text to "
                                "stop before")


def measured_spread(sampler: Sampler, ids: np.ndarray, layer: int, unit: int) -> Spread:
    """Mean and deviation of tanh(c) of a cell, or of h where cells have no c, while the network writes by itself.

    ids   (P,), what all streams of the sampler begin with
    """
    sampler.begin(ids)
    nothing, generator, values = np.zeros((0, _STREAMS), np.int32), np.random.default_rng(0), []
    for step in range(_STEPS):
        sampler.generate(nothing, generator.random((1, _STREAMS)), Rule())
        if step >= _SKIPPED:
            state = sampler.state
            values.append(np.tanh(state[1, layer, :, unit]) if len(state) == 2 else state[0, layer, :, unit])
    return Spread(float(np.mean(values)), float(np.std(values)))
