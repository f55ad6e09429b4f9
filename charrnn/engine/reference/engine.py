"""Layer engine: the network in float64 NumPy, to be read and to be compared with. Slow; nothing here is done for speed.

Read backpropagation.py first, where a window is learned; then this file, which carries the state from window to window
and applies the update; then optimizers.py.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from charrnn.cells.numpy_step import State
from charrnn.cells.registry import CELLS
from charrnn.engine.initial import checked, initial_values, parameter_shapes
from charrnn.engine.interface import (
    PROGRAM_BYTES,
    RAW,
    Arrays,
    Engine,
    OnLayer,
    Streams,
    average_share,
    named,
    refuse_norm,
)
from charrnn.engine.predictions import Predictions, log_softmax
from charrnn.engine.reference.backpropagation import Forward, forward, initial_state, truncated_bptt
from charrnn.engine.reference.dropout import dropout_masks, recurrent_masks
from charrnn.engine.reference.optimizers import RULES, Moment, clip_gradients
from charrnn.settings import NetworkSettings, TrainingSettings
from charrnn.text.windows import WindowLabels


class ReferenceStreams(Streams):
    """Rows of text; all that lasts from window to window is the state."""

    def __init__(self, engine: "ReferenceEngine", rows: int) -> None:
        self.engine, self.rows, self.settings = engine, rows, engine.settings
        self._state: list[State] | None = None  # None: the initial state

    def reset(self) -> None:
        self._state = None

    def state(self) -> Arrays:
        state = self._state or initial_state(self.settings, self.engine.weights, self.rows)
        return {f"{letter}_l{k}": array.copy()
                for k, layer in enumerate(state) for letter, array in zip("hc", layer, strict=False)}

    def set_state(self, arrays: Arrays) -> None:
        letters = CELLS[self.settings.cell].letters
        self._state = [tuple(arrays[f"{letter}_l{k}"].astype(np.float64) for letter in letters)
                       for k in range(self.settings.layers)]

    @np.errstate(over="ignore", invalid="ignore")  # the gradient's norm tells of it
    def learn(self, inputs: np.ndarray, targets: np.ndarray, keys: np.ndarray | None = None,
              recurrent_keys: np.ndarray | None = None, labels: WindowLabels | None = None) -> float:
        settings, engine = self.settings, self.engine
        masks = None if keys is None else dropout_masks(settings, len(inputs), self.rows, keys)
        kept = {} if recurrent_keys is None else recurrent_masks(settings, recurrent_keys)
        weights = {name: array * kept.get(name, 1) for name, array in engine.weights.items()}
        result = truncated_bptt(settings, weights, inputs, targets, self._state, masks, engine.start, labels)
        engine.gradients = {name: array * kept.get(name, 1) for name, array in result.gradients.items()}
        self._state = result.state
        return result.loss

    def evaluate(self, inputs: np.ndarray, targets: np.ndarray, labels: WindowLabels | None = None) -> float:
        return predictions_of(self._forward(inputs, labels=labels).logits, targets, 0).loss

    @np.errstate(over="ignore", invalid="ignore")  # the loss tells of it
    def score(self, inputs: np.ndarray, targets: np.ndarray, top: int) -> Predictions:
        return predictions_of(self._forward(inputs).logits, targets, min(top, self.engine.vocabulary))

    def record(self, inputs: np.ndarray, targets: np.ndarray, top: int,
               signals: Sequence[str]) -> tuple[Predictions, Arrays]:
        done = self._forward(inputs)
        recorded = {}
        for name in signals:
            steps = ([[state["hc".index(name)] for state in layer] for layer in done.states] if name in "hc"
                     else [[getattr(tape, name) for tape in layer] for layer in done.tapes])
            recorded[name] = np.array(steps, np.float32)
        return predictions_of(done.logits, targets, min(top, self.engine.vocabulary)), recorded

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        found: np.ndarray = self._forward(inputs).logits[-1].astype(np.float32)
        return found

    def read(self, inputs: np.ndarray, on_layer: OnLayer | None = None) -> np.ndarray:
        return self._forward(inputs, on_layer).output

    def _forward(self, inputs: np.ndarray, on_layer: OnLayer | None = None,
                 labels: WindowLabels | None = None) -> Forward:
        """Reads a window; the state moves on."""
        done = forward(self.settings, self.engine.weights, inputs, self._state, None, self.engine.start, on_layer,
                       labels)
        self._state = done.state
        return done


def predictions_of(logits: np.ndarray, targets: np.ndarray, K: int) -> Predictions:
    """The predictions of targets (T, N) in logits (T, N, V), with the K most probable characters."""
    log_probabilities, predicted = log_softmax(logits), targets >= 0
    wanted = np.maximum(targets, 0)[..., None]
    nats = np.where(predicted, -np.take_along_axis(log_probabilities, wanted, -1)[..., 0], np.nan)
    above = (logits > np.take_along_axis(logits, wanted, -1)).sum(axis=-1)
    entropies = np.where(predicted, -(np.exp(log_probabilities) * log_probabilities).sum(axis=-1), np.nan)
    ids = np.argsort(-logits, axis=-1, kind="stable")[..., :K]
    probabilities = np.exp(np.take_along_axis(log_probabilities, ids, -1))
    return Predictions(float(np.nansum(nats)), nats.astype(np.float32),
                  np.where(predicted, 1 + above, 0).astype(np.int32), entropies.astype(np.float32),
                  np.where(predicted[..., None], ids, -1).astype(np.int32),
                  np.where(predicted[..., None], probabilities, np.nan).astype(np.float32))


class ReferenceEngine(Engine):
    """The weights by name, and with training settings the optimizer's memory and the running average of the weights.

    Its state() is float64, so that a run goes on exactly where it was saved; any engine can load it.
    """

    def __init__(self, settings: NetworkSettings, vocabulary: int, training: TrainingSettings | None = None,
                 generator: np.random.Generator | None = None, start: int = -1) -> None:
        super().__init__(settings, vocabulary, training, start, threads=1)
        self.shapes = parameter_shapes(settings, vocabulary)
        initial = {} if generator is None else initial_values(settings, vocabulary, generator)
        self.weights: Arrays = {name: initial.get(name, np.zeros(shape)).astype(np.float64)
                                for name, shape in self.shapes.items()}
        self.gradients: Arrays = {}
        self.rule, kinds = RULES[training.optimizer if training else "sgd"]
        self.memories: dict[str, Arrays] = {kind: {name: np.zeros(shape) for name, shape in self.shapes.items()}
                                            for kind in kinds if training}
        self.keep = training.averaging if training else 0.0  # of the average in a step
        self.average = _copies(self.weights) if self.keep else self.weights
        self._steps = 0

    @property
    def steps(self) -> int:
        return self._steps

    def parameters(self) -> Arrays:
        return _copies(self.weights)

    def load(self, arrays: Arrays) -> None:
        self.weights = _copies(checked(arrays, self.shapes))
        self.average = _copies(self.weights) if self.keep else self.weights

    def streams(self, rows: int, window: int, shards: int = 1) -> ReferenceStreams:
        return ReferenceStreams(self, rows)

    @np.errstate(over="ignore", invalid="ignore")
    def update(self, rate: float, clip: float) -> float:
        assert self.training is not None  # opened with training settings
        norm = clip_gradients(self.gradients, clip, self.training.clip_value or math.inf)
        refuse_norm(norm, self.steps)
        self._steps += 1
        for name, gradient in self.gradients.items():
            self.rule(Moment(rate, self.steps, self.training), self.weights[name], gradient,
                      *(memory[name] for memory in self.memories.values()))
        if self.keep:
            share = average_share(self.keep, self.steps)
            for name, array in self.weights.items():
                self.average[name] += share * (array - self.average[name])
        return norm

    @contextmanager
    def averaged(self) -> Iterator[None]:
        own = self.weights
        try:
            self.weights = self.average
            yield
        finally:
            self.weights = own

    def state(self) -> Arrays:
        arrays = _copies(self.average)
        for kind, memory in [*self.memories.items(), *([(RAW.rstrip("."), self.weights)] if self.keep else [])]:
            arrays |= {f"{kind}.{name}": array for name, array in _copies(memory).items()}
        return arrays

    def restore(self, arrays: Arrays, steps: int) -> None:
        self.load(named(arrays, RAW) if self.keep else arrays)
        if self.keep:
            self.average = _copies(checked(arrays, self.shapes))
        self.memories = {kind: _copies(checked(named(arrays, f"{kind}."), self.shapes)) for kind in self.memories}
        self._steps = steps

    def memory(self, rows: int, window: int, shards: int) -> int:
        """About: parameters and the rest of state() three times, gradients, and what the streams take."""
        copies = 3 * (1 + len(self.memories) + (self.keep > 0)) + 1
        return PROGRAM_BYTES + 8 * copies * self.parameter_count + self.streams_memory(rows, window, shards)

    def streams_memory(self, rows: int, window: int, shards: int) -> int:
        """About: tapes, and numbers for each character."""
        return 8 * rows * window * (12 * self.settings.hidden * self.settings.layers + 6 * self.vocabulary)


def _copies(arrays: Arrays) -> Arrays:
    return {name: array.astype(np.float64) for name, array in arrays.items()}
