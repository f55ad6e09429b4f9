"""Layer interchange: layers of the cell `mogrifier` as a PyTorch module that is called as nn.GRU is."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

GATES, RECURRENT_GATES = 4, 3


class Mogrifier(nn.Module):
    """The equations of charrnn/cells/mogrifier.py, one character after the other.

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
        outputs = []
        for row in functional.linear(x, weight_ih, bias_ih):
            input_r, input_z, input_n, input_m = row.chunk(GATES, -1)
            q = 2 * torch.sigmoid(input_m) * h
            before_r, before_z, s = functional.linear(q, weight_hh, bias_hh).chunk(RECURRENT_GATES, -1)
            r, z = torch.sigmoid(input_r + before_r), torch.sigmoid(input_z + before_z)
            n = torch.tanh(input_n + r * s)
            h = n + z * (h - n)
            outputs.append(h)
        return torch.stack(outputs), h
