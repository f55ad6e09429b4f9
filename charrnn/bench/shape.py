"""Layer bench: what is measured: the shape of a network and of a step, the arithmetic a step needs, windows to feed
it."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charrnn.errors import SettingsError
from charrnn.settings import NetworkSettings, WindowSettings

if TYPE_CHECKING:
    import numpy as np

VOCABULARY = 65
# How far a sample strays from the most probable character, on all sides.
TEMP = 0.8
NUMBER_BYTES = {"float32": 4, "bf16": 2}


@dataclass(frozen=True)
class Shape:
    """`layers` layers of `hidden` units, trained on `batch` windows of `window` characters side by side.

    embedding   width of a learned embedding, PyTorch's too; 0: ours has none, PyTorch's is as wide as the layer

    Raises SettingsError for what is no network or no window.
    """

    cell: str
    layers: int
    hidden: int
    batch: int = 64
    window: int = 100
    embedding: int = 0

    def __post_init__(self) -> None:
        self.settings()
        WindowSettings(batch=self.batch, window=self.window)

    @classmethod
    def parse(cls, text: str) -> "Shape":
        """The shape written as lstm-2x256, lstm-2x256-64x100 or lstm-2x256-64x100-embedding32.

        Raises SettingsError for anything else.
        """
        pattern = r"([a-z]+(?:-[a-z]+)*)-(N)x(N)(?:-(N)x(N)(?:-embedding(N))?)?".replace("N", "[0-9]{1,9}")
        parts = re.fullmatch(pattern, text)
        if parts is None:
            raise SettingsError(f"{text!r} is not a shape; write one as lstm-2x256-64x100: cell, layers x hidden, "
                                "batch x window")
        return cls(parts[1], *(int(number) for number in parts.groups()[1:] if number))

    @property
    def network(self) -> str:
        return f"{self.cell} {self.layers}x{self.hidden}" + f", embedding {self.embedding}" * bool(self.embedding)

    @property
    def step(self) -> str:
        return f"{self.batch} x {self.window}"

    @property
    def name(self) -> str:
        return f"{self.network}, {self.step}"

    @property
    def characters(self) -> int:
        """Characters predicted in a step."""
        return self.batch * self.window

    def settings(self) -> NetworkSettings:
        """Ours, without the dropout that the rival has not either."""
        return NetworkSettings(cell=self.cell, hidden=self.hidden, layers=self.layers, embedding=self.embedding,
                               dropout=0.0)

    def useful_weights(self) -> int:
        """Weights that each character is multiplied with; a one-hot input looks its own up and needs no product."""
        from charrnn.cells.registry import CELLS

        cell, L = CELLS[self.cell], self.layers
        return (cell.recurrent_gates * L + cell.gates * (L - 1)) * self.hidden**2 + VOCABULARY * self.hidden

    def useful_flops(self) -> int:
        """Operations in a training step's products: a multiplication and an addition forward, twice that backward."""
        return 2 * self.characters * 3 * self.useful_weights()


# What `charrnn bench` measures when nobody says: the usual cells, 1 to 3 layers, small to large, one sequence to many.
USUAL = (
    Shape("lstm", 1, 128, 50, 50),
    Shape("lstm", 1, 256, 1, 100),
    Shape("lstm", 1, 256),
    Shape("lstm", 1, 256, 256, 100),
    Shape("lstm", 2, 256),
    Shape("lstm", 1, 512),
    Shape("lstm", 2, 512),
    Shape("lstm", 3, 512),
    Shape("lstm", 1, 1024),
    Shape("gru", 1, 256),
    Shape("gru", 2, 256),
    Shape("rnn", 1, 256),
)


def token_windows(shape: Shape, count: int = 8) -> "tuple[np.ndarray, np.ndarray]":
    """Inputs and targets (count, T, N) int32: random characters, each window going on where the one before ended."""
    import numpy as np

    ids = np.random.default_rng(1).integers(VOCABULARY, size=(count * shape.window + 1, shape.batch), dtype=np.int32)
    cut = (count, shape.window, shape.batch)
    return ids[:-1].reshape(cut), ids[1:].reshape(cut)
