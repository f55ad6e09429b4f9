"""Layer engine: the buffers of a few of a batch's sequences, and their way through one window: forward, loss, backward.

Numbers held for n sequences, T characters, H padded hidden size, L layers, K columns kept of each character:

    L (T+1) n H  h           L (T+1) n H  c, if any     L T n K H  gates
      T n H    dout          L T n H    dropped (with dropout)     2 L n H  dh, dc
    65 V logits              256 G H    input rows (with more than one layer)
    V G H    dtable (with an embedding)         H  ignored      n H  before (where texts begin inside a window)
    256 (G+1) H    sorted (with an encoder, whose table has 2 V rows)
"""

from collections.abc import Callable

import numpy as np

from charrnn.cells.embedding import embedding_backward
from charrnn.cells.recurrence import (
    Kept,
    LayerInput,
    Scratch,
    StateGradients,
    WeightGradients,
    chunk_steps,
    rounded_size,
    sorted_size,
)
from charrnn.cells.registry import CELLS, backward_kernel, forward_kernel
from charrnn.engine.compiled.packed_weights import EMPTY, Weights
from charrnn.engine.compiled.parameters import Parameters
from charrnn.engine.predictions import Predictions
from charrnn.kernels.cpu import padded, zeros
from charrnn.kernels.dropout import drop
from charrnn.kernels.matmul import copied_size
from charrnn.kernels.microkernel import BF16, FLOAT32
from charrnn.kernels.predictions import output_scores
from charrnn.kernels.softmax import BLOCK_ROWS, output_loss, output_rounded_size
from charrnn.text.windows import WindowLabels

_NO_INPUT = EMPTY.reshape(0, 0, 0)


