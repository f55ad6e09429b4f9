"""Layer sampling: the way from a prime to finished samples.

A LanguageModel, a prime and settings come in. Pieces of text come out while they are made, or whole samples with all
that is known about them.
"""

import itertools
import secrets
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.engine.threads import Workers
from charrnn.errors import SettingsError
from charrnn.kernels.softmax import NEVER
from charrnn.sampling.constraints import SamplingRule, Spread, sampling_rule
from charrnn.sampling.lead_in import LEAD_IN_STREAMS, lead_ins
from charrnn.sampling.sampler import Sampler, generators_of
from charrnn.sampling.stepwise import EngineStreams, OpenStreams, StepwiseSampler
from charrnn.sampling.stopping import LENGTH, Ends, Piece, TextWriter, write_texts
from charrnn.sampling.streams import PackedModel, StreamGroup, Weights, weights_of
from charrnn.settings import SampleSettings, Settings
from charrnn.settings.renamed import take_renamed
from charrnn.settings.sampling import SampleOptions
from charrnn.text.documents import mark_of, unescaped
from charrnn.text.labels import TAB
from charrnn.text.normalize import normalized
from charrnn.text.unknown import Readable, readable
from charrnn.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from typing_extensions import Unpack

# A cell's mean and deviation are measured while the network writes freely: streams, steps, first steps left out.
_STREAMS, _STEPS, _SKIPPED = 8, 300, 50


def mark_id(mark: str | None, vocabulary: Vocabulary) -> int:
    """The id of the mark that ends a document; -1 if there is none."""
    return -1 if mark is None else int(vocabulary.encode(mark)[0])


def prime_ids(vocabulary: Vocabulary, prime: str, mark: str | None = None, *, name: str = "prime") -> np.ndarray:
    """The ids (P,) of the prime, behind the mark where documents begin with one; none without a mark and a prime.

    `name` is what messages call the prime. Spaces are no tokens: there may be no ids where there is a prime.

    Raises VocabularyError for a prime with characters that the model never saw, SettingsError for one that contains
    the end of a document.
    """
    if mark is not None:
        if mark in prime:
            raise SettingsError(f"the {name} goes past the end of a document: it holds {mark!r}; give what one "
                                "document begins with")
        prime = mark + prime
    return vocabulary.encode(prime)


