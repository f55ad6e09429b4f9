"""Layer interchange: parameters by our names, and by those of a PyTorch state dict, in NumPy.

A module with these attributes loads what state_dict() gives as it is:

    embedding = nn.Embedding(V, E)               where the input is not one-hot
    rnn       = nn.LSTM(D, H, L), nn.GRU or nn.RNN
    output    = nn.Linear(H, V)

We have one bias a layer where PyTorch has two, which only ever act as their sum; the reset part of a GRU is the
exception, and there bias_n is PyTorch's second one. A learned initial state is h0 and c0, (L, 1, H).

The cell `mogrifier` has a GRU's names, and the module in torch_mogrifier.py.
"""

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.errors import SettingsError
from charrnn.settings import NetworkSettings

Arrays = dict[str, np.ndarray]
# The cells that PyTorch has.
TORCH_CELLS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
# Those that have a state dict.
NAMED_CELLS = (*TORCH_CELLS, "mogrifier")


def refuse_other_cells(cell: str) -> None:
    """Raises SettingsError for a cell that has no state dict."""
    if cell not in NAMED_CELLS:
        raise SettingsError(f"PyTorch has no {cell} cell; charrnn export --to onnx can write it, or train a network "
                            f"with --cell {', '.join(NAMED_CELLS)}")


def refuse_encoder(network: NetworkSettings) -> None:
    """Raises SettingsError for a network with an encoder, which is no stack of layers."""
    if network.has_encoder:
        raise SettingsError("a network with --encoder own can't be written for other programs; train one with "
                            "--encoder shared")


def state_dict(network: NetworkSettings, arrays: Arrays) -> Arrays:
    """The parameters under PyTorch's names, float32 copies; raises SettingsError for a cell that has no state dict."""
    refuse_encoder(network)
    refuse_other_cells(network.cell)
    named = {"embedding.weight": arrays["embedding"]} if network.embedding else {}
    for k in range(network.layers):
        named |= {f"rnn.weight_{part}_l{k}": arrays[f"weight_{part}_l{k}"] for part in ("ih", "hh")}
        first, second = two_biases(network, arrays, k)
        named |= {f"rnn.bias_ih_l{k}": first, f"rnn.bias_hh_l{k}": second}
    named |= {"output.weight": arrays["weight_out"], "output.bias": arrays["bias_out"]}
    if network.learn_initial_state:
        named |= {f"{letter}0": initial_state(network, arrays, letter) for letter in CELLS[network.cell].letters}
    return {name: np.array(array, np.float32, order="C") for name, array in named.items()}


def two_biases(network: NetworkSettings, arrays: Arrays, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Layer k's bias of the input and of the recurrent product, for as many gates as each of them has."""
    first, H = arrays[f"bias_l{k}"], network.hidden
    second = np.zeros(CELLS[network.cell].recurrent_gates * H, first.dtype)
    if f"bias_n_l{k}" in arrays:
        second[2 * H:] = arrays[f"bias_n_l{k}"]
    return first, second


def one_bias(cell: str, first: np.ndarray, second: np.ndarray) -> Arrays:
    """The opposite: `bias`, and bias_n of a cell that has one."""
    extra = CELLS[cell].extra
    if extra is None or extra.name != "bias_n":
        return {"bias": first + second}
    H = len(second) // 3
    return {"bias": np.concatenate([first[:2 * H] + second[:2 * H], first[2 * H:]]), "bias_n": second[2 * H:]}


def initial_state(network: NetworkSettings, arrays: Arrays, letter: str) -> np.ndarray:
    """The learned initial h or c of all layers, (L, 1, H)."""
    return np.stack([arrays[f"{letter}0_l{k}"][None] for k in range(network.layers)])
