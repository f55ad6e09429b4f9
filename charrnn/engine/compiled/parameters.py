"""Layer engine: the parameters in one flat buffer, and views of it by name.

Outside, parameters have PyTorch's names, shapes and gate order. Inside, each lies in the flat buffer as the kernels
want it: widths padded to whole cache lines (the padding is 0 and stays 0), and the first layer of a one-hot input
turned round, one row for each character. One bias a layer stands for PyTorch's two, whose gradients are equal.

Where sources are read by an encoder, each of its parameters lies right behind the one of the decoder that it stands
for, and kernels see the two as one that is twice as long.
"""

import re
from dataclasses import dataclass

import numpy as np

from charrnn.engine.initial import checked, encoder_name, initial_values, parameter_shapes
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


def _placed(name: str, shape: tuple[int, ...], network: NetworkSettings, offset: int) -> Parameter:
    """Where the parameter lies; those of a layer have their gates apart, where one row counts as one gate."""
    is_of_layer = re.search(r"_l\d+$", name) is not None
    split = (shape[0] // network.hidden, network.hidden, *shape[1:]) if is_of_layer else shape
    # one-hot inputs and labels have their rows looked up
    is_turned = name.startswith("weight_label") or (
        not network.embedding and name in ("weight_ih_l0", encoder_name("weight_ih_l0")))
    axes = (2, 0, 1) if is_turned else tuple(range(len(split)))
    # Only an innermost axis is padded, and units always: gates then start on cache lines too.
    widths = [padded(width) if axis == axes[-1] or (is_of_layer and axis == 1) else width
              for axis, width in enumerate(split)]
    return Parameter(name, shape, split, tuple(widths[axis] for axis in axes), axes, offset)


class Parameters:
    """The parameters of one network: `flat` (P,) float32, and what lies where in it."""

    def __init__(self, network: NetworkSettings, vocabulary: int) -> None:
        self.network = network
        self.table: dict[str, Parameter] = {}
        offset = 0
        for name, shape in parameter_shapes(network, vocabulary).items():
            self.table[name] = _placed(name, shape, network, offset)
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
