"""Layer engine: the parameters as the kernels read them: tables and packed panels, made anew after each update."""

import itertools
from collections.abc import Sequence

import numpy as np

from charrnn.cells.embedding import embedding_forward
from charrnn.cells.recurrence import KernelWeights
from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.parameters import Parameters
from charrnn.kernels import dropout
from charrnn.kernels.cpu import padded, zeros
from charrnn.kernels.microkernel import BF16, FLOAT32, tiles
from charrnn.kernels.packing import pack
from charrnn.kernels.softmax import NEVER, OutputLayer

EMPTY = np.zeros(0, np.float32)


def drop_rows(source: np.ndarray, target: np.ndarray, rate: float, key: np.uint32, part: int, parts: int) -> None:
    """target (R, C) = source with a share of its numbers dropped, in part `part` of `parts` of the rows.

    target may be source; the same key drops the same places.
    """
    start, stop = (len(source) * cut // parts for cut in (part, part + 1))
    if target is not source:
        target[start:stop] = source[start:stop]
    dropout.drop(target[np.newaxis, start:stop], rate, key, start)


def _blocks(gates: Sequence[int], each: int) -> list[tuple[int, int]]:
    """The rows of a weight, `each` a gate, cut into blocks of so many gates."""
    stops = list(itertools.accumulate(count * each for count in gates))
    return list(zip([0, *stops], stops, strict=False))


class LayerWeights:
    """One layer: weight_ih and weight_hh packed for the forward pass, and transposed for the backward pass.

    With an encoder everything but the initial state is twice as long: the decoder's, and behind it the encoder's.
    `readers` has the forward weights of each by itself.
    """

    def __init__(self, parameters: Parameters, k: int, kind: int) -> None:
        network = parameters.network
        readers = 1 + network.has_encoder
        self.bias = parameters.stored(f"bias_l{k}").reshape(-1)
        cell = CELLS[network.cell]
        self.extra = parameters.stored(f"{cell.extra.name}_l{k}") if cell.extra else EMPTY
        self.h0, self.c0 = (parameters.stored(name) if name in parameters.table else zeros(padded(network.hidden))
                            for name in (f"h0_l{k}", f"c0_l{k}"))
        self._hh = parameters.stored(f"weight_hh_l{k}")
        self._ih = parameters.stored(f"weight_ih_l{k}")
        self.one_hot = k == 0 and not network.embedding
        # An embedding is folded into the table, once an update: nothing is gained there by rounding.
        self._hh_bf16, self._ih_bf16 = kind == BF16, kind == BF16 and k > 0
        size = self._hh.size >> self._hh_bf16
        self.hh, self.hh_back = zeros(size), zeros(size)
        size = 0 if self.one_hot else self._ih.size >> self._ih_bf16
        self.ih, self.ih_back = zeros(size), zeros(size)
        self._dropped = zeros(self._hh.shape) if network.recurrent_dropout else self._hh
        # Gates that are multiplied by themselves are packed by themselves: a product begins where a block does.
        each = self._hh.shape[0] // (readers * cell.recurrent_gates)
        self._hh_blocks = _blocks(cell.products * readers, each)
        # The embedding's gradient is that of the table, whose gates lie side by side.
        columns = [part.width for part in cell.input_columns] if k else [cell.gates]
        self._ih_blocks = [] if self.one_hot else _blocks(columns * readers, each)
        self.forward = KernelWeights(self.ih, self.hh, self.bias, self.extra, self.h0, self.c0)
        self.backward = KernelWeights(self.ih_back, self.hh_back, self.bias, self.extra, self.h0, self.c0)
        self.readers = [KernelWeights(ih, hh, bias, extra, self.h0, self.c0) for ih, hh, bias, extra in zip(
            *(np.split(array, readers) for array in (self.ih, self.hh, self.bias, self.extra)), strict=True)]

    def drop(self, rate: float, key: np.uint32, part: int, parts: int) -> None:
        """Drops a share of weight_hh for the windows until refresh(); when all parts are done, pack them."""
        drop_rows(self._hh, self._dropped, rate, key, part, parts)

    def pack_dropped(self, part: int, parts: int) -> None:
        """Packs part `part` of `parts` of what drop() left of weight_hh."""
        self._pack_recurrent(self._dropped, part, parts)

    def _pack_recurrent(self, weight: np.ndarray, part: int, parts: int) -> None:
        for start, stop in self._hh_blocks:
            at = start * weight.shape[1]
            pack(weight[start:stop], True, self.hh, at, self._hh_bf16, part, parts)
            pack(weight[start:stop], False, self.hh_back, at, self._hh_bf16, part, parts)

    def refresh(self, part: int, parts: int) -> None:
        """Packs part `part` of `parts`, each of about equal size."""
        self._pack_recurrent(self._hh, part, parts)
        if not self.one_hot:
            for number, weight in enumerate(self._ih.reshape(len(self.readers), -1, self._ih.shape[1])):
                pack(weight, True, self.ih, number * weight.size, self._ih_bf16, part, parts)
        for start, stop in self._ih_blocks:
            pack(self._ih[start:stop], False, self.ih_back, start * self._ih.shape[1], self._ih_bf16, part, parts)


class Weights:
    """Everything a window reads: layers, the table of the first one, the output layer.

    start   the character that every text begins with: before it the state is the initial one; -1 where there is none
    """

    def __init__(self, parameters: Parameters, precision: str = "float32", start: int = -1) -> None:
        self.start = start
        self.kind = BF16 if precision == "bf16" else FLOAT32
        # The table is made once an update: nothing is gained by rounding there.
        self.tiles, self.table_tiles = tiles(self.kind), tiles()
        self.layers = [LayerWeights(parameters, k, self.kind) for k in range(parameters.network.layers)]
        self._out = parameters.stored("weight_out")
        self._bias_out = parameters.stored("bias_out")
        self.vocabulary, hidden = self._out.shape
        width, even = padded(self.vocabulary), self.vocabulary + self.vocabulary % 2
        weight, weight_back = (zeros(rows * hidden >> (self.kind == BF16)) for rows in (width, even))
        self.output = OutputLayer(self.tiles, weight, weight_back, zeros(width))
        self.output.bias[:] = NEVER
        readers = 1 + parameters.network.has_encoder
        # a row for each unit that the decoder reads, and behind them one for each that the encoder reads
        self.table = zeros((readers * self.vocabulary, self.layers[0].bias.size // readers))
        self._out_padded = zeros((width, hidden))
        self._out_even = self._out_padded[:even]
        self.embedding = EMPTY.reshape(0, 0, 0)
        if self.layers[0].one_hot:
            self._weight_table = parameters.stored("weight_ih_l0")
        else:
            self.embedding = parameters.stored("embedding")[np.newaxis]
        self.refresh_part(0, 1)
        self.refresh_table()

    def refresh_part(self, part: int, parts: int) -> None:
        """Packs part `part` of `parts` anew; when all are done, refresh_table() is due."""
        for layer in self.layers:
            layer.refresh(part, parts)
        if part == parts - 1:
            self._out_padded[: self.vocabulary] = self._out
            self.output.bias[: self.vocabulary] = self._bias_out[: self.vocabulary]
            pack(self._out_padded, True, self.output.weight, 0, self.kind == BF16, 0, 1)
            pack(self._out_even, False, self.output.weight_back, 0, self.kind == BF16, 0, 1)

    def refresh_table(self) -> None:
        """Makes the first layer's table anew."""
        first = self.layers[0]
        for number, (weights, table) in enumerate(zip(first.readers, self.by_reader(self.table), strict=True)):
            if first.one_hot:
                np.add(self.by_reader(self._weight_table)[number], weights.bias, out=table)
            else:
                embedding_forward(self.table_tiles, self.embedding, weights.ih, weights.bias, table)

    def by_reader(self, table: np.ndarray) -> np.ndarray:
        """A table, or its gradient, by who reads it: (1, V, G*H), or (2, V, G*H) with an encoder."""
        return table.reshape(-1, self.vocabulary, table.shape[1])
