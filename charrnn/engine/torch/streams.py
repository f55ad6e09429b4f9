"""Layer engine: rows of text on PyTorch: forward, loss and truncated backpropagation through time by its autograd."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from charrnn.cells.registry import CELLS
from charrnn.engine.interface import Arrays, LayerStep, OnLayer, Streams
from charrnn.engine.predictions import Predictions
from charrnn.engine.torch.dropout import dropout_mask
from charrnn.engine.torch.layers import layer_tensors
from charrnn.engine.torch.scores import predictions_of
from charrnn.engine.torch.segments import Segments
from charrnn.engine.torch.steps import STEPS, State
from charrnn.text.windows import WindowLabels

if TYPE_CHECKING:
    from charrnn.engine.torch.engine import TorchEngine

OnState = Callable[[int, State, dict[str, Tensor]], State]


class TorchStreams(Streams):
    """Rows of text; all that lasts from window to window is the state.

    numbers   those of the rows among all that are trained side by side; dropout depends on them
    """

    def __init__(self, engine: "TorchEngine", numbers: range) -> None:
        self.engine, self.network, self.numbers, self.rows = engine, engine.network, numbers, len(numbers)
        self.settings = engine.settings
        self._state: list[State] | None = None  # None: the initial state

    def reset(self) -> None:
        self._state = None

    def state(self) -> Arrays:
        with torch.no_grad():
            return {f"{letter}_l{k}": part.cpu().numpy().copy() for k, layer in enumerate(self._carried())
                    for letter, part in zip(self._letters, layer, strict=True)}

    def set_state(self, arrays: Arrays) -> None:
        self._state = [tuple(torch.from_numpy(arrays[f"{letter}_l{k}"].astype(np.float32)).to(self.network.device)
                             for letter in self._letters) for k in range(self.settings.layers)]

    def learn(self, inputs: np.ndarray, targets: np.ndarray, keys: np.ndarray | None = None,
              recurrent_keys: np.ndarray | None = None, labels: WindowLabels | None = None) -> float:
        predicted = int(np.count_nonzero(targets >= 0))
        return self.learn_share(inputs, targets, predicted, keys, recurrent_keys, labels)

    def learn_share(self, inputs: np.ndarray, targets: np.ndarray, predicted: int, keys: np.ndarray | None,
                    recurrent_keys: np.ndarray | None, labels: WindowLabels | None = None) -> float:
        """As learn(), where these rows are a share of a window in which so many characters are predicted."""
        with self.engine.fitting(self.rows, len(inputs), learns=True):
            masks = None if keys is None else [
                dropout_mask(self.settings, len(inputs), self.numbers, int(key), self.network.device) for key in keys]
            with self.engine.dropped_weights(recurrent_keys):
                with self.engine.autocast():
                    output = self._forward(inputs, masks, labels)
                    loss = _summed_loss(self.network.logits(output), targets) / max(1, predicted)
                self.engine.backward(loss)
            return float(loss.item())

    def evaluate(self, inputs: np.ndarray, targets: np.ndarray, labels: WindowLabels | None = None) -> float:
        with self._reading(inputs):
            return float(_summed_loss(self.network.logits(self._forward(inputs, None, labels)), targets).item())

    def score(self, inputs: np.ndarray, targets: np.ndarray, top: int) -> Predictions:
        with self._reading(inputs):
            logits = self.network.logits(self._forward(inputs))
            return predictions_of(logits.float(), targets, min(top, self.engine.vocabulary))

    def record(self, inputs: np.ndarray, targets: np.ndarray, top: int,
               signals: Sequence[str]) -> tuple[Predictions, Arrays]:
        kept: dict[str, list[list[Tensor]]] = {name: [[] for _ in range(self.settings.layers)] for name in signals}

        def keep(k: int, after: State, gates: dict[str, Tensor]) -> State:
            values = {**gates, **dict(zip(self._letters, after, strict=True))}
            for name in signals:
                kept[name][k].append(values[name])
            return after

        with self._reading(inputs, autocast=False):
            logits = self.network.logits(torch.stack([self._step(ids, keep) for ids in inputs]))
        recorded = {name: torch.stack([torch.stack(layer) for layer in layers]).cpu().numpy()
                    for name, layers in kept.items()}
        return predictions_of(logits, targets, min(top, self.engine.vocabulary)), recorded

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        with self._reading(inputs):
            array: np.ndarray = self.network.logits(self._forward(inputs)[-1]).float().cpu().numpy()
            return array

    def read(self, inputs: np.ndarray, on_layer: OnLayer | None = None) -> np.ndarray:
        with self._reading(inputs, autocast=on_layer is None):
            if on_layer is None:
                output = self._forward(inputs).float()
            else:
                output = torch.stack([self._step(ids, lambda k, after, gates: self._shown(on_layer, k, after, gates))
                                      for ids in inputs])
            array: np.ndarray = output.cpu().numpy()
            return array

    @contextmanager
    def _reading(self, inputs: np.ndarray, autocast: bool = True) -> Iterator[None]:
        """A context in which a window is read and not learned."""
        with self.engine.fitting(self.rows, len(inputs)), torch.no_grad():
            if autocast:
                with self.engine.autocast():
                    yield
            else:
                yield

    @property
    def _letters(self) -> str:
        return CELLS[self.settings.cell].letters

    def _carried(self) -> list[State]:
        return self._state or [self.network.initial_state(k, self.rows) for k in range(self.settings.layers)]

    def _ids(self, ids: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(ids, np.int64)).to(self.network.device)

    def _forward(self, inputs: np.ndarray, masks: list[Tensor] | None = None,
                 labels: WindowLabels | None = None) -> Tensor:
        """Reads a window; the state moves on, and the gradient does not: truncated backpropagation through time."""
        begins = inputs == self.engine.start
        state = self._begun(self._carried(), begins[0])
        segments = Segments.of(begins, self.network.device) if begins[1:].any() else None
        vectors = None if labels is None else torch.from_numpy(labels.vectors[labels.numbers]).to(self.network.device)
        output, after = self.network(self._ids(inputs), state, segments, masks, vectors)
        self._state = [tuple(part.detach() for part in layer) for layer in after]
        result: Tensor = output
        return result

    def _begun(self, state: list[State], begins: np.ndarray) -> list[State]:
        """The state, where a row begins a document the initial one."""
        if not begins.any():
            return state
        where = torch.from_numpy(begins[:, None]).to(self.network.device)
        return [tuple(torch.where(where, *pair) for pair in zip(self.network.initial_state(k, self.rows), layer,
                                                                strict=True)) for k, layer in enumerate(state)]

    def _step(self, ids: np.ndarray, on_state: OnState) -> Tensor:
        """Reads one character of each row, ids (N,); on_state(k, state after, gates) gives the state to go on with."""
        before = self._begun(self._carried(), ids == self.engine.start)
        x, after = self.network.input_of(self._ids(ids)), []
        for k, layer in enumerate(self.network.recurrent):
            tensors = layer_tensors(layer)
            row = functional.linear(x, tensors["weight_ih"], tensors["bias"])
            state, gates = STEPS[self.settings.cell](row, before[k], tensors)
            after.append(on_state(k, state, {**gates, "h_before": before[k][0]}))
            x = after[-1][0]
        self._state = after
        return x

    def _shown(self, on_layer: OnLayer, k: int, after: State, gates: dict[str, Tensor]) -> State:
        """What on_layer makes of the state in place."""
        h, *c = (part.cpu().numpy().copy() for part in after)
        o = gates.get("o")
        on_layer(k, LayerStep(h, c[0] if c else None, gates["h_before"].cpu().numpy(),
                              None if o is None else o.cpu().numpy()))
        return tuple(torch.from_numpy(part).to(self.network.device) for part in (h, *c))


def _summed_loss(logits: Tensor, targets: np.ndarray) -> Tensor:
    """The sum of the losses in nats of the targets that are not -1."""
    wanted = torch.from_numpy(np.ascontiguousarray(targets, np.int64)).to(logits.device)
    return functional.cross_entropy(logits.float().flatten(0, 1), wanted.flatten(), ignore_index=-1, reduction="sum")
