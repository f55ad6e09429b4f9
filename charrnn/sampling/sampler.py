"""Floor 6: new text from a trained network. Each character is drawn from the network's prediction and fed back in.

A sampler holds N streams with a state of their own; what it has read and written so far is its past.
"""

import time
from collections.abc import Iterator

import numpy as np

from charrnn.kernels import generate as kernels
from charrnn.kernels.target import padded, zeros
from charrnn.network.parameters import GATES
from charrnn.network.weights import Weights
from charrnn.settings import NetworkSettings

_CELLS = {"rnn": kernels.RNN, "lstm": kernels.LSTM, "gru": kernels.GRU}
# One call of the kernel takes about this long: short enough to look like a stream and to feel Ctrl-C at once.
_SECONDS_A_CALL = 0.03
_FIRST_CALL, _LONGEST_CALL = 16, 4096


class Sampler:
    """`streams` texts that grow side by side; `start` (an id) is what they read first."""

    def __init__(self, network: NetworkSettings, weights: Weights, streams: int = 1) -> None:
        self.vocabulary = weights.vocabulary
        self._weights, self._cell = weights, _CELLS[network.cell]
        H, width, layers = padded(network.hidden), GATES[network.cell] * padded(network.hidden), weights.layers
        self._packed = zeros(sum(layer.ih.size * (k > 0) + layer.hh.size for k, layer in enumerate(layers)))
        at = 0
        for k, layer in enumerate(layers):
            for packed in (layer.ih, layer.hh) if k else (layer.hh,):
                self._packed[at : at + packed.size] = packed
                at += packed.size
        self._bias = np.stack([layer.bias for layer in layers])
        self._bias_n = np.stack([layer.bias_n for layer in layers])
        self._h, self._c = zeros((len(layers), streams, H)), zeros((len(layers), streams, H))
        self._gates = zeros((streams, width if network.cell == "rnn" else 4 * H))
        self._rows = zeros((streams, width))
        self._logits = zeros((streams, weights.bias_out.size))
        self._scratch = np.zeros(weights.bias_out.size)
        self._tokens = np.zeros(streams, np.int32)

    def begin(self, ids: np.ndarray) -> None:
        """Forgets everything and reads ids (P, streams) int32, at least one line of them."""
        self._h[:] = 0
        self._c[:] = 0
        self._tokens[:] = ids[0]
        self.generate(ids[1:], np.zeros((0, len(self._tokens))), 1.0, 0)

    def generate(self, prime: np.ndarray, draws: np.ndarray, temp: float, top_k: int) -> np.ndarray:
        """The next len(draws) ids (S, streams) after prime (P, streams), drawn with numbers (S, streams) in [0, 1)."""
        out = np.zeros(draws.shape, np.int32)
        weights = self._weights
        kernels.generate(weights.tiles, self._cell, weights.table, self._packed, self._bias, self._bias_n, weights.out,
                         weights.bias_out, self._h, self._c, self._gates, self._rows, self._logits, self._scratch,
                         self.vocabulary, self._tokens, np.ascontiguousarray(prime, np.int32), draws, float(temp),
                         top_k, out)
        return out

    def stream(self, length: int, generator: np.random.Generator, temp: float, top_k: int) -> Iterator[np.ndarray]:
        """`length` further ids of every stream, (S, streams) at a time, in pieces of a few hundredths of a second.

        The pieces' sizes do not change what is drawn.
        """
        nothing = np.zeros((0, len(self._tokens)), np.int32)
        size = _FIRST_CALL
        while length > 0:
            size = min(size, length)
            start = time.perf_counter()
            yield self.generate(nothing, generator.random((size, len(self._tokens))), temp, top_k)
            seconds = time.perf_counter() - start
            length -= size
            size = max(1, min(int(size * min(4.0, _SECONDS_A_CALL / max(seconds, 1e-9))), _LONGEST_CALL))
