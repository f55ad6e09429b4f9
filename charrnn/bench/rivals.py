"""Layer bench: who may be measured beside us, and what that takes."""

import importlib.util
from collections.abc import Sequence
from typing import NamedTuple

from charrnn.bench.shape import Shape
from charrnn.errors import MeasurementError

# The cells that all of them have, and how PyTorch may read a character.
CELLS, FORMS = ("rnn", "lstm", "gru"), ("embedding", "one-hot")


class Rival(NamedTuple):
    """`name` begins the names of its rows; `packages` are what is imported."""

    name: str
    packages: tuple[str, ...]

    @property
    def is_installed(self) -> bool:
        return all(map(importlib.util.find_spec, self.packages))


RIVALS = {"torch": Rival("PyTorch", ("torch",)), "onnx": Rival("ONNX Runtime", ("onnx", "onnxruntime"))}


def refuse(rivals: Sequence[str], shapes: Sequence[Shape]) -> None:
    """Raises MeasurementError if one of them is not installed, or lacks a cell."""
    for rival in rivals:
        name, packages = RIVALS[rival]
        if not RIVALS[rival].is_installed:
            raise MeasurementError(f"{name} is not installed; pip install {' '.join(packages)} installs it, or leave "
                                   f"--against {rival} out")
        if alone := [shape for shape in shapes if shape.cell not in CELLS]:
            raise MeasurementError(f"{name} has no {alone[0].cell}; leave out that shape, or --against")