class LanguageModel:
    """A network with its vocabulary: what samples and completes texts.

    engine       the network
    settings     how it was made
    vocabulary   its characters
    mark         what stands for the end of a document; None if it was trained on a text without documents
    by_engine    whether the engine computes what is written; otherwise the compiled kernels do, for every engine
    """

    def __init__(self, engine: Engine, settings: Settings, vocabulary: Vocabulary, by_engine: bool = False) -> None:
        self.settings, self.vocabulary, self.mark = settings, vocabulary, mark_of(settings.text)
        self.by_engine = by_engine
        self.engine, self._workers = engine, Workers(engine.threads)
        self._weights: dict[str, Weights] = {}
        self._lead_ins: dict[tuple[str, int], np.ndarray] = {}

    def readable(self, text: str, unknown: str = "error") -> Readable:
        """`text` as the model can read it, normalized as its training text was.

        Raises VocabularyError for characters it never saw, unless `unknown` folds, skips or replaces them.
        """
        return readable(normalized(text, self.settings.text), self.vocabulary, unknown)

    def prime_ids(self, prime: str, *, name: str = "prime") -> np.ndarray:
        """What prime_ids() gives, as the network reads it: where it has an encoder, the source apart (windows.as_read).

        Raises SettingsError, beside what that raises, if an encoder would have to be followed inside a source: only
        targets can be written.
        """
        ids = prime_ids(self.vocabulary, prime, self.mark, name=name)
        if not self.settings.network.has_encoder:
            return ids
        source, tab, _ = prime.partition(TAB)
        if not source or not tab:
            raise SettingsError(f"this network writes nothing but the target of a source; begin the {name} with a "
                                "source and a tab, or use charrnn translate")
        ids[:int(np.argmax(ids == self.vocabulary.encode(TAB)[0]))] += len(self.vocabulary)
        return ids

    def sample(self, length: int = 500, *, prime: str = "", unknown: str = "error",
               **options: "Unpack[SampleOptions]") -> str:
        """At most `length` characters that follow `prime`, which is not repeated; 0: until a document or stop ends it.

        unknown   what to do with characters of the prime that the model never saw: "error", "fold", "skip" or
                  "replace" (charrnn.text.unknown)
        options   any other field of SampleSettings, as `charrnn sample --help` explains it: temp=0.5, top_k=40,
                  bias=("e=+1.5",), stop=("END",), seed=1 (the same seed gives the same text)

        Raises VocabularyError for a prime with characters that the model never saw, SettingsError for bad numbers, and
        for a text that would never end.
        """
        settings = _one_text(length, options)
        [sample] = self.session(settings, prime, unknown).samples(with_nats=False)
        return sample.text

    def samples(self, n: int = 1, length: int = 500, *, prime: str = "", unknown: str = "error",
                **options: "Unpack[SampleOptions]") -> list[str]:
        """`n` texts as sample() gives them, made together; the first is what sample() gives for the same seed.

        With temps=(0.5, 0.8) there are `n` at each temperature, in that order, all with the same seed.
        """
        n = take_renamed(cast("dict[str, Any]", options), "count", "n", n)
        settings = SampleSettings.from_dict({**options, "length": length, "samples": n})
        return [sample.text for sample in self.session(settings, prime, unknown).samples(with_nats=False)]

    def generate(self, n: int = 1, length: int = 500, *, prime: str = "", unknown: str = "error",
                 **options: "Unpack[SampleOptions]") -> "list[Sample]":
        """The texts of samples(), each with the surprisal of every character, its seed and what ended it."""
        settings = SampleSettings.from_dict({**options, "length": length, "samples": n})
        return self.session(settings, prime, unknown).samples()

    def draw(self, count: int, length: int = 500, **options: Any) -> "list[Sample]":
        """The old name of generate()."""
        warnings.warn("draw() is now generate()", DeprecationWarning, stacklevel=2)
        return self.generate(count, length, **options)

    def stream(self, length: int = 500, *, prime: str = "", unknown: str = "error",
               **options: "Unpack[SampleOptions]") -> Iterator[str]:
        """The text of sample(), piece by piece as it is made; length 0 never ends. Errors are raised at once."""
        session = self.session(_one_text(length, options), prime, unknown)
        return (piece.text for [piece] in session.pieces())

    def session(self, settings: SampleSettings, prime: str = "", unknown: str = "error") -> "SamplingSession":
        """Texts in the making, as `settings` ask for them. Raises what Model.sample() raises."""
        return SamplingSession(self, settings, self.readable(prime, unknown).text)

    def sampler(self, streams: int, precision: str = "float32") -> Sampler:
        """`streams` streams of ids, on the threads of this model."""
        if self.by_engine:
            return StepwiseSampler([self.opener(precision)], streams, self._workers)
        return Sampler(self.settings.network, self.weights(precision), streams, self._workers)

    def opener(self, precision: str = "float32") -> OpenStreams:
        """What opens streams of ids that are moved on by one step at a time."""
        if self.by_engine:
            return partial(EngineStreams, self.engine)
        packed = PackedModel(self.settings.network, self.weights(precision))
        return lambda streams: StreamGroup(packed, streams, 1)

    def refuse_on_engine(self, settings: SampleSettings) -> None:
        """Raises SettingsError for what can't be written as the engine computes it, or not well."""
        if not self.by_engine:
            return
        for name, is_given in (("clamp", bool(settings.clamp)), ("precision bf16", settings.precision == "bf16")):
            if is_given:
                raise SettingsError(f"--{name} is only for --engine compiled, which writes by default; leave out one "
                                    "of the two options")
        if self.engine.device_name and settings.samples * max(1, len(settings.temps)) == 1:
            raise SettingsError(f"one text is written faster on a CPU than on {self.engine.device_name}, which "
                                "computes many at a time; leave --engine torch out, or write several texts with -n")

    def weights(self, precision: str = "float32") -> Weights:
        """The weights as sampling reads them, packed once for each precision."""
        if precision not in self._weights:
            self._weights[precision] = weights_of(self.engine, precision)
        return self._weights[precision]

    def lead_ins(self, precision: str = "float32") -> np.ndarray:
        """The ids (P, K), one of which is read before a text without a prime; the network may be learning meanwhile."""
        key = precision, self.engine.steps
        if key not in self._lead_ins:
            self._lead_ins = {key: lead_ins(self.sampler(LEAD_IN_STREAMS, precision), self.vocabulary)}
        return self._lead_ins[key]


def _one_text(length: int, options: SampleOptions) -> SampleSettings:
    settings: SampleSettings = SampleSettings.from_dict({**options, "length": length})
    if len(settings.temps) > 1:
        raise SettingsError(f"{len(settings.temps)} temperatures make as many texts; samples() and generate() make "
                            "several")
    return settings


