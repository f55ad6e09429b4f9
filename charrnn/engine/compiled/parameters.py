"""Layer engine: names, shapes and initial values of the parameters; one flat buffer, and views of it by name.

Outside, parameters have PyTorch's names, shapes and gate order. Inside, each lies in the flat buffer as the kernels
want it: widths padded to whole cache lines (the padding is 0 and stays 0), and the first layer of a one-hot input
turned round, one row for each character. One bias a layer stands for PyTorch's two, whose gradients are equal.

Where sources are read by an encoder, each of its parameters lies right behind the one of the decoder that it stands
for, and kernels see the two as one that is twice as long.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.engine.initial import checked, encoder_name, initial_values
from charrnn.kernels.cpu import padded, zeros
from charrnn.settings import NetworkSettings


@dataclass(frozen=True)
class Parameter:
    """Where one parameter lies in a flat buffer and how it is seen."""

    name: str
    shape: tuple[int, ...]  # outside: PyTorch's
    split: tuple[int, ...]  # the same with the gates as an axis of their own
    stored: tuple[int, ...]  # `split` padded, in the order of `axes`
    axes: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        return int(np.prod(self.stored))

    def stored_in(self, flat: np.ndarray, times: int = 1) -> np.ndarray:
        """A matrix over its stretch of the buffer, as kernels read it: the last stored axis, or the last two, wide.

        times   2 takes in what lies behind it, of the same shape
        """
        rows = self.stored[0] if len(self.axes) < 3 or self.axes[0] == 2 else self.stored[0] * self.stored[1]
        view = flat[self.offset : self.offset + times * self.size]
        return view if len(self.shape) == 1 else view.reshape(times * rows, -1)

    def seen_in(self, flat: np.ndarray) -> np.ndarray:
        """A writable view with the gates as an axis of their own, without padding."""
        view = flat[self.offset : self.offset + self.size].reshape(self.stored)
        view = view.transpose(np.argsort(self.axes))
        return view[tuple(slice(width) for width in self.split)]


# Name, shape with gates apart, and axis order in the buffer.
_Layout = tuple[str, tuple[int, ...], tuple[int, ...]]


def _layer(network: NetworkSettings, vocabulary: int, k: int) -> Iterator[_Layout]:
    """The parameters of layer k, but for its initial state."""
    cell, hidden = CELLS[network.cell], network.hidden
    one_hot = k == 0 and not network.embedding
    width = hidden if k else (network.embedding or vocabulary)
    yield f"weight_ih_l{k}", (cell.gates, hidden, width), (2, 0, 1) if one_hot else (0, 1, 2)
    yield f"weight_hh_l{k}", (cell.recurrent_gates, hidden, hidden), (0, 1, 2)
    if k == 0 and network.label_width:
        yield "weight_label_l0", (cell.gates, hidden, network.label_width), (2, 0, 1)
    yield f"bias_l{k}", (cell.gates, hidden), (0, 1)
    if cell.extra:
        rows = cell.extra.rows
        yield f"{cell.extra.name}_l{k}", *(((hidden,), (0,)) if rows == 1 else ((rows, hidden), (0, 1)))


def _parameters(network: NetworkSettings, vocabulary: int) -> Iterator[_Layout]:
    """All parameters, from input to output."""
    cell, hidden = CELLS[network.cell], network.hidden
    if network.embedding:
        yield "embedding", (vocabulary, network.embedding), (0, 1)
    for k in range(network.layers):
        for name, split, axes in _layer(network, vocabulary, k):
            yield name, split, axes
            if network.has_encoder:
                yield encoder_name(name), split, axes
        if network.learn_initial_state:
            yield from ((f"{letter}0_l{k}", (hidden,), (0,)) for letter in cell.letters)
    yield "weight_out", (vocabulary, hidden), (0, 1)
    yield "bias_out", (vocabulary,), (0,)


class Parameters:
    """The parameters of one network: `flat` (P,) float32, and what lies where in it."""

    def __init__(self, network: NetworkSettings, vocabulary: int) -> None:
        self.network = network
        self.table: dict[str, Parameter] = {}
        offset = 0
        for name, split, axes in _parameters(network, vocabulary):
            # Only an innermost axis is padded, and units always: gates then start on cache lines too.
            is_gated = len(split) > 1 and name not in ("embedding", "weight_out")
            widths = [padded(width) if axis == axes[-1] or (is_gated and axis == 1) else width
                      for axis, width in enumerate(split)]
            shape = (split[0] * split[1], *split[2:]) if is_gated else split
            self.table[name] = Parameter(name, shape, split, tuple(widths[axis] for axis in axes), axes, offset)
            offset += padded(self.table[name].size)
        self.flat = zeros(offset)

    @property
    def count(self) -> int:
        """How many numbers are learned, padding not counted."""
        return sum(int(np.prod(parameter.shape)) for parameter in self.table.values())

    def stored(self, name: str, flat: np.ndarray | None = None) -> np.ndarray:
        """The kernels' view of a parameter, or of what belongs to it in another buffer of the same layout; of one that
        the encoder has too, of both."""
        times = 2 if self.network.has_encoder and encoder_name(name) in self.table else 1
        return self.table[name].stored_in(self.flat if flat is None else flat, times)

    def to_arrays(self, flat: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Copies by name in PyTorch's shapes, of the parameters or of another buffer of the same layout."""
        flat = self.flat if flat is None else flat
        return {name: parameter.seen_in(flat).reshape(parameter.shape).copy()
                for name, parameter in self.table.items()}

    def from_arrays(self, arrays: dict[str, np.ndarray], flat: np.ndarray | None = None) -> None:
        """Sets every parameter from arrays of PyTorch's shapes; raises CheckpointError if one is missing or misshapen.

        Nothing is changed unless all of them fit.
        """
        checked(arrays, {name: parameter.shape for name, parameter in self.table.items()})
        for name, parameter in self.table.items():
            view = parameter.seen_in(self.flat if flat is None else flat)
            view[...] = arrays[name].reshape(view.shape)

    def initialize(self, generator: np.random.Generator) -> None:
        """Draws initial values, the same as for every engine."""
        vocabulary = self.table["bias_out"].shape[0]
        self.from_arrays(initial_values(self.network, vocabulary, generator))
