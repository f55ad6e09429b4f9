"""Layer engine: the network as a PyTorch module: its input, its layers, its output, and the parameters by our names."""

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from charrnn.cells.registry import CELLS
from charrnn.engine.torch.layers import Layer, TensorPlace, layer_of
from charrnn.engine.torch.segments import Segments
from charrnn.engine.torch.steps import State
from charrnn.settings import NetworkSettings


class TorchNetwork(nn.Module):
    """All parameters, float32, and the way from characters to logits."""

    def __init__(self, settings: NetworkSettings, vocabulary: int) -> None:
        super().__init__()
        H, cell = settings.hidden, CELLS[settings.cell]
        self.settings, self.vocabulary = settings, vocabulary
        self.embedding = nn.Parameter(torch.zeros(vocabulary, settings.embedding)) if settings.embedding else None
        # the first layer reads a character and behind it what its label adds
        self.width = settings.embedding or vocabulary
        self.layers = nn.ModuleList(layer_of(settings.cell, H if k else self.width + settings.label_width, H)
                                    for k in range(settings.layers))
        self.initial = nn.ParameterDict()
        if settings.learn_initial_state:
            self.initial.update({f"{letter}0_l{k}": nn.Parameter(torch.zeros(H))
                                 for k in range(settings.layers) for letter in cell.letters})
        self.weight_out = nn.Parameter(torch.zeros(vocabulary, H))
        self.bias_out = nn.Parameter(torch.zeros(vocabulary))
        self.places = self._places()
        self.trained = list(dict.fromkeys(place.parameter for place in self.places.values()))

    def _places(self) -> dict[str, TensorPlace]:
        """Where each of our parameters lies, by name, from input to output."""
        places = {} if self.embedding is None else {"embedding": TensorPlace(self.embedding)}
        for k, layer in enumerate(self.recurrent):
            places |= {f"{name}_l{k}": place for name, place in layer.places.items()}
        if self.settings.label_width:
            joined, every = places["weight_ih_l0"].parameter, slice(None)
            places["weight_ih_l0"] = TensorPlace(joined, (every, slice(self.width)))
            places["weight_label_l0"] = TensorPlace(joined, (every, slice(self.width, None)))
        places |= {name: TensorPlace(parameter) for name, parameter in self.initial.items()}
        return places | {"weight_out": TensorPlace(self.weight_out), "bias_out": TensorPlace(self.bias_out)}

    @property
    def recurrent(self) -> list[Layer]:
        """The layers, from below."""
        return cast("list[Layer]", list(self.layers))

    @property
    def device(self) -> torch.device:
        return self.weight_out.device

    def named(self, pick: Callable[[nn.Parameter], Tensor] = lambda parameter: parameter) -> dict[str, Tensor]:
        """Views of the parameters by our names, or of what `pick` has for each parameter of PyTorch."""
        return {name: pick(place.parameter)[place.part] for name, place in self.places.items()}

    def take(self, arrays: dict[str, np.ndarray],
             pick: Callable[[nn.Parameter], Tensor] = lambda parameter: parameter) -> None:
        """Copies arrays by our names into the parameters, or into what `pick` has for each."""
        with torch.no_grad():
            for name, view in self.named(pick).items():
                view.copy_(torch.from_numpy(np.ascontiguousarray(arrays[name], np.float32).reshape(view.shape)))

    def initial_state(self, k: int, N: int) -> State:
        """Layer k's state before a text's first character, N times: learned, or zero."""
        zero = torch.zeros(self.settings.hidden, device=self.device)
        names = [f"{letter}0_l{k}" for letter in CELLS[self.settings.cell].letters]
        return tuple((self.initial[name] if name in self.initial else zero).expand(N, -1).contiguous()
                     for name in names)

    def input_of(self, ids: Tensor) -> Tensor:
        """x (..., D) of ids (...)."""
        if self.embedding is not None:
            return functional.embedding(ids, self.embedding)
        return functional.one_hot(ids, self.vocabulary).float()

    def logits(self, output: Tensor) -> Tensor:
        return functional.linear(output, self.weight_out, self.bias_out)

    def forward(self, ids: Tensor, state: list[State], segments: Segments | None = None,
                masks: list[Tensor] | None = None, labels: Tensor | None = None) -> tuple[Tensor, list[State]]:
        """The last layer's output (T, N, H) for ids (T, N), and the state after the window.

        segments   where documents begin behind the first character; None where none does
        masks      (T, N, H) a layer: dropout on its way up
        labels     (T, N, C): the vector of each place's label
        """
        x, after = self.input_of(ids), []
        if labels is not None:
            x = torch.cat([x, labels], dim=2)
        for k, layer in enumerate(self.recurrent):
            x, layer_state = self._through(k, layer, x, state[k], segments)
            after.append(layer_state)
            if masks is not None:
                x = x * masks[k]
        return x, after

    def _through(self, k: int, layer: Layer, x: Tensor, state: State,
                 segments: Segments | None) -> tuple[Tensor, State]:
        if segments is None:
            return cast("tuple[Tensor, State]", layer(x, None, state))
        initial = self.initial_state(k, len(segments.rows))
        before = tuple(torch.where(segments.fresh, *pair)
                       for pair in zip(initial, (part[segments.rows] for part in state), strict=True))
        packed, after = layer(x.flatten(0, 1)[segments.places], segments.sizes, before)
        output = packed[segments.inverse].unflatten(0, x.shape[:2])
        return output, tuple(part[segments.last] for part in after)
