"""Layer cells: a recurrent layer over one window of one shard, forward and backward: the loops that all cells share.

The loops are templates; a cell's kernels are made of them and of its own steps (spec.py). Notation, the same
everywhere:

    N sequences side by side   T characters   D width of the input   H hidden size, padded to whole cache lines (the
    units in the padding stay 0)   V vocabulary   G gates   K columns kept of each character   t time   j unit W =
    weight_ih (input)   U = weight_hh (recurrent)   b bias   x input   h hidden state   c cell state   `d` + name:
    gradient

h and c are (T+1, N, H): row t is the state before character t, row 0 the state that was carried in. W x + b comes as
rows of a table (R, G*H): for the first layer one row for each character of the vocabulary, for the layers above one
row for each place of a short stretch of time.
"""

import hashlib
import inspect
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from charrnn.cells.readers import OF_TWO, Readers, add_weight_gradient, part, product
from charrnn.cells.spec import CellSpec
from charrnn.kernels.document_starts import put_initial, state_before, take_initial
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner, kernel

# Rows (time steps x sequences) handled together: few enough that a chunk's gates are still in the cache when the
# weight gradients read them, enough that those products run deep.
CHUNK_ROWS = 256


NO_LABELS = np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32)


class LayerInput(NamedTuple):
    """What a layer reads. Where x (T, N, D) is empty, its input is tokens (T, N); a text begins at the character
    `start`.

    With labels (T, N), which are rows of label_table (K, G*H), W x takes in what each place's label adds to it. An
    encoder reads the tokens from first_source on (readers.py).
    """

    tokens: np.ndarray
    x: np.ndarray
    start: int
    labels: np.ndarray = NO_LABELS[0]
    label_table: np.ndarray = NO_LABELS[1]
    first_source: int = 0


class KernelWeights(NamedTuple):
    """A layer's parameters as the kernels read them: weight_ih and weight_hh packed, for the forward or backward pass.

    With an encoder its own lie behind the decoder's in all but the initial state, and so do their gradients.
    """

    ih: np.ndarray
    hh: np.ndarray
    bias: np.ndarray  # (G*H)
    extra: np.ndarray  # what only some cells have
    h0: np.ndarray  # (H), the state that a text begins with
    c0: np.ndarray


class Kept(NamedTuple):
    """What a layer keeps of a window for the backward pass."""

    h: np.ndarray  # (T+1, N, H)
    c: np.ndarray  # the same; empty in a cell without memory
    gates: np.ndarray  # (T, N, K*H)


class StateGradients(NamedTuple):
    """Gradients that flow back through a layer."""

    dout: np.ndarray  # (T, N, H), of its output; becomes that of its input
    dh: np.ndarray  # (N, H), of the last state; becomes that of the first
    dc: np.ndarray


class WeightGradients(NamedTuple):
    """Where a layer's gradients are added up."""

    table: np.ndarray  # (V, G*H)
    ih: np.ndarray
    hh: np.ndarray
    bias: np.ndarray
    extra: np.ndarray
    h0: np.ndarray
    c0: np.ndarray
    label_table: np.ndarray  # (K, G*H)


class Scratch(NamedTuple):
    """Memory of a shard that nobody reads later."""

    rounded: np.ndarray  # for bfloat16 products; empty in float32
    copied: np.ndarray  # for float32 weight gradients
    before: np.ndarray  # (N, H), states of which some are initial ones
    labelled: np.ndarray  # (G*H), a row of the table with its label's; empty without labels
    sorted: np.ndarray  # for products of two readers; empty without an encoder


# What a cell puts in place of these: see CompiledStep and CellSpec.
step = step_backward = finish = finish_backward = scale = scale_backward = inner(lambda: None)
KEPT = FIRST = SECOND = 1
HAS_MEMORY = CARRIES_DH = HAS_ENCODER = IS_SCALED = False
IS_STACKED = True
EXTRA_COLUMN = -1
INPUT_COLUMNS = ((0, 0, 1),)


