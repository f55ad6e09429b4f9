"""Layer completion: the network a step at a time, as a search wants it, and the state behind a text that is being
typed."""

from collections.abc import Sequence

import numpy as np

from charrnn.sampling.rule import Rule
from charrnn.sampling.streams import Group, PackedModel
from charrnn.sampling.weights import Weights
from charrnn.settings import NetworkSettings

# Characters behind which the state is kept: a change among the last so many costs as many steps as it is far from the
# end, one before them is read anew from the start.
_KEPT = 64
# Characters that are read in one call of the kernel, so that Ctrl-C is felt at once.
_READ_AT_ONCE = 1024


class Steps:
    """The network for any number of paths; the memory for 1, 2, 4, ... of them is used again and again."""

    def __init__(self, network: NetworkSettings, weights: Weights) -> None:
        self._model = PackedModel(network, weights)
        self._groups: dict[int, Group] = {}

    def group(self, streams: int) -> Group:
        """So many streams, whatever they hold."""
        if streams not in self._groups:
            self._groups[streams] = Group(self._model, streams, 1)
        return self._groups[streams]

    def step(self, states: Sequence[np.ndarray], units: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """The states after each of `units` (N,) was read in each of N states, and the logits (N, V) of what follows."""
        N = len(states)
        streams = 1 << (N - 1).bit_length()
        group, tokens = self.group(streams), np.zeros(streams, np.int32)
        tokens[:N] = units
        # what the streams to spare hold does not matter
        group.state = np.stack([*states, *[states[0]] * (streams - N)], axis=2)
        logits = group.predict(tokens)[:N].copy()
        after = group.state
        return [after[:, :, n].copy() for n in range(N)], logits


class Past:
    """The state and the logits behind a text; the next text is read from where it differs."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._ids = np.zeros(0, np.int32)
        self._kept: list[tuple[np.ndarray, np.ndarray]] = []  # behind each of the last ids

    def read(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The state (1 or 2, L, H) and the logits (V,) behind ids (P,), one at least."""
        common = _common(ids, self._ids)
        kept = self._kept[: max(0, len(self._kept) - (len(self._ids) - common))]
        if not kept:
            common = max(1, len(ids) - _KEPT)
            kept = [self._begun(ids[:common, np.newaxis])]
        for unit in ids[common:]:
            states, logits = self._steps.step([kept[-1][0]], np.array([unit]))
            kept.append((states[0], logits[0]))
        self._ids, self._kept = ids.copy(), kept[-_KEPT:]
        return kept[-1]

    def _begun(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The state and the logits behind ids (P, 1), read from the initial state on."""
        group, no_draws, no_nats = self._steps.group(1), np.zeros((0, 1)), np.zeros((0, 0), np.float32)
        group.reset(ids[0])
        for start in range(1, len(ids), _READ_AT_ONCE):
            group.gather(1)
            group.generate(0, 1, ids[start : start + _READ_AT_ONCE], no_draws, Rule(), no_nats)
        logits = group.predict(ids[-1])[0].copy()
        return group.state[:, :, 0], logits


def _common(one: np.ndarray, other: np.ndarray) -> int:
    """How many ids two texts begin with alike."""
    shorter = min(len(one), len(other))
    different = np.flatnonzero(one[:shorter] != other[:shorter])
    return int(different[0]) if len(different) else shorter
