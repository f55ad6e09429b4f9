"""What is measured: the shape of a network and of a step, how much arithmetic a step needs, and windows to feed it."""

import re
from dataclasses import dataclass

import numpy as np

from charrnn.settings import NetworkSettings

VOCABULARY = 65
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


@dataclass(frozen=True)
class Shape:
    """`layers` layers of `hidden` units, trained on `batch` windows of `window` characters side by side."""

    cell: str
    layers: int
    hidden: int
    batch: int = 64
    window: int = 100

    @classmethod
    def parse(cls, text: str) -> "Shape":
        """The shape written as lstm-2x256 or lstm-2x256-64x100; raises ValueError for anything else."""
        parts = re.fullmatch(r"(\w+)-(\d+)x(\d+)(?:-(\d+)x(\d+))?", text)
        if parts is None or parts[1] not in GATES or "0" in parts.groups():
            raise ValueError(f"{text!r} is no shape; write one as lstm-2x256-64x100: cell, layers x hidden, "
                             "batch x window")
        return cls(parts[1], *(int(number) for number in parts.groups()[1:] if number))

    @property
    def network(self) -> str:
        return f"{self.cell} {self.layers}x{self.hidden}"

    @property
    def name(self) -> str:
        return f"{self.network}, {self.batch} x {self.window}"

    @property
    def characters(self) -> int:
        """Characters predicted in a step."""
        return self.batch * self.window

    def settings(self) -> NetworkSettings:
        """Ours, without the dropout that the rival has not either."""
        return NetworkSettings(cell=self.cell, hidden=self.hidden, layers=self.layers, dropout=0.0)

    def useful_flops(self) -> int:
        """Operations in a step's products: forward, and twice that backward; a one-hot input needs none."""
        products = GATES[self.cell] * self.hidden**2 * (2 * self.layers - 1) + VOCABULARY * self.hidden
        return 2 * self.characters * 3 * products


def token_windows(shape: Shape, count: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets (count, T, N) int32: random characters, each window going on where the one before ended."""
    ids = np.random.default_rng(1).integers(VOCABULARY, size=(count * shape.window + 1, shape.batch), dtype=np.int32)
    cut = (count, shape.window, shape.batch)
    return ids[:-1].reshape(cut), ids[1:].reshape(cut)