@inner
def hold_output(row, product, gates, extra, c, h, unit, value, H):
    """Sets the output of a unit of a cell without memory."""
    h[unit] = value[0]


@register_jitable
def chunk_steps(N: int) -> int:
    """Time steps in a chunk of N sequences."""
    return max(1, CHUNK_ROWS // N)


def rounded_size(N: int, kept: int, width: int) -> int:
    """Numbers of scratch memory that bfloat16 products of N sequences need: a chunk's kept gates, and its h or x."""
    rows: int = chunk_steps(N) * N
    return (rows + rows % 2) // 2 * (kept + width)


def sorted_size(N: int, gates: int, H: int) -> int:
    """Numbers of scratch memory that the products of two readers need: a chunk's gates, and its h or x."""
    rows: int = chunk_steps(N) * N
    return rows * (gates + 1) * H


@inner
def labelled_row(row, label, total):
    """total (G*H) = a row of the table and what a label adds to it."""
    for j in range(total.size):
        total[j] = row[j] + label[j]
    return total


@inner
def add_row(source, at, width, total, total_at):
    """total[total_at:] (width) += source[at:] (width)."""
    row, out = source[at:at + width], total[total_at:total_at + width]
    for j in range(width):
        out[j] += row[j]


@inner
def add_table_gradients(tokens, start, stop, gates, columns, H, table):
    """Adds the gate gradients of steps start..stop to the rows of the table that were read: those of `columns`."""
    first, to, width = columns[0] * H, columns[1] * H, columns[2] * H
    for t in range(start, stop):
        for n in range(tokens.shape[1]):
            row = gates[t, n, first:first + width]
            out = table[tokens[t, n], to:to + width]
            for j in range(width):
                out[j] += row[j]


def forward(tiles, window, table, weights, kept, scratch):
    """Fills h, c and gates for the window. tiles: the address of the micro-kernels (microkernel.py)."""
    tokens, x, start, labels, label_table, first_source = window
    h, c, gates = kept
    readers = Readers(flat(tokens), first_source, scratch.sorted)
    rounded, bias, extra, h0, c0 = scratch.rounded, weights.bias, weights.extra, weights.h0, weights.c0
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    for t in range(T):
        if IS_STACKED and x.size and t % chunk == 0:
            D, rows, width = x.shape[2], min(chunk, T - t) * N, table.shape[1]
            for row in range(rows):
                out = table[row]
                if HAS_ENCODER:
                    bias = part(readers, t * N + row, weights.bias)
                for j in range(width):
                    out[j] = bias[j]
            product(tiles, readers, t * N, flat(x), t * N * D, D, rows, weights.ih, 0, D, width, flat(table), 0, width,
                    True, rounded)
        at = t * N * KEPT * H
        if IS_SCALED:
            for n in range(N):
                row = table[t % chunk * N + n if IS_STACKED and x.size else tokens[t, n]]
                if labels.size:
                    row = labelled_row(row, label_table[labels[t, n]], scratch.labelled)
                scale(row, gates[t, n], h0 if tokens[t, n] == start else h[t, n], H)
            a, a_at, lda = flat(gates), at + (KEPT - 1) * H, KEPT * H
        else:
            a, a_at = state_before(tokens, t, start, h, h0, scratch.before)
            lda = H
        product(tiles, readers, t * N, a, a_at, lda, N, weights.hh, 0, H, FIRST * H, flat(gates), at, KEPT * H, False,
                rounded)
        for n in range(N):
            row = table[t % chunk * N + n if IS_STACKED and x.size else tokens[t, n]]
            if labels.size:
                row = labelled_row(row, label_table[labels[t, n]], scratch.labelled)
            if HAS_ENCODER:
                extra = part(readers, t * N + n, weights.extra)
            h_before = h0 if tokens[t, n] == start else h[t, n]
            if HAS_MEMORY:
                c_before = c0 if tokens[t, n] == start else c[t, n]
                step(row, gates[t, n], extra, h_before, c_before, h[t + 1, n], c[t + 1, n], H)
            else:
                step(row, gates[t, n], extra, h_before, c0, h[t + 1, n], c0, H)
        if SECOND > 0:
            product(tiles, readers, t * N, flat(gates), at + (KEPT - 1) * H, KEPT * H, N, weights.hh, FIRST * H * H, H,
                    SECOND * H, flat(gates), at + FIRST * H, KEPT * H, True, rounded)
            for n in range(N):
                h_before = h0 if tokens[t, n] == start else h[t, n]
                finish(gates[t, n], h_before, h[t + 1, n], H)


def backward(tiles, window, weights, kept, flow, gradients, scratch):
    """Truncated backpropagation through time over one window (Williams & Peng 1990): adds this window's gradients.

    What is carried from window to window is the state: h[0], c[0] are the last states of the window before. What is
    cut is the gradient: dh and dc start as 0 at the last character, whatever comes after the window, and when they
    arrive at the first character they go no further (they are kept for whoever wants the gradient of the state that
    was carried in).

    Weight gradients follow the recurrence chunk by chunk, while the chunk is still in the cache. The kept gates
    become their gradients.
    """
    tokens, start = window.tokens, window.start
    h, c, gates = kept
    dout, dh, dc = flow
    rounded, copied, h0, c0 = scratch.rounded, scratch.copied, weights.h0, weights.c0
    extra, dbias, dextra = weights.extra, gradients.bias, gradients.extra
    readers = Readers(flat(tokens), window.first_source, scratch.sorted)
    T, N = tokens.shape
    H = h.shape[2]
    chunk = chunk_steps(N)
    stop = T
    for t in range(T - 1, -1, -1):
        at = t * N * KEPT * H
        put_initial(tokens[t], start, h[t], h0)
        if SECOND > 0:
            for n in range(N):
                finish_backward(gates[t, n], h[t, n], dout[t, n], dh[n], H)
            # a step's dout, used up by now, takes the gradient of what the second product multiplied
            product(tiles, readers, t * N, flat(gates), at + FIRST * H, KEPT * H, N, weights.hh, FIRST * H * H,
                    SECOND * H, H, flat(dout), t * N * H, H, False, rounded)
        for n in range(N):
            if HAS_ENCODER:
                extra, dextra = part(readers, t * N + n, weights.extra), part(readers, t * N + n, gradients.extra)
            if HAS_MEMORY:
                c_before = c0 if tokens[t, n] == start else c[t, n]
                step_backward(gates[t, n], extra, h[t, n], c_before, c[t + 1, n], dout[t, n], dh[n], dc[n], dextra, H)
            else:
                step_backward(gates[t, n], extra, h[t, n], c0, c0, dout[t, n], dh[n], dc[n], dextra, H)
        # here too dout makes room, for the gradient of what was made of h-
        dread, dread_at, adds = (flat(dout), t * N * H, False) if IS_SCALED else (flat(dh), 0, CARRIES_DH)
        product(tiles, readers, t * N, flat(gates), at, KEPT * H, N, weights.hh, 0, FIRST * H, H, dread, dread_at, H,
                adds, rounded)
        if IS_SCALED:
            for n in range(N):
                scale_backward(gates[t, n], h[t, n], dout[t, n], dh[n], H)
        take_initial(tokens[t], start, dh, gradients.h0)
        if HAS_MEMORY:
            take_initial(tokens[t], start, dc, gradients.c0)
        if t % chunk == 0:
            rows = (stop - t) * N
            b, b_at, ldb = flat(h), t * N * H, H
            if IS_SCALED:
                b, b_at, ldb = flat(gates), at + (KEPT - 1) * H, KEPT * H
            add_weight_gradient(tiles, readers, t * N, flat(gates), at, KEPT * H, b, b_at, ldb, rows, FIRST * H, H,
                                flat(gradients.hh), 0, H, rounded, copied)
            if SECOND > 0:
                add_weight_gradient(tiles, readers, t * N, flat(gates), at + FIRST * H, KEPT * H, flat(gates),
                                    at + (KEPT - 1) * H, KEPT * H, rows, SECOND * H, H, flat(gradients.hh),
                                    FIRST * H * H, H, rounded, copied)
            if EXTRA_COLUMN >= 0:
                for row in range(rows):
                    if HAS_ENCODER:
                        dextra = part(readers, t * N + row, gradients.extra)
                    add_row(flat(gates), at + (row * KEPT + EXTRA_COLUMN) * H, H, dextra, 0)
            for columns in INPUT_COLUMNS:
                if IS_STACKED and window.x.size:
                    # dout takes the gradient of x; the gradient of h that it held has been used up
                    first, to, width, D = columns[0] * H, columns[1] * H, columns[2] * H, window.x.shape[2]
                    for row in range(rows):
                        if HAS_ENCODER:
                            dbias = part(readers, t * N + row, gradients.bias)
                        add_row(flat(gates), at + row * KEPT * H + first, width, dbias, to)
                    add_weight_gradient(tiles, readers, t * N, flat(gates), at + first, KEPT * H, flat(window.x),
                                        t * N * D, D, rows, width, D, flat(gradients.ih), to * D, D, rounded, copied)
                    product(tiles, readers, t * N, flat(gates), at + first, KEPT * H, rows, weights.ih, to * D, width,
                            D, flat(dout), t * N * D, D, to > 0, rounded)
                else:
                    add_table_gradients(tokens, t, stop, gates, columns, H, gradients.table)
                    if window.labels.size:
                        add_table_gradients(window.labels, t, stop, gates, columns, H, gradients.label_table)
            stop = t


def of_cell(template: Any, spec: CellSpec, is_stacked: bool = True, has_encoder: bool = False) -> Any:
    """The template with the steps and numbers of a cell, as a kernel.

    is_stacked    for networks of several layers; one layer has its table to read from, and a kernel that compiles
                  faster
    has_encoder   for networks whose sources are read by weights of their own

    They are globals of the new function, not a closure: numba's cache would take a closure over functions for another
    one in every process. Numbers in globals are constants to it, and what they rule out is not compiled. The name of
    a cell from elsewhere carries a digest of its source, which jit.fingerprint() does not see.
    """
    compiled = spec.compiled
    own = {"step": compiled.forward, "step_backward": compiled.backward, "hold": compiled.hold,
           "finish": compiled.finish or finish, "finish_backward": compiled.finish_backward or finish_backward,
           "scale": compiled.scale or scale, "scale_backward": compiled.scale_backward or scale_backward,
           "IS_SCALED": compiled.scale is not None,
           "KEPT": spec.kept, "FIRST": spec.products[0], "SECOND": sum(spec.products[1:]),
           "HAS_MEMORY": spec.has_memory, "CARRIES_DH": spec.carries_dh, "EXTRA_COLUMN": spec.extra_column,
           "INPUT_COLUMNS": tuple(tuple(columns) for columns in spec.input_columns), "IS_STACKED": is_stacked,
           "HAS_ENCODER": has_encoder, **(OF_TWO if has_encoder else {})}
    name = kernel_name(template.__name__, spec, is_stacked, has_encoder)
    made = FunctionType(template.__code__, {**template.__globals__, **own}, name)
    made.__qualname__, made.__module__ = made.__name__, template.__module__
    return kernel(made)


def kernel_name(template: str, spec: CellSpec, is_stacked: bool = True, has_encoder: bool = False) -> str:
    """`lstm_forward`, `lstm_forward_one`, `lstm_forward_encoder`, `generate_lstm`: what a cell's kernel is called, and
    its machine code kept under."""
    source = Path(inspect.getfile(spec.step))
    is_ours = source.parent == Path(__file__).parent
    foreign = "" if is_ours else hashlib.sha256(source.read_bytes()).hexdigest()[:8] + "_"
    name = spec.name.replace("-", "_")
    if template == "generate":
        return f"generate_{foreign}{name}"
    return f"{name}_{foreign}{template}" + ("" if is_stacked else "_one") + ("_encoder" if has_encoder else "")
