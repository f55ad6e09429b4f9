"""Layer inspection: the results of inspecting a network on a text, each computed when it is first asked for."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.errors import SettingsError
from charrnn.inspection.ablation import Ablation, ablate
from charrnn.inspection.cell_statistics import CellName, CellStatistics, bigrams, main_signal
from charrnn.inspection.context import ContextUse, context_use
from charrnn.inspection.estimate import estimate
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.find import CellSearch, Finding, each_cell_once
from charrnn.inspection.gates import Gates, gates
from charrnn.inspection.horizon import Horizon, horizon
from charrnn.inspection.passage import Passage
from charrnn.inspection.recording import evaluated, record
from charrnn.inspection.stack import Stack, Trace, trace_of
from charrnn.inspection.statistics import explained
from charrnn.inspection.surprisal import kind_masks

OnStep = Callable[[int], None]
# How far the loss of a recording may be from that of evaluation, in nats: the rounding of float32.
AGREEMENT = 1e-5
# Places on which cells are ablated for the summary: each cell reads them once more. A network of more than 1.5 million
# parameters reads fewer.
ABLATED, LEAST_ABLATED, ABLATION_BUDGET = 2000, 500, 3e9
# The places and lengths of the summary's horizon and context use.
HORIZON_PLACES = 100
CONTEXT_PLACES, CONTEXT_LENGTHS = 200, (1, 2, 4, 8, 16, 32, 64)
_LEAST_PLACES = 10  # places at which a condition must hold, and not hold


class Inspection:
    """What the cells of `engine` do on the text of `passage`."""

    def __init__(self, engine: Engine, passage: Passage, custom: Sequence[Feature] = (),
                 signals: Sequence[str] | None = None) -> None:
        """custom   features of the user, with a value for each place of the passage

        Raises SettingsError if one of them has the name of another feature, or the cell has no such signal; CorpusError
        for a passage without a place.
        """
        self.engine, self.passage, self.custom = engine, passage, list(custom)
        self.features = [*passage.features(), *custom]
        names = [one.name for one in self.features]
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise SettingsError(f"two features are called {twice[0]!r}; give yours another name with --feature "
                                "NAME=REGEX")
        self.recording = record(engine, passage.ids, signals)

    def __repr__(self) -> str:
        kept = self.recording
        return (f"Inspection({kept.layers} x {kept.hidden} {kept.cell} cells, {len(kept):,} places of "
                f"{self.passage.origin}, {kept.nats / math.log(2):.3f} bits each)")

    @cached_property
    def evaluated_nats(self) -> float:
        """The mean loss as evaluation computes it: with the kernels that training uses."""
        return evaluated(self.engine, self.passage.ids)

    @property
    def agrees(self) -> bool:
        """Whether the recording has that loss too; if not, no result can be trusted."""
        return math.isclose(self.recording.nats, self.evaluated_nats, rel_tol=AGREEMENT, abs_tol=AGREEMENT)

    @cached_property
    def search(self) -> CellSearch:
        return CellSearch(self.recording, self.features)

    def feature(self, name: str) -> Feature:
        """A feature with its values at all places, with the warm-up."""
        return next(one for one in self.features if one.name == name)

    @property
    def statistics(self) -> CellStatistics:
        return self.search.statistics

    @cached_property
    def findings(self) -> list[Finding]:
        return self.search.findings()

    @cached_property
    def context(self) -> list[Finding]:
        """The cells that track more than the current character, each once, the strongest first."""
        return each_cell_once(one for one in self.findings if one.is_context and one.feature.is_causal)

    @cached_property
    def local(self) -> list[Finding]:
        """The other cells that follow the current character, each once."""
        taken = {one.cell for one in self.context}
        return [one for one in each_cell_once(one for one in self.findings
                                              if one.is_confirmed and one.is_local and one.feature.is_causal)
                if one.cell not in taken]

    @cached_property
    def expecting(self) -> list[Finding]:
        """Cells that predict what comes next better than the current character does."""
        return [one for one in self.findings
                if one.is_context and not one.feature.is_causal]

    @cached_property
    def unconfirmed(self) -> list[Finding]:
        """The best cell for each feature that no cell follows well enough, the strongest first."""
        return [one for one in self.findings if not one.is_confirmed]

    @cached_property
    def eta(self) -> tuple[np.ndarray, np.ndarray]:
        """The share of each cell's variance that the current character, and the last two, explain: (L, H) each."""
        settled = self.recording.settled()
        shown = settled.shown(main_signal(settled)).transpose(0, 2, 1)
        rows = shown.reshape(-1, shown.shape[2])
        return (explained(rows, settled.tokens).reshape(shown.shape[:2]),
                explained(rows, bigrams(settled)).reshape(shown.shape[:2]))

    @cached_property
    def stack(self) -> Stack:
        return Stack.of(self.engine)

    @cached_property
    def trace(self) -> Trace:
        return trace_of(self.stack, self.recording)

    @cached_property
    def gates(self) -> Gates:
        return gates(self.stack, self.recording)

    @cached_property
    def estimates(self) -> np.ndarray:
        """The estimated cost of ablating each cell, (L, H) in bits a character."""
        return estimate(self.stack, self.trace)

    def ablate(self, cells: Sequence[CellName], conditions: Mapping[str, np.ndarray] | None = None) -> list[Ablation]:
        """The cost of ablating each of `cells`, on the first places; conditions (T,) as in ablation.ablate()."""
        places = max(LEAST_ABLATED, min(ABLATED, int(ABLATION_BUDGET / self.engine.parameter_count)))
        some = {name: mask[:places] for name, mask in (conditions or {}).items()}
        return ablate(self.stack, _beginning(self.trace, places), cells, some, engine=self.engine)

    def ablate_fully(self, cells: Sequence[CellName], on_step: OnStep = lambda steps: None) -> list[Ablation]:
        """The same on the whole passage, and under each of conditions()."""
        return ablate(self.stack, self.trace, cells, self.conditions(), on_step=on_step, engine=self.engine)

    def ablation_candidates(self, count: int) -> list[CellName]:
        """The cells that track context, then those with the highest estimates."""
        order = np.argsort(-self.estimates, axis=None, kind="stable")
        others = [CellName(*divmod(int(place), self.estimates.shape[1])) for place in order]
        return list(dict.fromkeys([*(one.cell for one in self.context), *others]))[:count]

    def conditions(self) -> dict[str, np.ndarray]:
        """Conditions (T,) under which ablation is measured: tracked and custom features, and kinds of next characters.

        A condition that holds, or does not hold, at fewer than 10 places is left out.
        """
        masks: dict[str, np.ndarray] = {}
        names = dict.fromkeys([*(one.feature.name for one in self.context), *(one.name for one in self.custom)])
        for feature in map(self.feature, names):
            if feature.is_boolean:
                masks[f"where {feature.name}"], masks[f"where not {feature.name}"] = feature.values, ~feature.values
        masks |= {f"before {name}": mask for name, mask in kind_masks(self.passage).items()}
        settled = slice(self.recording.warm_up, None)
        return {name: mask for name, mask in masks.items()
                if min(np.count_nonzero(mask[settled]), np.count_nonzero(~mask[settled])) >= _LEAST_PLACES}

    @cached_property
    def horizon(self) -> Horizon:
        """The gradient horizon, from few places."""
        return horizon(self.stack, self.trace, HORIZON_PLACES, threads=self.engine.threads)

    @cached_property
    def context_use(self) -> ContextUse:
        """The use of context, from few places and lengths."""
        return context_use(self.engine, self.trace, CONTEXT_PLACES, CONTEXT_LENGTHS)

    def full_horizon(self, on_step: OnStep = lambda steps: None) -> tuple[Horizon, ContextUse]:
        """Both from as many places and lengths as their defaults have."""
        return (horizon(self.stack, self.trace, on_step=on_step, threads=self.engine.threads),
                context_use(self.engine, self.trace))

    def values(self, cell: CellName, signal: str | None = None) -> np.ndarray:
        """A signal of a cell at each place (T,), as it is shown; None is its main signal."""
        shown = self.recording.shown(signal or main_signal(self.recording))
        values: np.ndarray = shown[cell.layer, :, cell.unit]
        return values


def _beginning(trace: Trace, places: int) -> Trace:
    """The first places of a trace."""
    return dataclasses.replace(trace, tokens=trace.tokens[:places], targets=trace.targets[:places],
                               states=[tuple(array[:places] for array in layer) for layer in trace.states])
