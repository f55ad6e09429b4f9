"""Layer interchange: a PyTorch state dict of unknown origin as one of our networks.

Names do not matter, shapes do: one recurrent layer or stack (weight_ih_l0, weight_hh_l0, ...), one linear output layer,
and perhaps an embedding. Whatever else there is can't be a part of our networks, and is refused by name.
"""

import re
from typing import NamedTuple

import numpy as np

from charrnn.errors import CheckpointError
from charrnn.interchange.state_dict import Arrays, one_bias
from charrnn.settings import NetworkSettings
from charrnn.text.vocabulary import listed

_RECURRENT = re.compile(r"(?P<stack>.*?)(?P<part>weight|bias)_(?P<of>ih|hh|hr)_l(?P<layer>\d+)(?P<reverse>_reverse)?")
# By the gates that weight_hh has rows for.
_CELLS = {1: "rnn", 3: "gru", 4: "lstm"}


class Imported(NamedTuple):
    """A network, the size of its vocabulary, and its parameters by our names."""

    network: NetworkSettings
    vocabulary: int
    arrays: Arrays


def imported(arrays: Arrays) -> Imported:
    """The network in a state dict; the message of a CheckpointError follows the file's name."""
    recurrent = {name: found for name in arrays if (found := _RECURRENT.fullmatch(name))}
    if not recurrent:
        raise CheckpointError("has no weight_ih_l0 and weight_hh_l0 of an nn.LSTM, nn.GRU or nn.RNN; its tensors: "
                              f"{listed(sorted(arrays)) or 'none'}")
    stacks = sorted({found["stack"] for found in recurrent.values()})
    if len(stacks) > 1:
        raise CheckpointError(f"has {len(stacks)} recurrent stacks ({listed(stacks)}); charrnn reads one")
    if reverse := [name for name, found in recurrent.items() if found["reverse"]]:
        raise CheckpointError(f"is bidirectional ({reverse[0]}); such a network can't write a text")
    if projected := [name for name, found in recurrent.items() if found["of"] == "hr"]:
        raise CheckpointError(f"projects its output ({projected[0]}); charrnn has no such layer")
    layers = 1 + max(int(found["layer"]) for found in recurrent.values())
    stack = {name.removeprefix(stacks[0]): arrays[name] for name in recurrent}
    cell, H, D = _shape(stack, layers)
    rest = {name: array for name, array in arrays.items() if name not in recurrent}
    initial = _initial_states(rest, cell, layers, H)
    embedding, weight, bias = _around(rest, D, H)
    V = len(weight)
    ours: Arrays = {"embedding": embedding} if embedding is not None else {}
    for k in range(layers):
        ours |= {f"weight_{of}_l{k}": stack[f"weight_{of}_l{k}"] for of in ("ih", "hh")}
        biases = one_bias(cell, *(stack.get(f"bias_{of}_l{k}", np.zeros(len(stack[f"weight_{of}_l{k}"]), np.float32))
                                  for of in ("ih", "hh")))  # there are none with bias=False
        ours |= {f"{name}_l{k}": array for name, array in biases.items()}
    ours |= {"weight_out": weight, "bias_out": bias, **initial}
    if embedding is None and V != D:
        raise CheckpointError(f"has an input {D} wide and an output of {V}; a network with one-hot input has the same "
                              "width there, and another one needs an embedding")
    network = NetworkSettings(cell=cell, hidden=H, layers=layers, dropout=0.0,
                              embedding=0 if embedding is None else embedding.shape[1],
                              learn_initial_state=bool(initial))
    return Imported(network, V, ours)


def _shape(stack: Arrays, layers: int) -> tuple[str, int, int]:
    """The cell, its width H and the width D of its input; every weight is compared with them."""
    for name in [f"weight_{of}_l{k}" for k in range(layers) for of in ("ih", "hh")]:
        if name not in stack:
            raise CheckpointError(f"lacks {name}, and has {layers} layers")
    if stack["weight_ih_l0"].ndim != 2 or stack["weight_hh_l0"].ndim != 2:
        raise CheckpointError("has a weight_ih_l0 or weight_hh_l0 that is not a matrix")
    rows, H = stack["weight_hh_l0"].shape
    D = stack["weight_ih_l0"].shape[1]
    if not H or not D or rows % H or rows // H not in _CELLS:
        raise CheckpointError(f"has a weight_hh_l0 of shape {(rows, H)}, which is none of an LSTM (4 H, H), a GRU "
                              "(3 H, H) or an RNN (H, H)")
    cell = _CELLS[rows // H]
    if cell == "gru" and len(stack["weight_ih_l0"]) == 4 * H:
        cell = "mogrifier"  # as charrnn exports it: one gate sees the input alone
    for name, array in stack.items():
        of, k = name.split("_")[1], int(name.rsplit("_l")[1])
        width = H if of == "hh" or k else D
        own = 4 * H if cell == "mogrifier" and of == "ih" else rows
        shape = (own,) if name.startswith("bias") else (own, width)
        if array.shape != shape:
            raise CheckpointError(f"has a {name} of shape {array.shape}, and {shape} would fit the other layers")
    return cell, H, D


def _initial_states(rest: Arrays, cell: str, layers: int, H: int) -> Arrays:
    """h0 and c0, as charrnn exports them, by our names; they are taken from `rest`."""
    found: Arrays = {}
    for letter in "hc"[:1 + (cell == "lstm")]:
        if rest.get(f"{letter}0", np.empty(0)).shape == (layers, 1, H):
            states = rest.pop(f"{letter}0")
            found |= {f"{letter}0_l{k}": states[k, 0] for k in range(layers)}
    return found


def _around(rest: Arrays, D: int, H: int) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """The embedding (V, D), if there is one, and weight (V, H) and bias (V) of the output."""
    weights = {name: array for name, array in rest.items() if array.ndim == 2}
    outputs = {name for name, array in weights.items()
               if array.shape[1] == H and rest.get(_bias(name), np.empty(0)).shape == (len(array),)}
    if not outputs:  # Linear(bias=False); the other matrix is then the embedding
        outputs = {name for name, array in weights.items() if array.shape[1] == H}
        if len(outputs) > 1:
            outputs = {name for name in outputs if "emb" not in name.lower()}
    if len(outputs) != 1:
        raise CheckpointError(f"has {'no' if not outputs else f'{len(outputs)} matrices that may be the'} output "
                              f"layer, an nn.Linear({H}, V); beside the recurrent layers there are: "
                              f"{listed(sorted(rest)) or 'none'}")
    (output,) = outputs
    V = len(weights.pop(output))
    embedding = None
    if weights:
        name = min(weights)
        if len(weights) == 1 and weights[name].shape == (V, D):
            embedding = weights.pop(name)
            del rest[name]
    left = sorted(set(rest) - {output, _bias(output)})
    if left:
        raise CheckpointError(f"has more than a network of charrnn: {listed(left)}; such a network has an embedding "
                              f"({V}, {D}) or one-hot input, recurrent layers, and one linear output layer")
    return embedding, rest[output], rest.get(_bias(output), np.zeros(V, np.float32))


def _bias(weight: str) -> str:
    """The name of the bias that belongs to a weight."""
    return weight.removesuffix("weight") + "bias"
