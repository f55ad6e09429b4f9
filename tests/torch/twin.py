"""The same network built of PyTorch's own modules, with the parameters under our names. Needs torch.

The leaves are tensors by OUR names; PyTorch's are put together from them. So gradients, clipping and Adam are
PyTorch's own work on our parameters. Its second bias stays zero, but for the GRU's part that is `bias_n`.

Cells that PyTorch has not are loops over its tensors, gate by gate as they were published, and their gradients its own.
"""

import numpy as np
import torch

from charrnn.cells.numpy_step import State
from charrnn.settings import NetworkSettings

Tensors = dict[str, torch.Tensor]
MODULES = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def _peephole(x: torch.Tensor, state: list[torch.Tensor], layer: Tensors) -> list[torch.Tensor]:
    """Gers & Schmidhuber 2000: h and c after one step."""
    h, c = state
    (Wi, Wf, Wg, Wo), (Ui, Uf, Ug, Uo), (bi, bf, bg, bo) = (
        layer[name].chunk(4) for name in ("weight_ih", "weight_hh", "bias"))
    pi, pf, po = layer["weight_peep"].chunk(3)
    i = torch.sigmoid(x @ Wi.T + h @ Ui.T + pi * c + bi)
    f = torch.sigmoid(x @ Wf.T + h @ Uf.T + pf * c + bf)
    c = f * c + i * torch.tanh(x @ Wg.T + h @ Ug.T + bg)
    o = torch.sigmoid(x @ Wo.T + h @ Uo.T + po * c + bo)
    return [o * torch.tanh(c), c]


def _gru_original(x: torch.Tensor, state: list[torch.Tensor], layer: Tensors) -> list[torch.Tensor]:
    """Chung et al. 2014: h after one step."""
    (h,) = state
    (Wr, Wz, W), (Ur, Uz, U), (br, bz, b) = (layer[name].chunk(3) for name in ("weight_ih", "weight_hh", "bias"))
    r = torch.sigmoid(x @ Wr.T + h @ Ur.T + br)
    z = torch.sigmoid(x @ Wz.T + h @ Uz.T + bz)
    candidate = torch.tanh(x @ W.T + (r * h) @ U.T + b)
    return [z * h + (1 - z) * candidate]


def _mogrifier(x: torch.Tensor, state: list[torch.Tensor], layer: Tensors) -> list[torch.Tensor]:
    """A GRU that reads 2 sigmoid(W_m x + b_m) * h, as Melis et al. 2020 scale a state."""
    (h,) = state
    (Wr, Wz, W, Wm), (Ur, Uz, U), (br, bz, b, bm) = (
        layer[name].chunk(count) for name, count in (("weight_ih", 4), ("weight_hh", 3), ("bias", 4)))
    read = (1 + torch.tanh((x @ Wm.T + bm) / 2)) * h
    r = torch.sigmoid(x @ Wr.T + read @ Ur.T + br)
    z = torch.sigmoid(x @ Wz.T + read @ Uz.T + bz)
    candidate = torch.tanh(x @ W.T + b + r * (read @ U.T + layer["bias_n"]))
    return [z * h + (1 - z) * candidate]


LOOPS = {"peephole": _peephole, "gru-original": _gru_original, "mogrifier": _mogrifier}
CELLS = (*MODULES, *LOOPS)


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
    outputs, final_state = (_by_module if network.cell in MODULES else _by_loop)(network, parameters, x, state)
    return torch.nn.functional.linear(outputs, parameters["weight_out"], parameters["bias_out"]), final_state


def _by_loop(
    network: NetworkSettings, parameters: Tensors, x: torch.Tensor, state: list[State]
) -> tuple[torch.Tensor, list[State]]:
    step, final_state = LOOPS[network.cell], []
    for k in range(network.layers):
        layer = {name.removesuffix(f"_l{k}"): tensor for name, tensor in parameters.items()}
        carried, outputs = [torch.tensor(array) for array in state[k]], []
        for x_t in x:
            carried = step(x_t, carried, layer)
            outputs.append(carried[0])
        x = torch.stack(outputs)
        final_state.append(tuple(tensor.detach().numpy() for tensor in carried))
    return x, final_state


def _by_module(
    network: NetworkSettings, parameters: Tensors, x: torch.Tensor, state: list[State]
) -> tuple[torch.Tensor, list[State]]:
    module = MODULES[network.cell](x.shape[-1], network.hidden, network.layers, dtype=torch.float64)
    packed = [torch.tensor(np.stack(part)) for part in zip(*state, strict=True)]  # h and perhaps c, (L, N, H)
    before = tuple(packed) if len(packed) == 2 else packed[0]
    outputs, after = torch.func.functional_call(module, _their_names(network, parameters), (x, before))
    after = after if len(packed) == 2 else (after,)
    final_state = list(zip(*(part.detach().numpy() for part in after), strict=True))
    return outputs, final_state


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
