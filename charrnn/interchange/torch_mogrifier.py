"""Layer interchange: layers of the cell `mogrifier` as a PyTorch module that is called as nn.GRU is."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from charrnn.cells.mogrifier import MOGRIFIER
from charrnn.engine.torch.steps import mogrifier

GATES, RECURRENT_GATES = MOGRIFIER.gates, MOGRIFIER.recurrent_gates


class Mogrifier(nn.Module):
    """The steps of charrnn/engine/torch/steps.py, one character after the other.

    Parameters are called as those of nn.GRU(D, H, L), and are as large, but for weight_ih (4*H, D) and bias_ih (4*H),
    which have a fourth block, for m.
    """

    def __init__(self, D: int, H: int, L: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.H, self.L, self.dropout = H, L, dropout
        for k in range(L):
            for name, shape in (("weight_ih", (GATES * H, H if k else D)), ("weight_hh", (RECURRENT_GATES * H, H)),
                                ("bias_ih", (GATES * H,)), ("bias_hh", (RECURRENT_GATES * H,))):
                self.register_parameter(f"{name}_l{k}", nn.Parameter(torch.zeros(shape)))

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The output (T, N, H) of x (T, N, D), and the state (L, N, H) after it."""
        states = x.new_zeros(self.L, x.shape[1], self.H) if state is None else state
        after = []
        for k in range(self.L):
            x, h = self._layer(k, x if k == 0 else functional.dropout(x, self.dropout, self.training), states[k])
            after.append(h)
        return x, torch.stack(after)

    def _layer(self, k: int, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        weight_ih, weight_hh, bias_ih, bias_hh = (cast(Tensor, getattr(self, f"{name}_l{k}"))
                                                  for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        # bias_hh counts as in nn.GRU: inside the reset gate for n, as a sum with bias_ih for r and z
        outer, bias_n = bias_hh.split([2 * self.H, self.H])
        bias = bias_ih + functional.pad(outer, (0, 2 * self.H))
        outputs = []
        for row in functional.linear(x, weight_ih, bias):
            (h,), _ = mogrifier(row, (h,), {"weight_hh": weight_hh, "bias_n": bias_n})
            outputs.append(h)
        return torch.stack(outputs), h
