"""Layer scoring: which label a text has, by Bayes' rule: p(label | text) is proportional to p(text | label) p(label).

A category has its share of the training texts as p(label). Numbers are standardized, and p(label) is normal: values are
drawn from it, and weighted by p(text | value).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.scoring.predict import Scorer, reader_of
from charrnn.text.documents import Documents
from charrnn.text.labels import LabelScheme

# Rows that texts are read in, side by side.
ROWS = 64
# Values that are tried for labels of numbers: more cost time, fewer leave out likely ones.
DRAWS, SEED = 256, 0
# Bins of the calibration error (Naeini et al. 2015; 10 as in Guo et al. 2017).
BINS = 10

# -log p(text | label) in nats of each text, for the label with a vector.
TextLosses = Callable[[Sequence[str], np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Classified:
    """The label of a text.

    label           the most probable category; numbers with commas between
    probability     p(label | text); None where labels are numbers
    probabilities   of all categories, the most probable first; empty where labels are numbers
    values          the mean of each number, given the text; empty where labels are categories
    deviations      how far each number may lie from it: its standard deviation
    """

    text: str
    label: str
    probability: float | None
    probabilities: dict[str, float]
    values: tuple[float, ...] = ()
    deviations: tuple[float, ...] = ()


class Agreement(NamedTuple):
    """How classified texts agree with their true categories.

    accuracy      share of texts whose most probable label is the true one
    nats          mean of -log p(true label | text)
    calibration   mean distance between probability and accuracy in ten bins, weighted by texts; 0 is perfect
    confusions    (true label, label given) -> how many texts
    """

    accuracy: float
    nats: float
    calibration: float
    confusions: dict[tuple[str, str], int]


def classify(texts: Sequence[str], scheme: LabelScheme, losses: TextLosses,
             on_read: Callable[[int, int], None] = lambda done, total: None) -> list[Classified]:
    """The label of each text; on_read is told how many labels have been tried, and of how many."""
    if scheme.names:
        vectors, prior = np.eye(scheme.width, dtype=np.float32), np.log(np.array(scheme.shares))
    else:
        vectors = np.random.default_rng(SEED).standard_normal((DRAWS, scheme.width)).astype(np.float32)
        prior = np.zeros(DRAWS)
    logs = np.empty((len(texts), len(vectors)))
    for place, vector in enumerate(vectors):
        logs[:, place] = prior[place] - losses(texts, vector)
        on_read(place + 1, len(vectors))
    logs -= logs.max(axis=1, keepdims=True)
    weights = np.exp(logs)
    weights /= weights.sum(axis=1, keepdims=True)
    one = _of_category if scheme.names else _of_numbers
    return [one(text, row, scheme, vectors) for text, row in zip(texts, weights, strict=True)]


def document_losses(engine: Engine, documents: Documents, window: int) -> np.ndarray:
    """-log p of each document and of its end, in nats (D,)."""
    scorer = Scorer(reader_of(engine, engine.threads), documents, window, ROWS, 0)
    scorer.read()
    nats = np.nan_to_num(scorer.predictions.nats.astype(np.float64))
    losses: np.ndarray = np.add.reduceat(nats, documents.marks[:-1] + 1)
    return losses


def agreement(found: Sequence[Classified], labels: Sequence[str]) -> Agreement:
    """How the categories found agree with the true `labels`."""
    confusions: dict[tuple[str, str], int] = {}
    for one, label in zip(found, labels, strict=True):
        confusions[label, one.label] = confusions.get((label, one.label), 0) + 1
    is_right = np.array([one.label == label for one, label in zip(found, labels, strict=True)], np.float64)
    confidence = np.array([one.probability for one in found], np.float64)
    true = np.array([one.probabilities[label] for one, label in zip(found, labels, strict=True)])
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs((confidence - is_right)[bins == number].sum()) for number in range(BINS)]
    return Agreement(float(is_right.mean()), float(-np.log(np.maximum(true, 1e-300)).mean()),
                     float(sum(gaps) / len(found)), confusions)


def number_errors(found: Sequence[Classified], labels: Sequence[str],
                  scheme: LabelScheme) -> tuple[list[float], list[float]]:
    """The mean absolute error of each number, and the one that always giving the mean of the training texts has."""
    true = np.array([scheme.vector(label) for label in labels]) * scheme.scales + scheme.means
    values = np.array([one.values for one in found])
    return (np.abs(values - true).mean(axis=0).tolist(), np.abs(true - np.array(scheme.means)).mean(axis=0).tolist())


def _of_category(text: str, weights: np.ndarray, scheme: LabelScheme, vectors: np.ndarray) -> Classified:
    order = np.argsort(-weights, kind="stable")
    probabilities = {scheme.names[place]: float(weights[place]) for place in order}
    return Classified(text, scheme.names[order[0]], float(weights[order[0]]), probabilities)


def _of_numbers(text: str, weights: np.ndarray, scheme: LabelScheme, vectors: np.ndarray) -> Classified:
    mean = weights @ vectors
    deviation = np.sqrt(np.maximum(weights @ vectors**2 - mean**2, 0))
    scales = np.array(scheme.scales)
    values = tuple((np.array(scheme.means) + mean * scales).tolist())
    return Classified(text, ",".join(f"{value:.4g}" for value in values), None, {}, values,
                      tuple((deviation * scales).tolist()))
