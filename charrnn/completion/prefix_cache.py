"""Layer completion: the network a step at a time, as a search needs it, and the state after a text that is being typed.
"""

from collections.abc import Sequence

import numpy as np

from charrnn.sampling.streams import PackedModel, StreamGroup, Weights
from charrnn.settings import NetworkSettings

# The last characters whose states are kept. A change among them costs as many steps as it is far from the end; before
# them the text is read again from its start.
_KEPT = 64


class NetworkSteps:
    """The network for any number of paths; the memory for 1, 2, 4, ... of them is used again and again."""

    def __init__(self, network: NetworkSettings, weights: Weights) -> None:
        self._model = PackedModel(network, weights)
        self._groups: dict[int, StreamGroup] = {}

    def begin(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The state (1 or 2, L, H) and the logits (V,) after ids (P,), read from the initial state; P > 0."""
        group = self._group(1)
        group.begin(ids[:, np.newaxis])
        logits = group.predict(ids[-1:])[0].copy()
        return group.state[:, :, 0], logits

    def step(self, states: Sequence[np.ndarray], units: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """The N states after each of `units` (N,) is read in its state, and the logits (N, V) of what follows."""
        N = len(states)
        streams = 1 << (N - 1).bit_length()
        group, tokens = self._group(streams), np.zeros(streams, np.int32)
        tokens[:N] = units
        # what the spare streams hold does not matter
        group.state = np.stack([*states, *[states[0]] * (streams - N)], axis=2)
        logits = group.predict(tokens)[:N].copy()
        after = group.state
        return [after[:, :, n].copy() for n in range(N)], logits

    def _group(self, streams: int) -> StreamGroup:
        if streams not in self._groups:
            self._groups[streams] = StreamGroup(self._model, streams, 1)
        return self._groups[streams]


class PrefixCache:
    """The state and the logits after a text; the next text is read from where it differs."""

    def __init__(self, steps: NetworkSteps) -> None:
        self._steps = steps
        self._ids = np.zeros(0, np.int32)
        self._kept: list[tuple[np.ndarray, np.ndarray]] = []  # after each of the last ids

    def read(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The state (1 or 2, L, H) and the logits (V,) after ids (P,); P > 0."""
        shorter = min(len(ids), len(self._ids))
        different = np.flatnonzero(ids[:shorter] != self._ids[:shorter])
        common = int(different[0]) if len(different) else shorter
        kept = self._kept[: max(0, len(self._kept) - (len(self._ids) - common))]
        if not kept:
            common = max(1, len(ids) - _KEPT)
            kept = [self._steps.begin(ids[:common])]
        for unit in ids[common:]:
            states, logits = self._steps.step([kept[-1][0]], np.array([unit]))
            kept.append((states[0], logits[0]))
        self._ids, self._kept = ids.copy(), kept[-_KEPT:]
        return kept[-1]
