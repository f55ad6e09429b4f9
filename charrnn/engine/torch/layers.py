"""Layer engine: one recurrent layer in PyTorch: its own module (cuDNN on a GPU) or a loop over steps.

What runs through a layer is packed: at each of `sizes` times so many sequences are left, the longest first, as in a
PackedSequence. The state is that of the sequences in this order.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from charrnn.cells.registry import CELLS
from charrnn.engine.torch.steps import STEPS, State, Tensors

# The cells that PyTorch has a module for.
MODULES: dict[str, type[nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class TensorPlace(NamedTuple):
    """Where one of our parameters lies: in the rows, or rows and columns, `part` of a parameter of PyTorch."""

    parameter: nn.Parameter
    part: slice | tuple[slice, slice] = slice(None)


class ModuleLayer(nn.Module):
    """A layer that is PyTorch's own. Its second bias is zero and stays so, but for the part that is a GRU's bias_n."""

    def __init__(self, cell: str, D: int, H: int) -> None:
        super().__init__()
        self.cell = cell
        self.module = MODULES[cell](D, H)
        second = self.module.bias_hh_l0
        nn.init.zeros_(second)
        self.unused = slice(0, 2 * H if cell == "gru" else None)  # of the second bias
        names = {"weight_ih": "weight_ih_l0", "weight_hh": "weight_hh_l0", "bias": "bias_ih_l0"}
        self.places = {ours: TensorPlace(getattr(self.module, theirs)) for ours, theirs in names.items()}
        if cell == "gru":
            self.places["bias_n"] = TensorPlace(second, slice(2 * H, None))
        else:
            second.requires_grad_(False)

    def forward(self, x: Tensor, sizes: Tensor | None, state: State) -> tuple[Tensor, State]:
        """Outputs of x, (T, N, D) or packed, and the state after the last character of each sequence."""
        before = tuple(part[None] for part in state)
        given = x if sizes is None else PackedSequence(x, sizes)
        output, after = self.module(given, before if len(before) > 1 else before[0])
        return (output if sizes is None else output.data,
                tuple(part[0].float() for part in (after if len(before) > 1 else (after,))))

    def drop_unused_gradient(self) -> None:
        """Keeps what is no parameter of ours at zero."""
        gradient = self.module.bias_hh_l0.grad
        if gradient is not None:
            gradient[self.unused] = 0


class LoopLayer(nn.Module):
    """A layer of a cell that PyTorch lacks: one step after the other."""

    def __init__(self, cell: str, D: int, H: int) -> None:
        super().__init__()
        self.cell, spec = cell, CELLS[cell]
        G = spec.gates
        shapes = {"weight_ih": (G * H, D), "weight_hh": (spec.recurrent_gates * H, H), "bias": (G * H,)}
        if spec.extra:
            shapes[spec.extra.name] = (spec.extra.rows * H,)
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape)))
        self.places = {name: TensorPlace(parameter) for name, parameter in self.named_parameters()}

    def forward(self, x: Tensor, sizes: Tensor | None, state: State) -> tuple[Tensor, State]:
        """As ModuleLayer has it."""
        step, layer = STEPS[self.cell], layer_tensors(self)
        rows = functional.linear(x, layer["weight_ih"], layer["bias"])
        outputs, ended = [], []
        for row in rows if sizes is None else rows.split(sizes.tolist()):
            if len(row) < len(state[0]):
                ended.append(tuple(part[len(row):] for part in state))
                state = tuple(part[:len(row)] for part in state)
            state, _ = step(row, state, layer)
            outputs.append(state[0])
        after = tuple(torch.cat([part, *(others[k] for others in reversed(ended))]).float()
                      for k, part in enumerate(state))
        return torch.stack(outputs) if sizes is None else torch.cat(outputs), after

    def drop_unused_gradient(self) -> None:
        """It has none."""


Layer = ModuleLayer | LoopLayer


def layer_of(cell: str, D: int, H: int) -> Layer:
    return (ModuleLayer if cell in MODULES else LoopLayer)(cell, D, H)


def layer_tensors(layer: Layer, pick: Callable[[nn.Parameter], Tensor] = lambda parameter: parameter) -> Tensors:
    """Views of a layer's parameters by our names, or of what `pick` has for each."""
    return {name: pick(place.parameter)[place.part] for name, place in layer.places.items()}
