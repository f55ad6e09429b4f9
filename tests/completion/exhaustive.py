"""Continuations found the long way: a network in plain NumPy, and every text that it could write."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.engine.reference.backpropagation import layer_arrays
from charrnn.settings import NetworkSettings
from tests.networks import random_parameters


class Plain:
    """A network as a search wants it; it counts the paths that it reads."""

    def __init__(self, vocabulary: int, seed: int, scale: float = 4.0, network: NetworkSettings | None = None) -> None:
        """`scale` makes the random weights larger, and what they predict more certain."""
        self.network = network or NetworkSettings(cell="lstm", hidden=3, layers=2)
        parameters = random_parameters(self.network, vocabulary, np.random.default_rng(seed))
        self.parameters = {name: scale * array for name, array in parameters.items()}
        self.vocabulary, self.rows, self.widest = vocabulary, 0, 0

    def start(self, units: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The state after `units`, and the logits (V,) of what follows."""
        zero, layers = np.zeros(self.network.hidden), range(self.network.layers)
        states = [np.array([[self.parameters.get(f"{letter}0_l{k}", zero) for k in layers] for letter in "hc"])]
        logits = np.zeros((1, 0))
        for unit in units:
            states, logits = self.step(states, np.array([unit]))
        return states[0], logits[0]

    def step(self, states: Sequence[np.ndarray], units: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        self.rows += len(states)
        self.widest = max(self.widest, len(states))
        cell, after = CELLS[self.network.cell], []
        x = self.parameters.get("embedding", np.eye(self.vocabulary))[units]
        for k in range(self.network.layers):
            before = tuple(np.stack([state[i, k] for state in states]) for i in range(1 + cell.has_memory))
            own, _ = cell.step(x, before, layer_arrays(self.parameters, k))
            after.append(np.stack([own[0], own[-1]]))
            x = own[0]
        logits = x @ self.parameters["weight_out"].T + self.parameters["bias_out"]
        return [np.stack(after, axis=1)[:, :, n] for n in range(len(states))], logits


def every_text(plain: Plain, start: Sequence[int], length: int) -> dict[tuple[int, ...], float]:
    """The product of the network's softmax for each text of `length` units behind `start`."""
    state, logits = plain.start(start)
    texts, states, rows, products = [()], [state], logits[np.newaxis], np.ones(1)
    for t in range(length):
        if t:
            states, rows = plain.step([state for state in states for _ in range(plain.vocabulary)],
                                      np.array([text[-1] for text in texts]))
        weights = np.exp(rows - rows.max(axis=1, keepdims=True))
        products = (products[:, np.newaxis] * weights / weights.sum(axis=1, keepdims=True)).ravel()
        texts = [(*text, unit) for text in texts for unit in range(plain.vocabulary)]
    return dict(zip(texts, products.tolist(), strict=True))


def every_continuation(plain: Plain, start: Sequence[int], length: int,
                       cut: Callable[[tuple[int, ...]], tuple[int, ...] | None]) -> dict[tuple[int, ...], float]:
    """The probability of each continuation: of all texts of `length` units whose beginning it is, as `cut` says."""
    found: dict[tuple[int, ...], list[float]] = defaultdict(list)
    for units, probability in every_text(plain, start, length).items():
        continuation = cut(units)
        if continuation is not None:
            found[continuation].append(probability)
    return {continuation: math.fsum(parts) for continuation, parts in found.items()}
