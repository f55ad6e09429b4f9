"""Layer interchange: a network as a PyTorch module, of PyTorch's own layers where it has them."""

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

from charrnn.errors import SettingsError
from charrnn.interchange.state_dict import TORCH_CELLS, Arrays, refuse_encoder, refuse_other_cells, state_dict
from charrnn.settings import NetworkSettings

if TYPE_CHECKING:
    from torch import nn


def check_torch(what: str) -> None:
    """Raises SettingsError where PyTorch is not there, and says how to get it for `what`."""
    if importlib.util.find_spec("torch") is None:
        raise SettingsError(f"{what} needs PyTorch: pip install 'charrnn-numba[torch]'")


def _layers_of(cell: str) -> "Callable[..., nn.Module]":
    from torch import nn

    if cell in TORCH_CELLS:
        module: Callable[..., nn.Module] = getattr(nn, TORCH_CELLS[cell])
        return module
    from charrnn.interchange.torch_mogrifier import Mogrifier

    return Mogrifier


def torch_module(network: NetworkSettings, arrays: Arrays, vocabulary: int) -> "nn.Module":
    """A CharacterNetwork with these parameters, as copies, ready to predict; train() turns its dropout on.

    forward(ids (T, N), state=None) gives the logits (T, N, V) and the state after the last character, which is what
    its PyTorch layer takes and gives: h or (h, c), each (L, N, H). Without a state it begins with the initial one.

    Raises SettingsError for a cell that has no module, or without PyTorch.
    """
    check_torch("to_torch()")
    refuse_encoder(network)
    refuse_other_cells(network.cell)
    import torch
    from torch import nn
    from torch.nn import functional

    class CharacterNetwork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            H, L = network.hidden, network.layers
            self.embedding = nn.Embedding(vocabulary, network.embedding) if network.embedding else None
            layers = _layers_of(network.cell)
            self.rnn = layers(network.embedding or vocabulary, H, L, dropout=network.dropout if L > 1 else 0.0)
            self.dropout = nn.Dropout(network.dropout)
            self.output = nn.Linear(H, vocabulary)
            learned = ["h0", "c0"][:1 + (network.cell == "lstm")] if network.learn_initial_state else []
            for name in learned:
                self.register_parameter(name, nn.Parameter(torch.zeros(L, 1, H)))
            self.learned = learned

        def forward(self, ids, state=None):  # type: ignore[no-untyped-def]
            x = functional.one_hot(ids, vocabulary).float() if self.embedding is None else self.embedding(ids)
            if state is None and self.learned:
                parts = [getattr(self, name).expand(-1, ids.shape[1], -1).contiguous() for name in self.learned]
                state = tuple(parts) if len(parts) == 2 else parts[0]
            h, state = self.rnn(x, state)
            return self.output(self.dropout(h)), state

    module = CharacterNetwork()
    module.load_state_dict({name: torch.from_numpy(array) for name, array in state_dict(network, arrays).items()})
    return module.eval()
