"""Layer engine: what training, scoring and inspection need of a network. Nothing above knows how an engine computes it.

Parameters have PyTorch's names and shapes on every engine. Engines draw no random numbers: what is random comes in, as
the generator of the initial values and as the keys of dropout.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np

from charrnn.engine.initial import parameter_shapes
from charrnn.engine.predictions import Predictions
from charrnn.engine.ranks import Rank
from charrnn.errors import TrainingError
from charrnn.settings import NetworkSettings, TrainingSettings
from charrnn.text.windows import WindowLabels

Arrays = dict[str, np.ndarray]
# What checkpoints call the parameters themselves, beside their running average.
RAW = "raw."
# What Python, NumPy, numba and compiled kernels take before any network is there: measured, 174 to 182 MB.
PROGRAM_BYTES = 180_000_000
# The optimizers' constants. RMSprop's is char-rnn's; PyTorch's default is 0.99.
EPSILON, RMSPROP_DECAY = 1e-8, 0.95


def average_share(keep: float, step: int) -> float:
    """The share that an average, which keeps `keep` of itself, takes of the parameters after `step` updates."""
    # the first values are random, so the average forgets faster at first
    return 1 - min(keep, (1 + step) / (10 + step))


def refuse_norm(norm: float, steps: int) -> None:
    """Raises TrainingError for the norm of a gradient after `steps` steps that is no number."""
    if not math.isfinite(norm):
        raise TrainingError(f"the gradient is no longer a number after {steps} steps; train again with a lower --lr, "
                            "or a lower --clip")


def named(arrays: Mapping[str, np.ndarray], prefix: str) -> Arrays:
    """The arrays whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


class LayerStep(NamedTuple):
    """One layer after one character of N rows. Changes of h and c in place are what the next layer and step read.

    h, c       (N, H)  the new state; c is None where the cell has none
    h_before   (N, H)  as carried in; where the character starts a document, perhaps not yet the initial one
    o          (N, H)  the output gate; None where the cell has none
    """

    h: np.ndarray
    c: np.ndarray | None
    h_before: np.ndarray
    o: np.ndarray | None


OnLayer = Callable[[int, LayerStep], None]


class Streams(ABC):
    """Rows of text read side by side, each with a state that is carried from window to window.

    A window's inputs and targets are (T, rows) int32; a target of -1 is not predicted. With an encoder, inputs from the
    size of the vocabulary on are those of sources (text/windows.py, as_read).
    """

    @abstractmethod
    def reset(self) -> None:
        """Goes back to the initial state: zero, or as learned so far."""

    @abstractmethod
    def state(self) -> Arrays:
        """Copies of the carried state: h_l{k}, and c_l{k} where cells have one, each (rows, H)."""

    @abstractmethod
    def set_state(self, arrays: Arrays) -> None:
        """Takes arrays as state() gives them."""

    @abstractmethod
    def learn(self, inputs: np.ndarray, targets: np.ndarray, keys: np.ndarray | None = None,
              recurrent_keys: np.ndarray | None = None, labels: WindowLabels | None = None) -> float:
        """The mean loss in nats. The engine keeps the gradient, by truncated backpropagation, for Engine.update().

        keys             (L,) uint32, drawn for this window: units are dropped between layers
        recurrent_keys   the same for recurrent dropout: one draw of weight_hh holds for the whole window
        labels           what each place's label adds to the input, in a network that has labels
        """

    @abstractmethod
    def evaluate(self, inputs: np.ndarray, targets: np.ndarray, labels: WindowLabels | None = None) -> float:
        """The sum of the losses in nats."""

    @abstractmethod
    def score(self, inputs: np.ndarray, targets: np.ndarray, top: int) -> Predictions:
        """The prediction of each target, and the `top` most probable characters (no more than there are)."""

    @abstractmethod
    def record(self, inputs: np.ndarray, targets: np.ndarray, top: int,
               signals: Sequence[str]) -> tuple[Predictions, Arrays]:
        """What score() gives, and the signals by name (h, c, gates), (L, T, rows, H) float32 each."""

    @abstractmethod
    def logits(self, inputs: np.ndarray) -> np.ndarray:
        """Reads a window; the logits (rows, V) float32 of what follows it in each row."""

    @abstractmethod
    def read(self, inputs: np.ndarray, on_layer: OnLayer | None = None) -> np.ndarray:
        """The last layer's output (T, rows, H).

        on_layer   sees each layer, from 0, when it is done; for windows of one character, and streams of one shard
        """


