"""Layer scoring: how well a network predicts a text: as a whole, by lines or documents, and character by character."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.engine.predictions import Predictions
from charrnn.errors import CorpusError, SettingsError
from charrnn.scoring.dynamic_evaluation import SEGMENT, AdaptingNetwork
from charrnn.scoring.mixture import mixture_reader
from charrnn.scoring.predict import Reader, Scorer, cold_loss, reader_of
from charrnn.settings import ScoreSettings, Settings
from charrnn.storage.packages import package_for
from charrnn.text.documents import Documents
from charrnn.text.model_input import UnknownUnits, model_input
from charrnn.text.vocabulary import Vocabulary
from charrnn.text.windows import Text, as_read

_STRETCHES = 200  # points of a plot


def refuse_documents() -> NoReturn:
    """Raises the error for a model without documents."""
    raise SettingsError("there are no documents: the model was trained on a text without documents; score it by line")


@dataclass(frozen=True)
class TextLoss:
    """The loss of a text.

    total        nats, the sum over all predicted units
    predicted    how many units (characters, bytes, tokens or words) were predicted
    characters   how many characters these units have
    """

    total: float
    predicted: int
    characters: int

    @property
    def nats(self) -> float:
        """The mean per unit: what training calls the loss."""
        return self.total / self.predicted

    @property
    def bits(self) -> float:
        """The mean per unit, in bits."""
        return self.nats / math.log(2)

    @property
    def bits_per_character(self) -> float:
        return self.total / math.log(2) / self.characters if self.characters else math.nan

    @property
    def perplexity(self) -> float:
        """exp(nats): the number of equally probable units that would be as hard to predict."""
        return math.exp(self.nats) if self.nats < 700 else math.inf


@dataclass(frozen=True)
class ColdLoss(TextLoss):
    """The loss of whole blocks of a text, `block` units each, read from the initial state; all of its units count."""

    block: int


@dataclass(frozen=True)
class ScoredPart(TextLoss):
    """A line or a document: number `number`, from 1; the units start to stop of the text."""

    number: int
    start: int
    stop: int
    text: str


@dataclass(frozen=True, eq=False)
class Score(TextLoss):
    """The predictions of a model for a text of n units; the first unit of a text has no prediction.

    unit          the name of a unit: character, byte, token, word
    ids           (n,) int32, the text
    predictions   (n,) for each unit, with the K most probable ones
    starts        (M,) int64, positions at which the state is the initial one: the parts that were read side by side
    notes         on characters that were replaced or left out
    separator     the id of the document separator; -1 in a text without documents
    unknown       of words and tokens: how many of them the model does not know; else None
    plain         where the network adapted itself to the text: what the loss is otherwise; else None
    cold          the loss of blocks that are read from the initial state, if it was asked for
    """

    unit: str
    ids: np.ndarray = field(repr=False)
    predictions: Predictions = field(repr=False)
    starts: np.ndarray = field(repr=False)
    notes: list[str] = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)
    separator: int
    unknown: UnknownUnits | None = None
    plain: TextLoss | None = None
    cold: ColdLoss | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def surprisals(self) -> np.ndarray:
        """(n,) float32, bits: -log2 of the probability that the model gave to each unit."""
        return self.predictions.surprisals

    @cached_property
    def expected(self) -> np.ndarray:
        """(n,) float32, bits: the entropy of each prediction, which is the surprisal that the model expected."""
        return self.predictions.expected

    @property
    def ranks(self) -> np.ndarray:
        """(n,) int32, 1 where the unit was the most probable one; equally probable units share the best rank."""
        return self.predictions.ranks

    @cached_property
    def pieces(self) -> Sequence[str]:
        """The text of each unit; together they are the text."""
        if self.vocabulary.kind == "character":
            return self.vocabulary.decode(self.ids)
        write = self.vocabulary.writer()
        return [write(self.ids[place:place + 1]) for place in range(len(self))]

    def top_at(self, place: int) -> list[tuple[str, float]]:
        """The most probable units at a place, with their probabilities."""
        pairs = zip(self.predictions.top[place], self.predictions.probabilities[place], strict=True)
        return [(self.vocabulary.units[number], float(probability)) for number, probability in pairs if number >= 0]

    def by(self, kind: str) -> list[ScoredPart]:
        """Each "line" or "document" in which anything was predicted, in the order of the text.

        The end of a line or a document belongs to it. Raises SettingsError for another kind, and for documents where
        the model was trained on a text without any.
        """
        stops = np.flatnonzero(self.ids == self._end_of(kind)) + 1
        if not len(stops) or stops[-1] < len(self):
            stops = np.append(stops, len(self))
        starts = np.concatenate([[0], stops[:-1]])
        is_predicted = self.ranks > 0
        totals = np.add.reduceat(np.where(is_predicted, self.surprisals, 0).astype(np.float64), starts) * math.log(2)
        counts = np.add.reduceat(is_predicted.astype(np.int64), starts)
        return [self._part(*values) for values in
                zip(range(1, len(starts) + 1), starts.tolist(), stops.tolist(), totals.tolist(), counts.tolist(),
                    strict=True) if values[-1]]

    def to_pandas(self) -> Any:
        """A DataFrame with a row for each unit: text, bits, rank, entropy (in bits), then top1, p1, top2, ...

        The first unit of a text has no prediction, and its values are missing. Raises SettingsError without pandas.
        """
        pandas = package_for("to_pandas()", "pandas")
        is_predicted = self.ranks > 0
        columns = {"text": list(self.pieces), "bits": np.where(is_predicted, self.surprisals, np.nan),
                   "rank": pandas.Series(self.ranks, dtype="Int64").where(is_predicted),
                   "entropy": np.where(is_predicted, self.expected, np.nan)}
        units = np.array([*self.vocabulary.units, None], object)  # None stands for no prediction, number -1
        for k in range(self.predictions.top.shape[1]):
            top = self.predictions.top[:, k]
            columns[f"top{k + 1}"] = units[top]
            columns[f"p{k + 1}"] = np.where(top >= 0, self.predictions.probabilities[:, k], np.nan)
        return pandas.DataFrame(columns)

    def plot(self, ax: Any = None) -> Any:
        """Draws how the surprisal goes through the text with matplotlib, into `ax` if there is one; returns the axes.

        Each point is the mean of a stretch, of which a long text has 200. Raises SettingsError without matplotlib.
        """
        ax = ax or package_for("plot()", "matplotlib.pyplot").subplots()[1]
        places = np.flatnonzero(self.ranks > 0)
        stretches = np.array_split(places, min(_STRETCHES, len(places)))
        ax.plot([stretch.mean() for stretch in stretches], [self.surprisals[stretch].mean() for stretch in stretches])
        ax.axhline(self.bits, linestyle="--", linewidth=1, color="gray")
        ax.set(xlabel=f"{self.unit}s", ylabel=f"bits a {self.unit}")
        return ax

    def _part(self, number: int, start: int, stop: int, total: float, predicted: int) -> ScoredPart:
        text = "".join(self.pieces[start:stop])
        unpredicted = sum(map(len, self.pieces[start:stop - predicted]))  # only the first units can be unpredicted
        return ScoredPart(total, predicted, len(text) - unpredicted, number, start, stop, text)

    def _end_of(self, kind: str) -> int:
        if kind == "document":
            if self.separator < 0:
                refuse_documents()
            return self.separator
        if kind != "line":
            raise SettingsError(f"a text can be scored by line or by document, not by {kind!r}")
        return -1 if self.vocabulary.unknown("\n") else int(self.vocabulary.encode("\n")[0])


def score_text(engines: Sequence[Engine], vocabulary: Vocabulary, settings: Settings, text: str, how: ScoreSettings,
               unknown: str = "error", on_read: Callable[[int, int], None] = lambda done, total: None) -> Score:
    """The predictions of the first of `engines`, which was trained with `settings`, for `text`.

    engines   of several, which have one vocabulary, the mean of the probabilities
    on_read   is told how many characters are predicted so far, and how many there are

    Raises VocabularyError for characters that are not in the vocabulary, CorpusError for a text shorter than 2, or
    without a document.
    """
    whole = model_input(text, settings.text, vocabulary, unknown)
    if how.adapt and len(engines) > 1:
        raise SettingsError("--adapt and --with contradict each other: one network at a time goes on learning; give "
                            "one of them")
    shards, top = settings.training.shards or 1, min(how.predictions, len(vocabulary))
    content = as_read(whole.content, settings.network, len(vocabulary))
    reader = reader_of(engines[0], shards) if len(engines) == 1 else mixture_reader(engines, shards)
    cold = _cold(reader, vocabulary, whole.content, how.cold, settings.windows.window) if how.cold else None
    adapting = AdaptingNetwork(engines[0], how.adapt_rate) if how.adapt else None
    if adapting is not None:
        scorer = Scorer(lambda rows, window: adapting.read, content, SEGMENT, 1, top)
    else:
        scorer = Scorer(reader, content, settings.windows.window, how.parts, top)
    scorer.read(on_read)
    if isinstance(whole.content, Documents):
        first, separator = 1, whole.content.mark  # the separator before the text is not part of it
        characters = len(vocabulary.decode(whole.ids[scorer.predictions.ranks > 0]))
    else:
        first, separator = 0, -1
        characters = len(vocabulary.decode(whole.ids)) - len(vocabulary.writer()(whole.ids[:1]))
    return Score(
        total=scorer.loss, predicted=scorer.predicted, characters=characters, unit=vocabulary.kind,
        ids=whole.ids[first:], predictions=scorer.predictions.select(slice(first, None)),
        starts=scorer.starts[:0] if first else scorer.starts, notes=whole.notes, vocabulary=vocabulary,
        separator=separator, unknown=whole.unknown, cold=cold,
        plain=None if adapting is None else TextLoss(adapting.plain_loss, scorer.predicted, characters))


def _cold(reader: Reader, vocabulary: Vocabulary, text: Text, block: int, window: int) -> ColdLoss:
    """The loss of the text's blocks."""
    if isinstance(text, Documents):
        raise SettingsError("--cold has no effect on a model of documents: each is read from the initial state anyway")
    ids = np.asarray(text)
    blocks = (len(ids) - 1) // block
    if not blocks:
        raise CorpusError(f"the text has {len(ids):,} {vocabulary.kind}s; --cold {block} needs at least {block + 1:,}")
    first, whole = (len(vocabulary.writer()(ids[:count])) for count in (1, blocks * block + 1))
    return ColdLoss(cold_loss(reader, ids, block, window), blocks * block, whole - first, block)