class Shard:
    """Sequences first_row .. first_row + rows of a batch, for windows of up to `window` characters."""

    def __init__(self, parameters: Parameters, weights: Weights, rows: int, window: int, first_row: int = 0) -> None:
        network = parameters.network
        self.parameters, self.weights, self.network = parameters, weights, network
        self.rows, self.first_row = rows, first_row
        self.cell = cell = CELLS[network.cell]
        self.forward, self.backward = (kernel(cell.name, network.layers > 1, network.has_encoder)
                                       for kernel in (forward_kernel, backward_kernel))
        H, L = padded(network.hidden), network.layers
        width = cell.kept * H

        def buffers(*shape: int) -> list[np.ndarray]:
            return [zeros(shape) for _ in range(L)]

        self.h = buffers(window + 1, rows, H)
        self.c = buffers(window + 1, rows, H) if cell.has_memory else [_NO_INPUT] * L
        self.gates = buffers(window, rows, width)
        self.dropped = buffers(window, rows, H) if network.dropout else []
        self.dout = zeros((window, rows, H))
        self.dh, self.dc = buffers(rows, H), buffers(rows, H)
        self.before = zeros((rows if weights.start >= 0 else 0, H))
        self.ignored = zeros(H)  # takes the gradient of an initial state that is not learned
        self.logits = zeros((BLOCK_ROWS + 1, weights.output.bias.size))
        places = chunk_steps(rows) * rows if L > 1 else 0
        self.input_rows = zeros((places, cell.gates * H))
        rounded = max(rounded_size(rows, width, H), output_rounded_size(weights.vocabulary, H))
        self.rounded = zeros(rounded if weights.kind == BF16 else 0)
        self.copied = zeros(copied_size(H) if weights.kind == FLOAT32 else 0)
        self.dtable = zeros(weights.table.shape if network.embedding else (0, 0))
        self.labelled = zeros(cell.gates * H if network.label_width else 0)
        self.sorted = zeros(sorted_size(rows, cell.gates, H) if network.has_encoder else 0)
        self.scratch = Scratch(self.rounded, self.copied, self.before, self.labelled, self.sorted)
        self.reset_state()

    @property
    def nbytes(self) -> int:
        """Bytes in all buffers."""
        return sum(array.nbytes for array in (
            *self.h, *self.c, *self.gates, *self.dropped, self.dout, *self.dh, *self.dc, self.logits,
            self.input_rows, self.dtable, self.rounded, self.copied, self.before, self.ignored, self.labelled,
            self.sorted))

    def set_state(self, h: list[np.ndarray], c: list[np.ndarray]) -> None:
        """Takes each layer's h and c (rows, H) as the state before the next window."""
        self.is_initial = False
        for k in range(self.network.layers):
            self.h[k][0, :, : self.network.hidden] = h[k]
            if self.cell.has_memory:
                self.c[k][0, :, : self.network.hidden] = c[k]

    def reset_state(self) -> None:
        """Goes back to the initial state: zero, or what was learned so far."""
        for k, layer in enumerate(self.weights.layers):
            self.h[k][0] = layer.h0
            if self.c[k].size:
                self.c[k][0] = layer.c0
        self.is_initial = True

    def state(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Copies of each layer's h and c (rows, H) before the next window; c is empty where a cell has none."""
        H = self.network.hidden
        return [h[0, :, :H].copy() for h in self.h], [c[0, :, :H].copy() for c in self.c if c.size]

    def read(self, tokens: np.ndarray, keys: np.ndarray | None = None,
             touch: Callable[[int], None] | None = None, labels: WindowLabels | None = None) -> np.ndarray:
        """The last layer's output (T, rows, H) for tokens (T, rows); with keys (L,), dropout is on.

        touch   is told of each layer when it is done, and may change its h and c before the next layer reads them
        """
        x = _NO_INPUT
        for k, layer in enumerate(self.weights.layers):
            table = self.input_rows if k else self.weights.table
            self.forward(self.weights.tiles, self._layer_input(k, tokens, x, labels), table, layer.forward,
                         self._kept(k), self.scratch)
            if touch is not None:
                touch(k)
            x = self.h[k][1 : len(tokens) + 1]
            if keys is not None:
                dropped = self.dropped[k][: len(tokens)]
                dropped[...] = x
                drop(dropped, self.network.dropout, keys[k], self.first_row)
                x = dropped
        return x

    def carry_state(self, T: int) -> None:
        """Makes the state after T characters the one before the next window."""
        self.is_initial = False
        for array in (*self.h, *self.c):
            array[:1] = array[T : T + 1]

    def evaluate(self, tokens: np.ndarray, targets: np.ndarray, labels: WindowLabels | None = None) -> float:
        """The sum of the losses in nats of targets (T, rows) after tokens (T, rows); the state moves on."""
        x = self.read(tokens, labels=labels)
        loss = self._output(x, targets, 0.0, self.dout[: len(tokens)], self.parameters.flat)
        self.carry_state(len(tokens))
        return loss

    def score(self, tokens: np.ndarray, targets: np.ndarray, top: int) -> Predictions:
        """The predictions of targets (T, rows) after tokens (T, rows), with the `top` most probable characters each, or
        all of them; the state moves on."""
        x = self.read(tokens)
        V = self.parameters.table["bias_out"].shape[0]
        scores = Predictions.empty(len(targets), self.rows, min(top, V))
        loss = output_scores(self.weights.output, x, targets, self.logits, self.rounded, V, *scores[1:])
        self.carry_state(len(tokens))
        return scores._replace(loss=float(loss))

    @np.errstate(over="ignore", invalid="ignore")  # the gradient's norm tells of it
    def learn(self, tokens: np.ndarray, targets: np.ndarray, scale: float, gradient: np.ndarray,
              keys: np.ndarray | None = None, labels: WindowLabels | None = None) -> float:
        """The sum of the losses as evaluate() gives it; gradient (P,) becomes that of the sum times scale."""
        T = len(tokens)
        x = self.read(tokens, keys, labels=labels)
        gradient.fill(0)
        dout = self.dout[:T]
        # Snippets may ask for their last character only: the places before it then have no target at all.
        start = T - 1 if T > 1 and np.all(targets[:-1] < 0) else 0
        dout[:start] = 0
        loss = self._output(x[start:], targets[start:], scale, dout[start:], gradient)
        for k in reversed(range(self.network.layers)):
            if keys is not None:
                drop(dout, self.network.dropout, keys[k], self.first_row)
            window = self._layer_input(k, tokens, self._input_of(k, T, keys is not None), labels)
            self._learn_layer(k, window, dout, gradient, labels)
        self.carry_state(T)
        return loss

    def _output(self, x: np.ndarray, targets: np.ndarray, scale: float, dout: np.ndarray,
                gradient: np.ndarray) -> float:
        stored = self.parameters.stored
        return float(output_loss(self.weights.output, x, targets, np.float32(scale), self.logits, self.rounded, dout,
                                 stored("weight_out", gradient), stored("bias_out", gradient)))

    def _layer_input(self, k: int, tokens: np.ndarray, x: np.ndarray, labels: WindowLabels | None) -> LayerInput:
        """What layer k reads; the first one with what each label adds to its table's rows."""
        if k or labels is None:
            return LayerInput(tokens, x, self.weights.start, first_source=self.weights.vocabulary)
        table = np.einsum("kc,cg->kg", labels.vectors, self.parameters.stored("weight_label_l0"), order="C")
        return LayerInput(tokens, x, self.weights.start, labels.numbers, table)

    def _kept(self, k: int) -> Kept:
        return Kept(self.h[k], self.c[k], self.gates[k])

    def _input_of(self, k: int, T: int, is_dropped: bool) -> np.ndarray:
        """What layer k read in the last window, (T, rows, H); empty for the first, which has its table."""
        if k == 0:
            return _NO_INPUT
        return self.dropped[k - 1][:T] if is_dropped else self.h[k - 1][1 : T + 1]

    def _learn_layer(self, k: int, window: LayerInput, dout: np.ndarray, gradient: np.ndarray,
                     labels: WindowLabels | None) -> None:
        """Adds layer k's gradients; dout (T, rows, H) goes in as that of its output, comes out as that of its input."""
        layer, network = self.weights.layers[k], self.network

        def stored(name: str) -> np.ndarray:
            return self.parameters.stored(name, gradient)

        dtable, dlabels = self.dtable, np.zeros_like(window.label_table)
        if k == 0 and network.embedding:
            dtable.fill(0)
        elif k == 0:
            dtable = stored("weight_ih_l0")
        dh0, dc0 = (stored(name) if name in self.parameters.table else self.ignored
                    for name in (f"h0_l{k}", f"c0_l{k}"))
        self.dh[k].fill(0)
        self.dc[k].fill(0)
        extra = stored(f"{self.cell.extra.name}_l{k}") if self.cell.extra else EMPTY
        self.backward(
            self.weights.tiles, window, layer.backward, self._kept(k),
            StateGradients(dout, self.dh[k], self.dc[k]),
            WeightGradients(dtable, stored(f"weight_ih_l{k}"), stored(f"weight_hh_l{k}"), stored(f"bias_l{k}"), extra,
                            dh0, dc0, dlabels), self.scratch)
        if self.is_initial and network.learn_initial_state:
            dh0 += self.dh[k].sum(axis=0)
            dc0 += self.dc[k].sum(axis=0)
        if k == 0:
            # each position used one row of the table, and each row holds the bias once
            tables, dbias = self.weights.by_reader(dtable), stored("bias_l0")
            np.sum(tables, axis=1, out=dbias.reshape(len(tables), -1))
            if labels is not None:
                np.einsum("kg,kc->cg", dlabels, labels.vectors, out=stored("weight_label_l0"))
            if network.embedding:
                weights = layer.ih_back.reshape(len(tables), -1)
                dweights = stored("weight_ih_l0").reshape(len(tables), dtable.shape[1], -1)
                for number, own in enumerate(tables):
                    embedding_backward(self.weights.table_tiles, own, self.weights.embedding, weights[number],
                                       stored("embedding"), dweights[number], number > 0)