@dataclass(frozen=True)
class Sample:
    """A text that was written, and how it came about.

    text      what follows the prime
    number    which of the texts with this seed and temperature it is, from 0
    seed      the seed that gives it again
    ending    what ended it: "length", "document" or "stop" (a stop string)
    units     its characters (or tokens, words), one for each of nats
    nats      the surprisal of each, (S,): -log of the probability that the network itself gave it
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
        """The probability that the network itself gave each unit, (S,) float64."""
        return np.exp(-self.nats.astype(np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON; units only where they are not the characters of the text."""
        values: dict[str, Any] = {"prime": self.prime, "text": self.text, "sample": self.number, "seed": self.seed,
                                  "temp": self.temp, "stop": self.ending}
        if "".join(self.units) != self.text or any(len(unit) != 1 for unit in self.units):
            values["units"] = list(self.units)
        values["probabilities"] = [float(f"{probability:.6g}") for probability in self.probabilities]
        return values


class SamplingSession:
    """Texts in the making, settings.samples of them at each temperature.

    temps   the temperatures
    seed    the seed of settings, or a new one
    rule    how characters are chosen
    prime   what every text goes on from; it contains only characters of the vocabulary
    """

    def __init__(self, model: LanguageModel, settings: SampleSettings, prime: str = "") -> None:
        model.refuse_on_engine(settings)
        self.temps = settings.temps or (settings.temp,)
        self.seed = secrets.randbits(32) if settings.seed is None else settings.seed
        self.prime, self._vocabulary = prime, model.vocabulary
        end = mark_id(model.mark, model.vocabulary)
        self._ends = Ends(end, tuple(map(unescaped, settings.stop)), settings.min_length)
        self._length, self._count = settings.length or None, settings.samples
        # the same random draws at every temperature
        self._generators = [own for _ in self.temps for own in generators_of(self.seed, settings.samples)]
        ids = model.prime_ids(prime)
        if not len(ids):
            ids = self._lead_ins(model.lead_ins(settings.precision))

        def spread_of(layer: int, unit: int) -> Spread:
            return measured_spread(model.sampler(_STREAMS, settings.precision), ids if ids.ndim == 1 else ids[:, 0],
                                   layer, unit)

        self.rule = sampling_rule(settings, model.settings.network, model.vocabulary, end, spread_of)
        one, *others = self.temps
        temp = np.repeat(np.array(self.temps, np.float64), settings.samples) if others else one
        self.rule = replace(self.rule, temp=temp)
        self._sampler = model.sampler(len(self._generators), settings.precision)
        self._sampler.begin(ids)
        self._writers: list[TextWriter] = []

    def _lead_ins(self, ids: np.ndarray) -> np.ndarray:
        """One of K lead-ins (P, K) for each stream, in turn; temp 0 leaves nothing to chance and takes the first."""
        chosen = [(self.seed + number) % ids.shape[1] if temp else 0
                  for temp, number in itertools.product(self.temps, range(self._count))]
        return ids[:, chosen]

    def pieces(self, with_nats: bool = False) -> Iterator[list[Piece]]:
        """What is added to each text, piece by piece as it is made; only once."""
        self._writers = [TextWriter(self._vocabulary, self._ends, self.prime) for _ in self._generators]
        return write_texts(self._sampler.stream(self._length, self._generators, self.rule, with_nats), self._writers)

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

    def refuse_endless(self) -> None:
        """Raises SettingsError for texts that nothing would ever end."""
        mark, added = self._ends.mark, self.rule.adjustment
        is_open = mark < 0 or (added is not None and added[mark] <= NEVER / 2)  # the end of a document may be banned
        if self._length is None and is_open and not self._ends.stops:
            raise SettingsError("a text of length 0 never ends; give a length, or a string to stop before")


def measured_spread(sampler: Sampler, ids: np.ndarray, layer: int, unit: int) -> Spread:
    """Mean and deviation of tanh(c) of a cell, or of h where cells have no c, while the network writes freely.

    ids   (P,), what all streams of the sampler begin with
    """
    sampler.begin(ids)
    nothing, generator, values = np.zeros((0, _STREAMS), np.int32), np.random.default_rng(0), []
    for step in range(_STEPS):
        sampler.generate(nothing, generator.random((1, _STREAMS)), SamplingRule())
        if step >= _SKIPPED:
            state = sampler.state
            values.append(np.tanh(state[1, layer, :, unit]) if len(state) == 2 else state[0, layer, :, unit])
    return Spread(float(np.mean(values)), float(np.std(values)))