class Engine(ABC):
    """A network and what trains it: its parameters, its optimizer, and their running average.

    settings     the shape of the network
    vocabulary   how many characters it knows
    training     optimizer, averaging and precision; None for a network that is only read
    start        the character that every document begins with: the state before it is the initial one, wherever it
                 stands in a window; -1 where there are no documents
    threads      threads that it may use; results do not depend on it
    rank         which of the processes that train together this one is
    steps        updates made so far
    """

    def __init__(self, settings: NetworkSettings, vocabulary: int, training: TrainingSettings | None, start: int,
                 threads: int) -> None:
        self.settings, self.vocabulary, self.training = settings, vocabulary, training
        self.start, self.threads, self.rank = start, threads, Rank()

    @property
    def parameter_count(self) -> int:
        """How many numbers are learned."""
        return sum(math.prod(shape) for shape in parameter_shapes(self.settings, self.vocabulary).values())

    @property
    def is_compiled(self) -> bool:
        """False where the first step has to wait for a compiler; precompile() then takes that time."""
        return True

    @property
    def device_name(self) -> str:
        """The device that computes, in words; empty for this machine's CPU."""
        return ""

    def precompile(self) -> None:  # noqa: B027  (most engines have nothing to compile)
        """Compiles everything that training needs, so that the first step is as fast as the others."""

    def agree(self, *values: float) -> tuple[float, ...]:
        """The largest of each number among the processes that train together, which have to decide alike."""
        return values

    def wait(self) -> None:  # noqa: B027  (most engines are alone)
        """Returns when all processes that train together have come here."""

    def require_equal(self, facts: Mapping[str, str]) -> None:  # noqa: B027
        """Raises SettingsError if processes that train together differ in one of these facts, by name."""

    @property
    @abstractmethod
    def steps(self) -> int: ...

    @abstractmethod
    def parameters(self) -> Arrays:
        """Copies by name, in PyTorch's shapes."""

    @abstractmethod
    def load(self, arrays: Arrays) -> None:
        """Replaces all parameters, and their average; raises CheckpointError if one is missing or has another shape."""

    @abstractmethod
    def streams(self, rows: int, window: int, shards: int = 1) -> Streams:
        """`rows` rows for windows of up to `window` characters, in the initial state.

        shards   parts that may be computed at the same time; the last bits of results may depend on it
        """

    @abstractmethod
    def update(self, rate: float, clip: float) -> float:
        """One step of the optimizer with the gradient of the last learn(); the gradient's norm before clipping.

        clip   the largest norm of the whole gradient; 0 clips nothing

        Raises TrainingError, with nothing changed, if the norm is not finite.
        """

    @abstractmethod
    def averaged(self) -> AbstractContextManager[None]:
        """A context in which the running average stands in the place of the parameters."""

    @abstractmethod
    def state(self) -> Arrays:
        """Everything that training changes, by the names that checkpoints have.

        The average has the parameters' names, the parameters are then raw.{name}; the optimizer's memory is
        adam_mean.{name} and so on.
        """

    @abstractmethod
    def restore(self, arrays: Arrays, steps: int) -> None:
        """Takes back what state() gave after `steps` updates; raises CheckpointError where it does not fit."""

    @abstractmethod
    def memory(self, rows: int, window: int, shards: int) -> int:
        """Bytes that a process takes which trains such streams, with PROGRAM_BYTES and two copies of state(): to roll
        back to, and one being saved; of an engine on another device, bytes there."""

    @abstractmethod
    def streams_memory(self, rows: int, window: int, shards: int) -> int:
        """Bytes that such streams take by themselves."""
