"""Layer completion: the most probable continuations: a beam search that knows when it has missed nothing.

A path is what has been written so far. Its probability is the product of its units' probabilities, and bounds that of
everything that begins with it. The search reads the `beams` most probable paths at a time and goes on with what grew
out of them: that is the beam, and it reaches an end soon. The paths left aside are kept. When the beam is finished, the
search starts again from the most probable of those, as long as steps are left (complete anytime beam search, Zhang
1998). Paths no more probable than the worst of the `count` continuations found are dropped. A continuation is proven
once no path is left that is more probable.

No path is read twice, so no continuation is found twice.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from charrnn.completion.ends import Ending, Place, Ways
from charrnn.engine.predictions import log_softmax

# The network a step further: see NetworkSteps.step.
StepFunction = Callable[[Sequence[np.ndarray], np.ndarray], tuple[Sequence[np.ndarray], np.ndarray]]


class FoundPath(NamedTuple):
    """A continuation: the units that are written, and why it ends."""

    log_probability: float
    path: tuple[int, ...]
    end: str
    is_proven: bool = False  # none but those found before it is more probable


class Node(NamedTuple):
    """A path that was read; its state is freed once nothing goes on from it."""

    log_probability: float
    path: tuple[Any, ...]  # (path before, unit), and so on; () is where all begin
    length: int
    place: Place
    state: np.ndarray

    def units(self) -> tuple[int, ...]:
        """The units of the path."""
        units, path = [], self.path
        while path:
            path, unit = path
            units.append(unit)
        return tuple(reversed(units))


class OpenPaths(NamedTuple):
    """Paths still to be read, as arrays: there may be thousands."""

    log_probability: np.ndarray  # (M,)
    parent: np.ndarray  # (M,) the node that it goes on from
    unit: np.ndarray  # (M,)

    def __add__(self, other: "OpenPaths") -> "OpenPaths":  # type: ignore[override]
        return OpenPaths(*map(np.concatenate, zip(self, other, strict=True)))

    def where(self, chosen: np.ndarray) -> "OpenPaths":
        return OpenPaths(*(array[chosen] for array in self))

    def above(self, floor: float) -> "OpenPaths":
        return self.where(self.log_probability > floor)

    def split(self, size: int) -> tuple["OpenPaths", "OpenPaths"]:
        """The `size` most probable, in any order; and the others."""
        if size >= len(self.unit):
            return self, _NONE
        order = np.argpartition(-self.log_probability, size)
        return self.where(order[:size]), self.where(order[size:])

    @property
    def best(self) -> float:
        return float(self.log_probability.max(initial=-np.inf))


_NONE = OpenPaths(np.zeros(0), np.zeros(0, object), np.zeros(0, np.intp))


class BeamSearch:
    """One search for the `count` most probable continuations.

    beams   paths that are read at a time
    prove   steps that may be spent on what the beam left aside
    """

    def __init__(self, step: StepFunction, ending: Ending, count: int, beams: int, prove: int) -> None:
        self._step, self._ending = step, ending
        self._count, self._beams, self._prove = count, beams, prove
        self._found: list[FoundPath] = []
        self._lost = -np.inf  # the log probability of the most probable path that was given up

    def run(self, state: np.ndarray, logits: np.ndarray, place: Place) -> list[FoundPath]:
        """What is found, the most probable first, after a prefix that left `state`, `logits` (V,) and `place`."""
        grown, aside = self._grow([Node(0.0, (), 0, place, state)], logits[np.newaxis]), _NONE
        is_beam, left = True, self._prove
        while True:
            grown = grown.above(self._floor)
            if not len(grown.unit):
                is_beam, grown, aside = False, aside.above(self._floor), _NONE
            if not len(grown.unit) or not (is_beam or left):
                break
            left -= not is_beam
            chosen, others = grown.split(self._beams)
            # no more can be read in the steps that are left; less probable ones than those given up are given up too
            aside, lost = (aside + others.above(self._lost)).split(self._beams * left)
            self._lost = max(self._lost, lost.best)
            grown = self._grow(*self._read(chosen))
        unread = max(self._lost, grown.best)
        return [found._replace(is_proven=found.log_probability >= unread) for found in self._found]

    @property
    def _floor(self) -> float:
        """The log probability that a path must exceed to be of any use."""
        return self._found[-1].log_probability if len(self._found) == self._count else -np.inf

    def _read(self, chosen: OpenPaths) -> tuple[list[Node], np.ndarray]:
        """The paths as nodes, and the logits (N, V) of what follows them."""
        states, logits = self._step([parent.state for parent in chosen.parent], chosen.unit)
        nodes = [Node(log_probability, (parent.path, unit), parent.length + 1, self._ending.after(parent.place, unit),
                      state) for log_probability, parent, unit, state in
                 zip(chosen.log_probability.tolist(), chosen.parent, chosen.unit.tolist(), states, strict=True)]
        return nodes, logits

    def _grow(self, nodes: list[Node], logits: np.ndarray) -> OpenPaths:
        """The paths that go on from `nodes`; what ends there is found."""
        own = np.array([node.log_probability for node in nodes])
        following = log_softmax(logits.astype(np.float64))
        every = [self._ending.ways(node.place, node.length) for node in nodes]
        is_one = all(one is every[0] for one in every)  # as in the middle of words
        ways = every[0] if is_one else Ways(*map(np.stack, zip(*every, strict=True)))
        with np.errstate(divide="ignore"):
            # rounding may take the sum of a whole row a little above 1
            over = own + np.minimum(np.log((np.exp(following) * ways.over).sum(axis=1)), 0.0)
        following += own[:, np.newaxis]
        self._find([FoundPath(float(over[n]), nodes[n].units(), self._ending.reason(nodes[n].place))
                    for n in np.flatnonzero(over > self._floor)])
        if ways.last.any():
            ended, _ = _paths(nodes, following, ways.last & (following > self._floor)).split(self._count)
            self._find([FoundPath(float(log_probability), (*node.units(), int(unit)),
                                  self._ending.last_reason(node.length))
                        for log_probability, node, unit in zip(*ended, strict=True)])
        return _paths(nodes, following, ways.on & (following > self._floor))

    def _find(self, found: list[FoundPath]) -> None:
        if found:
            self._found = sorted([*self._found, *found], key=lambda one: (-one.log_probability, one.path))[:self._count]


def _paths(nodes: list[Node], log_probability: np.ndarray, chosen: np.ndarray) -> OpenPaths:
    """The chosen ones of the paths (N, V) that go on from N nodes."""
    row, unit = np.nonzero(chosen)
    parents = np.empty(len(nodes), object)
    for n, node in enumerate(nodes):
        parents[n] = node
    return OpenPaths(log_probability[chosen], parents[row], unit)
