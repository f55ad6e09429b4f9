"""Layer engine: names, shapes and initial values of the parameters, the same for every engine."""

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.errors import CheckpointError
from charrnn.settings import NetworkSettings


def encoder_name(name: str) -> str:
    """weight_ih_encoder_l0: what the encoder has in the place of a layer's weight_ih_l0."""
    stem, _, layer = name.rpartition("_l")
    return f"{stem}_encoder_l{layer}"


def parameter_shapes(settings: NetworkSettings, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """PyTorch's shape of each parameter, by name, from input to output. One bias a layer stands for PyTorch's two."""
    cell, H = CELLS[settings.cell], settings.hidden
    shapes: dict[str, tuple[int, ...]] = {}
    if settings.embedding:
        shapes["embedding"] = (vocabulary, settings.embedding)
    for k in range(settings.layers):
        D = H if k else settings.embedding or vocabulary
        layer: dict[str, tuple[int, ...]] = {f"weight_ih_l{k}": (cell.gates * H, D)}
        layer[f"weight_hh_l{k}"] = (cell.recurrent_gates * H, H)
        if k == 0 and settings.label_width:
            layer["weight_label_l0"] = (cell.gates * H, settings.label_width)
        layer[f"bias_l{k}"] = (cell.gates * H,)
        if cell.extra:
            layer[f"{cell.extra.name}_l{k}"] = (cell.extra.rows * H,)
        for name, shape in layer.items():
            shapes[name] = shape
            if settings.has_encoder:
                shapes[encoder_name(name)] = shape
        if settings.learn_initial_state:
            shapes |= {f"{letter}0_l{k}": (H,) for letter in cell.letters}
    return shapes | {"weight_out": (vocabulary, H), "bias_out": (vocabulary,)}


def initial_values(settings: NetworkSettings, vocabulary: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Initial values, float32: uniform within 1/sqrt(H) as in PyTorch; biases 0 but where the cell has others.

    What only some cells have, the weights of labels and the learned initial state begin at 0, so that the network
    begins as the one without them.
    """
    cell, bound, hidden = CELLS[settings.cell], 1 / np.sqrt(settings.hidden), settings.hidden
    arrays = {}
    for name, shape in parameter_shapes(settings, vocabulary).items():
        if name == "embedding":
            arrays[name] = generator.standard_normal(shape, np.float32)
        elif not name.startswith(("weight_ih", "weight_hh", "weight_out")):
            arrays[name] = np.zeros(shape, np.float32)
        else:
            arrays[name] = generator.uniform(-bound, bound, shape).astype(np.float32)
        for gate, value in cell.initial_bias.items() if name.startswith(("bias_l", "bias_encoder_l")) else ():
            at = cell.gate_names.index(gate) * hidden
            arrays[name][at:at + hidden] = value
    return arrays


def checked(arrays: dict[str, np.ndarray], shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Those of the arrays that `shapes` names; raises CheckpointError if one is missing or has another shape."""
    for name, shape in shapes.items():
        if name not in arrays:
            raise CheckpointError(f"parameter {name} is missing; this network needs {', '.join(shapes)}")
        if arrays[name].shape != shape:
            raise CheckpointError(f"parameter {name} has shape {arrays[name].shape}; this network needs {shape}")
    return {name: arrays[name] for name in shapes}
