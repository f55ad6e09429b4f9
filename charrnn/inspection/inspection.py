"""Layer inspection: a network looked at with a text: its recording, what its cells follow, and the check that both
are right."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.errors import SettingsError
from charrnn.inspection.ablation import Ablation, ablate
from charrnn.inspection.cells import CellFacts, explained, main_signal, pairs
from charrnn.inspection.context import ContextUse, context_use
from charrnn.inspection.estimate import estimate
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.finder import Finding, Search
from charrnn.inspection.horizon import Horizon, horizon
from charrnn.inspection.names import CellName
from charrnn.inspection.passage import Passage
from charrnn.inspection.recording import evaluated, record
from charrnn.inspection.stack import Stack, Trace, trace_of

# How far the loss of a recording may be from evaluation's, in nats: the rounding of float32.
AGREEMENT = 1e-5
# Places that cells are silenced on: each cell reads them once more. A large network, of more than 1.5 million
# parameters, reads fewer, but not so few that a cost says nothing.
ABLATED, LEAST_ABLATED, ABLATION_BUDGET = 2000, 500, 3e9
# How thoroughly the summary looks for how far back the network does.
HORIZON_PLACES = 100
CONTEXT_PLACES, CONTEXT_LENGTHS = 200, (1, 2, 4, 8, 16, 32, 64)


class Inspection:
    """What is found in `network` with `passage`: what is searched is made when it is first asked for."""

    def __init__(self, network: Engine, passage: Passage, own: Sequence[Feature] = (),
                 signals: Sequence[str] | None = None) -> None:
        """own   features of the user's, with a value for each place of the passage

        Raises SettingsError where one of them has the name of another feature, or a signal is none of the cell's;
        CorpusError for a passage of no place.
        """
        self.network, self.passage, self.own = network, passage, list(own)
        self.features = [*passage.features(), *own]
        names = [one.name for one in self.features]
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise SettingsError(f"two features are called {twice[0]!r}; give yours another name with --feature "
                                "NAME=REGEX")
        self.recording = record(network, passage.ids, signals)

    @cached_property
    def evaluated_nats(self) -> float:
        """The mean loss as evaluation finds it: by other kernels, on the way that training takes."""
        return evaluated(self.network, self.passage.ids)

    @property
    def agrees(self) -> bool:
        """Whether the recording has that loss too; if not, nothing that is said about it holds."""
        return math.isclose(self.recording.nats, self.evaluated_nats, rel_tol=AGREEMENT, abs_tol=AGREEMENT)

    @cached_property
    def search(self) -> Search:
        return Search(self.recording, self.features)

    def feature(self, name: str) -> Feature:
        """A feature with its values at all places, the warm-up among them."""
        return next(one for one in self.features if one.name == name)

    @property
    def facts(self) -> CellFacts:
        return self.search.facts

    @cached_property
    def findings(self) -> list[Finding]:
        return self.search.findings()

    @cached_property
    def context(self) -> list[Finding]:
        """What is claimed: cells that say more than the current character does, each once, the strongest first."""
        return _each_cell_once(one for one in self.findings
                               if one.is_confirmed and not one.is_local and one.feature.is_causal)

    @cached_property
    def local(self) -> list[Finding]:
        """Cells that follow the current character, each once; none that is among the others."""
        taken = {one.cell for one in self.context}
        return [one for one in _each_cell_once(one for one in self.findings
                                               if one.is_confirmed and one.is_local and one.feature.is_causal)
                if one.cell not in taken]

    @cached_property
    def expecting(self) -> list[Finding]:
        """Cells that tell what comes better than the current character does."""
        return [one for one in self.findings
                if one.is_confirmed and not one.is_local and not one.feature.is_causal]

    @cached_property
    def unconfirmed(self) -> list[Finding]:
        """The best cell for each feature that no cell follows well enough, the nearest first."""
        return [one for one in self.findings if not one.is_confirmed]

    @cached_property
    def eta(self) -> tuple[np.ndarray, np.ndarray]:
        """What the current character, and the last two, explain of each cell's main signal: (L, H) each."""
        settled = self.recording.settled()
        shown = settled.shown(main_signal(settled)).transpose(0, 2, 1)
        rows = shown.reshape(-1, shown.shape[2])
        return (explained(rows, settled.tokens).reshape(shown.shape[:2]),
                explained(rows, pairs(settled)).reshape(shown.shape[:2]))

    @cached_property
    def stack(self) -> Stack:
        return Stack.of(self.network)

    @cached_property
    def trace(self) -> Trace:
        return trace_of(self.stack, self.recording)

    @cached_property
    def estimates(self) -> np.ndarray:
        """What silencing each cell would cost, about, (L, H) in bits a character."""
        return estimate(self.stack, self.trace)

    def silenced(self, cells: Sequence[CellName], conditions: Mapping[str, np.ndarray] | None = None) -> list[Ablation]:
        """What silencing each of `cells` costs, on the first places; conditions (T,) as ablate() has them."""
        places = max(LEAST_ABLATED, min(ABLATED, int(ABLATION_BUDGET / self.network.parameter_count)))
        some = {name: mask[:places] for name, mask in (conditions or {}).items()}
        return ablate(self.stack, _beginning(self.trace, places), cells, some, engine=self.network)

    @cached_property
    def horizon(self) -> Horizon:
        """For a glance, from fewer places than it can have."""
        return horizon(self.stack, self.trace, HORIZON_PLACES, threads=self.network.threads)

    @cached_property
    def context_use(self) -> ContextUse:
        """For a glance: fewer places and lengths than it can have."""
        return context_use(self.network, self.trace, CONTEXT_PLACES, CONTEXT_LENGTHS)

    def values(self, cell: CellName, signal: str | None = None) -> np.ndarray:
        """What a cell shows at each place (T,): its main signal if none is named."""
        shown = self.recording.shown(signal or main_signal(self.recording))
        values: np.ndarray = shown[cell.layer, :, cell.unit]
        return values


def _beginning(trace: Trace, places: int) -> Trace:
    """The first places of a trace."""
    return dataclasses.replace(trace, tokens=trace.tokens[:places], targets=trace.targets[:places],
                               states=[tuple(array[:places] for array in layer) for layer in trace.states])


def _each_cell_once(findings: Iterable[Finding]) -> list[Finding]:
    once: dict[CellName, Finding] = {}
    for one in findings:
        once.setdefault(one.cell, one)
    return list(once.values())
