"""Layer engine: names, shapes and initial values of the parameters, the same for every engine."""

import numpy as np

from charrnn.cells.steps import CELLS
from charrnn.errors import CheckpointError
from charrnn.settings import NetworkSettings


def parameter_shapes(settings: NetworkSettings, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """PyTorch's shape of each parameter, by name, from input to output. One bias a layer stands for PyTorch's two."""
    cell, H = CELLS[settings.cell], settings.hidden
    shapes: dict[str, tuple[int, ...]] = {}
    if settings.embedding:
        shapes["embedding"] = (vocabulary, settings.embedding)
    for k in range(settings.layers):
        D = H if k else settings.embedding or vocabulary
        shapes[f"weight_ih_l{k}"] = (cell.gates * H, D)
        shapes[f"weight_hh_l{k}"] = (cell.gates * H, H)
        shapes[f"bias_l{k}"] = (cell.gates * H,)
        if settings.cell == "gru":
            shapes[f"bias_n_l{k}"] = (H,)
        if settings.cell == "peephole":
            shapes[f"weight_peep_l{k}"] = (3 * H,)
        if settings.learn_initial_state:
            shapes |= {f"{letter}0_l{k}": (H,) for letter in "hc"[:1 + cell.has_memory]}
    return shapes | {"weight_out": (vocabulary, H), "bias_out": (vocabulary,)}


def initial_values(settings: NetworkSettings, vocabulary: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Initial values, float32: uniform within 1/sqrt(H) as in PyTorch; biases 0, but 1 for an LSTM's forget gate.

    Peepholes and the learned initial state begin at 0, so that the network begins as the one without them. The forget
    bias is from Gers, Schmidhuber & Cummins 2000: a new network remembers.
    """
    bound, hidden = 1 / np.sqrt(settings.hidden), settings.hidden
    arrays = {}
    for name, shape in parameter_shapes(settings, vocabulary).items():
        if name == "embedding":
            arrays[name] = generator.standard_normal(shape, np.float32)
        elif name.startswith(("bias", "weight_peep", "h0", "c0")):
            arrays[name] = np.zeros(shape, np.float32)
        else:
            arrays[name] = generator.uniform(-bound, bound, shape).astype(np.float32)
        if name.startswith("bias_l") and CELLS[settings.cell].has_memory:
            arrays[name][hidden:2 * hidden] = 1
    return arrays


def checked(arrays: dict[str, np.ndarray], shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Those of the arrays that `shapes` names; raises CheckpointError if one is missing or has another shape."""
    for name, shape in shapes.items():
        if name not in arrays:
            raise CheckpointError(f"parameter {name} is missing; this network needs {', '.join(shapes)}")
        if arrays[name].shape != shape:
            raise CheckpointError(f"parameter {name} has shape {arrays[name].shape}; this network needs {shape}")
    return {name: arrays[name] for name in shapes}
