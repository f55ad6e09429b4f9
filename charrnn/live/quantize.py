"""Layer live: a network's weights as small whole numbers with a scale for each row, and what that costs.

A weight is its whole number times the scale of its row; a row is what adds up to one value: a gate of a unit, a logit.
Everything that is not a matrix keeps its float32.
"""

import math
from dataclasses import dataclass

import numpy as np

from charrnn.engine.engines import open_engine
from charrnn.engine.interface import Arrays
from charrnn.settings import Settings
from charrnn.text.windows import Text
from charrnn.training.evaluation import Evaluation

# Fewer levels are better spent on the many small weights of a row than on its largest: of these shares of the largest
# weight, the one with the smallest error becomes the largest number.
_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5)


@dataclass(frozen=True)
class QuantizedMatrix:
    """values (R, C) int8, scales (R,) float32."""

    values: np.ndarray
    scales: np.ndarray

    @property
    def floats(self) -> np.ndarray:
        """The weights that these numbers stand for, (R, C) float32."""
        weights: np.ndarray = self.values.astype(np.float32) * self.scales[:, np.newaxis]
        return weights


def quantized(matrix: np.ndarray, bits: int) -> QuantizedMatrix:
    """A matrix (R, C) in `bits` (2 to 8) for each weight."""
    most = 2 ** (bits - 1) - 1
    weights = np.asarray(matrix, np.float32)
    largest = np.abs(weights).max(axis=1, initial=0)
    least, best = np.full(len(weights), np.inf), np.ones(len(weights), np.float32)
    for share in _SHARES:
        scales = np.where(largest > 0, largest * np.float32(share) / most, 1).astype(np.float32)
        errors = ((_rounded(weights, scales, most) * scales[:, np.newaxis] - weights) ** 2).sum(axis=1)
        best = np.where(errors < least, scales, best)
        least = np.minimum(errors, least)
    return QuantizedMatrix(_rounded(weights, best, most).astype(np.int8), best)


def _rounded(weights: np.ndarray, scales: np.ndarray, most: int) -> np.ndarray:
    whole: np.ndarray = np.clip(np.rint(weights / scales[:, np.newaxis]), -most, most)
    return whole


def quantized_network(parameters: Arrays, bits: int) -> dict[str, QuantizedMatrix | np.ndarray]:
    """All parameters by their names: matrices quantized, the others in float32."""
    return {name: quantized(array, bits) if array.ndim == 2 else np.asarray(array, np.float32)
            for name, array in parameters.items()}


def float_parameters(network: dict[str, QuantizedMatrix | np.ndarray]) -> Arrays:
    """The parameters that a quantized network computes with, as an engine loads them."""
    return {name: array.floats if isinstance(array, QuantizedMatrix) else array for name, array in network.items()}


@dataclass(frozen=True)
class MeasuredLoss:
    """Mean nats per unit of a text, with the network's own weights and with its quantized ones."""

    exact: float
    quantized: float

    @property
    def cost(self) -> float:
        """What quantization costs, in bits per unit."""
        return (self.quantized - self.exact) / math.log(2)


def measured_loss(parameters: Arrays, network: dict[str, QuantizedMatrix | np.ndarray], settings: Settings, start: int,
                  text: Text) -> MeasuredLoss:
    """What `text` costs with `parameters`, and with the quantized `network`.

    start   the id that every document begins with; -1 where there are no documents
    """
    vocabulary = len(parameters["bias_out"])

    def loss(arrays: Arrays) -> float:
        engine = open_engine("compiled", settings.network, vocabulary, threads=1, start=start)
        engine.load(arrays)
        nats = Evaluation(engine, text, settings.windows.window, 1).loss()
        assert nats is not None  # nobody asked it to stop
        return nats

    return MeasuredLoss(loss(parameters), loss(float_parameters(network)))
