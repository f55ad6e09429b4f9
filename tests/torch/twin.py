"""The same network built of PyTorch's own modules, with the parameters under our names. Needs torch.

The leaves are tensors by OUR names; PyTorch's are put together from them. So gradients, clipping and Adam are
PyTorch's own work on our parameters. Its second bias stays zero, but for the GRU's part that is `bias_n`.
"""

import numpy as np
import torch

from charrnn.network.cells import State
from charrnn.settings import NetworkSettings

Tensors = dict[str, torch.Tensor]
MODULES = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def leaves(parameters: dict[str, np.ndarray]) -> Tensors:
    """The parameters as float64 tensors that collect gradients, copies."""
    return {name: torch.tensor(array, dtype=torch.float64, requires_grad=True)
            for name, array in parameters.items()}


def arrays(tensors: Tensors) -> dict[str, np.ndarray]:
    """Tensors by name as NumPy arrays, copies."""
    return {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}


def forward(
    network: NetworkSettings, parameters: Tensors, inputs: np.ndarray, state: list[State]
) -> tuple[torch.Tensor, list[State]]:
    """Logits (T, N, V) that know their history, and the state after the window, which does not."""
    vocabulary = parameters["bias_out"].numel()
    ids = torch.tensor(inputs)
    if network.embedding:
        x = torch.nn.functional.embedding(ids, parameters["embedding"])
    else:
        x = torch.nn.functional.one_hot(ids, vocabulary).to(torch.float64)
    module = MODULES[network.cell](x.shape[-1], network.hidden, network.layers, dtype=torch.float64)
    packed = [torch.tensor(np.stack(part)) for part in zip(*state, strict=True)]  # h and perhaps c, (L, N, H)
    before = tuple(packed) if len(packed) == 2 else packed[0]
    outputs, after = torch.func.functional_call(module, _their_names(network, parameters), (x, before))
    after = after if len(packed) == 2 else (after,)
    final_state = list(zip(*(part.detach().numpy() for part in after), strict=True))
    return torch.nn.functional.linear(outputs, parameters["weight_out"], parameters["bias_out"]), final_state


def loss(logits: torch.Tensor, targets: np.ndarray) -> torch.Tensor:
    """Mean nats over the targets that are not -1."""
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), torch.tensor(targets).flatten(), ignore_index=-1)


def _their_names(network: NetworkSettings, parameters: Tensors) -> Tensors:
    theirs = {}
    for k in range(network.layers):
        bias = parameters[f"bias_l{k}"]
        theirs |= {name: parameters[name] for name in (f"weight_ih_l{k}", f"weight_hh_l{k}")}
        theirs[f"bias_ih_l{k}"] = bias
        theirs[f"bias_hh_l{k}"] = torch.zeros_like(bias)
        if network.cell == "gru":
            zeros = torch.zeros(2 * network.hidden, dtype=torch.float64)  # r and z need no second bias
            theirs[f"bias_hh_l{k}"] = torch.cat([zeros, parameters[f"bias_n_l{k}"]])
    return theirs
