"""Layer runs: whether the network in a checkpoint is the one that its settings describe, and fit for use.

Shapes are compared before anything is allocated: a small file must not claim a network of gigabytes.
"""

from collections.abc import Iterable

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.engine.initial import parameter_shapes
from charrnn.errors import CheckpointError
from charrnn.runs.checkpoint import Checkpoint
from charrnn.text.documents import mark_of
from charrnn.text.tokenizers import vocabulary_of
from charrnn.text.vocabulary import Vocabulary

# A parameter is far below it, or its network has gone wrong; products of two, summed, are numbers of float32 up to it.
LARGEST = 1e15
FLOAT32 = float(np.finfo(np.float32).max)


def check_network(checkpoint: Checkpoint) -> Vocabulary:
    """The vocabulary of a checkpoint that can be used; raises CheckpointError for one that can't."""
    vocabulary = vocabulary_of(checkpoint.settings.text, checkpoint.vocabulary)
    mark = mark_of(checkpoint.settings.text)
    if mark is not None and mark not in vocabulary.units:
        raise CheckpointError(f"its vocabulary lacks {mark!r}, which ends its documents; use another copy")
    if not len(vocabulary):
        raise CheckpointError("its vocabulary is empty; use another copy")
    shapes = parameter_shapes(checkpoint.settings.network, len(vocabulary))
    _check_shapes(checkpoint.arrays, shapes)
    _check_values(name for name in not_finite(checkpoint) if name in shapes)
    return vocabulary


def check_state(checkpoint: Checkpoint) -> Vocabulary:
    """The same for a run that is to be resumed, whose carried state is compared too."""
    vocabulary, settings = check_network(checkpoint), checkpoint.settings
    shape = settings.windows.batch, settings.network.hidden
    _check_shapes(checkpoint.arrays, {f"state.{letter}_l{k}": shape for k in range(settings.network.layers)
                                      for letter in CELLS[settings.network.cell].letters})
    _check_values(not_finite(checkpoint))
    return vocabulary


def not_finite(checkpoint: Checkpoint) -> list[str]:
    """The names of the arrays with values that are NaN, infinite or too large: of parameters those from LARGEST on, of
    others those that are too large for float32."""
    return [name for name, array in checkpoint.arrays.items() if array.dtype.kind == "f" and array.size
            and not float(np.abs(array).max()) < (FLOAT32 if "." in name else LARGEST)]


def _check_values(wrong: Iterable[str]) -> None:
    for name in wrong:
        raise CheckpointError(f"{_named(name)} has values that are NaN or too large; use an earlier checkpoint")


def _check_shapes(arrays: dict[str, np.ndarray], shapes: dict[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        if name not in arrays:
            raise CheckpointError(f"{_named(name)} is missing; it does not hold the network that it describes")
        if arrays[name].shape != shape or arrays[name].dtype.kind != "f":
            raise CheckpointError(f"{_named(name)} has shape {arrays[name].shape} of {arrays[name].dtype}, not {shape} "
                                  "of float32; it does not hold the network that it describes")


def _named(name: str) -> str:
    return f"array {name}" if "." in name else f"parameter {name}"
