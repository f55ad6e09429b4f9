"""Layer engine: rows of text that several processes share: data-parallel training.

A window comes in whole, the same in every process. Each learns its own rows of it; then losses and gradients are added
up, so that all of them make the same update. What one process would compute alone is the same to rounding.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from charrnn.engine.interface import Arrays, OnLayer, Streams
from charrnn.engine.predictions import Predictions
from charrnn.engine.torch.processes import Processes
from charrnn.engine.torch.streams import TorchStreams
from charrnn.text.windows import WindowLabels

if TYPE_CHECKING:
    from charrnn.engine.torch.engine import TorchEngine


class SharedStreams(Streams):
    """`rows` rows, of which this process computes its share; for training and validation."""

    def __init__(self, engine: "TorchEngine", processes: Processes, rows: int) -> None:
        self.engine, self.processes, self.rows = engine, processes, rows
        self.own = processes.share(rows)
        self.streams = TorchStreams(engine, range(self.own.start, self.own.stop))

    def reset(self) -> None:
        self.streams.reset()

    def state(self) -> Arrays:
        return self.processes.gathered(self.streams.state(), self.rows)

    def set_state(self, arrays: Arrays) -> None:
        self.streams.set_state({name: array[self.own] for name, array in arrays.items()})

    def learn(self, inputs: np.ndarray, targets: np.ndarray, keys: np.ndarray | None = None,
              recurrent_keys: np.ndarray | None = None, labels: WindowLabels | None = None) -> float:
        predicted = int(np.count_nonzero(targets >= 0))
        loss = torch.tensor([self.streams.learn_share(
            inputs[:, self.own], targets[:, self.own], predicted, keys, recurrent_keys, self._own_labels(labels),
        )], device=self.engine.device)
        self.processes.add_up([*self.engine.gradients(), loss])
        return float(loss.item())

    def _own_labels(self, labels: WindowLabels | None) -> WindowLabels | None:
        return None if labels is None else labels._replace(numbers=labels.numbers[:, self.own])

    def evaluate(self, inputs: np.ndarray, targets: np.ndarray, labels: WindowLabels | None = None) -> float:
        own = 0.0
        if self.own.start < self.own.stop:
            own = self.streams.evaluate(inputs[:, self.own], targets[:, self.own],
                                        self._own_labels(labels))
        return self.processes.sum(own)

    def score(self, inputs: np.ndarray, targets: np.ndarray, top: int) -> Predictions:
        raise NotImplementedError("scoring is for one process")

    def record(self, inputs: np.ndarray, targets: np.ndarray, top: int,
               signals: Sequence[str]) -> tuple[Predictions, Arrays]:
        raise NotImplementedError("recording is for one process")

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        raise NotImplementedError("writing is for one process")

    def read(self, inputs: np.ndarray, on_layer: OnLayer | None = None) -> np.ndarray:
        raise NotImplementedError("reading is for one process")
