"""Layer inspection: the results of inspecting a network on a text, each computed when it is first asked for."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.errors import SettingsError
from charrnn.inspection.ablation import BEFORE, Ablation, ablate
from charrnn.inspection.cell_statistics import CellName, CellStatistics, bigrams, cell_named, main_signal
from charrnn.inspection.context import ContextUse, context_use
from charrnn.inspection.error_breakdown import ErrorBreakdown, error_breakdown
from charrnn.inspection.estimate import estimate
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.find import CellSearch, Finding, each_cell_once
from charrnn.inspection.gates import Gates, gates
from charrnn.inspection.horizon import Horizon, horizon
from charrnn.inspection.label_cells import label_cells
from charrnn.inspection.passage import Passage
from charrnn.inspection.portrait import Activity, activity
from charrnn.inspection.probes import Probes
from charrnn.inspection.recording import evaluated, record
from charrnn.inspection.stack import Stack, Trace, trace_of
from charrnn.inspection.statistics import explained
from charrnn.inspection.steering import Steering, steering
from charrnn.inspection.surprisal import next_masks
from charrnn.inspection.wiring import Wiring, wiring
from charrnn.storage.packages import package_for

OnStep = Callable[[int], None]
# How far the loss of a recording may be from that of evaluation, in nats: the rounding of float32.
AGREEMENT = 1e-5
# Places on which cells are ablated: each cell reads them once more. A network of more than 1.2 million parameters reads
# fewer.
ABLATED, LEAST_ABLATED, ABLATION_BUDGET = 5000, 1000, 6e9
# Cells whose ablation is measured in every report, the first by the estimate; for the others there is the estimate.
MEASURED = 12
# Units that are written under a plot, and what stands for those that can't be seen.
_LETTERS, _VISIBLE = 120, {"\n": "⏎", " ": "␣", "\t": "␉"}
_BLOCK = 1024  # places whose predictions are computed together
_LEAST_PLACES = 10  # places at which a condition must hold, and not hold


class Inspection:
    """What the cells of `engine` do on the text of `passage`."""

    def __init__(self, engine: Engine, passage: Passage, custom: Sequence[Feature] = (),
                 signals: Sequence[str] | None = None, ablated: int = 0) -> None:
        """custom    features of the user, with a value for each place of the passage
        ablated   places on which cells are ablated, in all results; 0 takes as many as take a few seconds

        Raises SettingsError if one of them has the name of another feature, the cell has no such signal, or the network
        has an encoder; CorpusError for a passage without a place.
        """
        if engine.settings.has_encoder:
            raise SettingsError("a unit of a network with --encoder own is two things, one in sources and another in "
                                "targets, and can't be inspected; train one with --encoder shared")
        self.engine, self.passage, self.custom = engine, passage, list(custom)
        most = max(LEAST_ABLATED, min(ABLATED, int(ABLATION_BUDGET / engine.parameter_count)))
        self.ablated = min(len(passage), ablated or most)
        self._measured: dict[CellName, Ablation] = {}
        self._steering: dict[CellName, Steering | None] = {}
        self.features = [*passage.features(), *custom]
        names = [one.name for one in self.features]
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise SettingsError(f"two features are called {twice[0]!r}; give yours another name, in --feature "
                                "NAME=REGEX or in the file of --labels")
        self.recording = record(engine, passage.ids, signals)

    def __repr__(self) -> str:
        kept = self.recording
        return (f"Inspection({kept.layers} x {kept.hidden} {kept.cell} cells, {len(kept):,} places of "
                f"{self.passage.origin}, {kept.nats / math.log(2):.3f} bits each)")

    def _repr_html_(self) -> str:
        """The page of what the cells track, for a notebook."""
        from charrnn.inspection.page.collect import PageCheckpoint, collect
        from charrnn.inspection.page.document import fit_page
        from charrnn.live.notebook import LARGEST, framed
        from charrnn.settings.inspection import PAGE_CELLS

        data = collect(self, PageCheckpoint("", "", self.passage.origin, self.engine.parameter_count),
                       cells=PAGE_CELLS)
        return framed(fit_page(data, max_mb=LARGEST).html, "charrnn inspect-cells RUN --html FILE")

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
    def label_cells(self) -> list[Finding]:
        """What each cell tells of the label at the end of a document, the best first; none without labels."""
        return label_cells(self.recording, self.passage.labels)

    @cached_property
    def context(self) -> list[Finding]:
        """The cells that track more than the current character, each once, the most important first.

        Importance is strength x log2(1 + memory) x cost. The cost is measured for the first by the estimate.
        """
        found = each_cell_once(one for one in self.findings if one.is_context and one.feature.is_causal)
        if not found:
            return []
        found.sort(key=lambda one: self._importance(one, float(self.estimates[one.cell])))
        costs = self.costs([one.cell for one in found[:MEASURED]])
        cost_of = {one.cell: one.overall.bits for one in costs}
        first = sorted(found[:MEASURED], key=lambda one: self._importance(one, cost_of[one.cell]))
        return first + found[MEASURED:]

    def _importance(self, finding: Finding, cost: float) -> tuple[float, float]:
        """A key that sorts the most important first; cells that cost nothing by the rest of it."""
        weight = finding.strength * math.log2(1 + float(self.statistics.memory[finding.cell]))
        return -weight * max(cost, 0.0), -weight

    @cached_property
    def _claims(self) -> dict[CellName, Finding]:
        """What reports say of the cells that are named in them."""
        return {one.cell: one for one in [*reversed(self.expecting), *self.local, *self.context]}

    def claim(self, cell: CellName) -> Finding | None:
        """What every report says of a cell: what it is named for, or else the feature it follows best, confirmed or
        not; None for a cell without a signal that moves."""
        return self._claims.get(cell) or self.search.best_of(cell)

    def signal_of(self, cell: CellName) -> str:
        """The signal that the claim about a cell is about."""
        found = self.claim(cell)
        return found.signal if found else main_signal(self.recording)

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
        """The estimated cost of ablating each cell, (L, H) in bits a character, over the places of costs()."""
        return estimate(self.stack, _beginning(self.trace, self.ablated))

    def costs(self, cells: Sequence[CellName], on_step: OnStep = lambda steps: None) -> list[Ablation]:
        """The cost of ablating each of `cells`, over the first `ablated` places, everywhere and under each of
        conditions(). A cell is measured once: all reports say the same of it."""
        new = [cell for cell in dict.fromkeys(cells) if cell not in self._measured]
        if new:
            found = ablate(self.stack, _beginning(self.trace, self.ablated), new, self.conditions, on_step=on_step,
                           engine=self.engine)
            self._measured |= {one.cell: one for one in found}
        return [self._measured[cell] for cell in cells]

    @cached_property
    def measured(self) -> list[Ablation]:
        """The costs that every report has: of the first cells that track context, then of those that follow the current
        character."""
        named = [*(one.cell for one in self.context), *(one.cell for one in self.local)]
        return self.costs(named[:MEASURED])

    def steering(self, cell: CellName) -> Steering | None:
        """Whether a cell steers what it tracks, or mirrors it; None for a cell without a confirmed claim, or a claim
        that can't be seen in new text. A cell is tested once: all reports say the same of it."""
        if cell not in self._steering:
            found = self.claim(cell)
            self._steering[cell] = (steering(self.engine, self.stack, self.trace, self.passage, found)
                                    if found is not None and found.is_confirmed and found.feature.is_causal else None)
        return self._steering[cell]

    def activity(self, cell: CellName) -> Activity | None:
        """How often a cell is on, and where without its feature; None for a cell without a boolean feature."""
        found = self.claim(cell)
        return activity(self.search, found, self.recording.warm_up) if found else None

    @cached_property
    def probes(self) -> Probes:
        return Probes(self.search)

    def wiring(self, cell: CellName) -> Wiring:
        """What a cell promotes, and which cells write it and read it."""
        return wiring(self.stack, self.trace, cell, self._mean_prediction)

    @cached_property
    def _mean_prediction(self) -> np.ndarray:
        """The mean probability (V,) of each unit over the places."""
        outputs = self.trace.states[-1][0][self.recording.warm_up:]
        mean: np.ndarray = sum(self.stack.probabilities(outputs[start:start + _BLOCK]).sum(axis=0)
                               for start in range(0, len(outputs), _BLOCK)) / max(1, len(outputs))
        return mean

    @cached_property
    def errors(self) -> ErrorBreakdown | None:
        """What the errors of the network are; None where its training text is not at hand."""
        training = self.passage.training_ids
        return None if training is None else error_breakdown(self.passage, self.recording.predictions.nats, training,
                                                             self.recording.warm_up)

    def most_costly(self, count: int) -> list[CellName]:
        """The cells with the highest estimated costs."""
        order = np.argsort(-self.estimates, axis=None, kind="stable")[:count]
        return [CellName(*divmod(int(place), self.estimates.shape[1])) for place in order]

    @cached_property
    def conditions(self) -> dict[str, np.ndarray]:
        """Conditions (ablated,) under which ablation is measured: features that a cell tracks or that the user asked
        for, and what the next character is. One that holds, or does not hold, at fewer than 10 places is left out."""
        masks: dict[str, np.ndarray] = {}
        names = dict.fromkeys([*(one.feature.name for one in self.findings if one.is_context),
                               *(one.name for one in self.custom)])
        for feature in map(self.feature, names):
            if feature.is_boolean and feature.is_causal:
                masks[f"where {feature.name}"], masks[f"where not {feature.name}"] = feature.values, ~feature.values
        masks |= {f"{BEFORE}{name}": mask for name, mask in next_masks(self.passage).items()}
        counted = slice(self.recording.warm_up, self.ablated)
        return {name: mask[:self.ablated] for name, mask in masks.items()
                if min(np.count_nonzero(mask[counted]), np.count_nonzero(~mask[counted])) >= _LEAST_PLACES}

    @cached_property
    def horizon(self) -> Horizon:
        """The gradient horizon that all reports show."""
        return horizon(self.stack, self.trace, threads=self.engine.threads)

    @cached_property
    def context_use(self) -> ContextUse:
        """The use of context that all reports show."""
        return context_use(self.engine, self.trace)

    def to_pandas(self) -> Any:
        """A DataFrame with a row for each feature and the cell that follows it best, as `findings` has them.

        Raises SettingsError without pandas.
        """
        pandas = package_for("to_pandas()", "pandas")
        rows = [{"cell": str(one.cell), "layer": one.cell.layer, "unit": one.cell.unit, "signal": one.signal,
                 "sign": one.sign, "feature": one.feature.name, "score": one.score, "chance": one.chance,
                 "found": one.found, "alone": one.alone, "iou": one.threshold.iou if one.threshold else None,
                 "confirmed": one.is_confirmed, "context": one.is_context, "causal": one.feature.is_causal}
                for one in self.findings]
        columns = ["cell", "layer", "unit", "signal", "sign", "feature", "score", "chance", "found", "alone", "iou",
                   "confirmed", "context", "causal"]
        return pandas.DataFrame(rows, columns=columns).astype({"iou": "float64"})

    def plot(self, cell: CellName | str | None = None, start: int = 0, stop: int = 100, ax: Any = None) -> Any:
        """Draws what a cell does on the places start to stop of the text, with matplotlib; returns the axes.

        cell   its name, as in "L1:24"; None is the one that tracks context best
        ax     the axes to draw into

        Raises SettingsError without matplotlib, or for a cell that is not there.
        """
        if cell is None:
            cell = self.context[0].cell if self.context else CellName(0, 0)
        elif isinstance(cell, str):
            cell = cell_named(cell, self.recording.layers, self.recording.hidden)
        ax = ax or package_for("plot()", "matplotlib.pyplot").subplots()[1]
        values = self.values(cell)[start:stop]
        ax.plot(np.arange(start, start + len(values)), values, drawstyle="steps-mid")
        ax.axhline(0, linewidth=1, color="gray")
        ax.set(ylabel=f"{cell} ({self.signal_of(cell)})")
        if len(values) <= _LETTERS:
            ax.set_xticks(np.arange(start, start + len(values)),
                          [_VISIBLE.get(unit, unit) for unit in self.passage.pieces[start:start + len(values)]])
        else:
            ax.set(xlabel="places")
        return ax

    def values(self, cell: CellName, signal: str | None = None) -> np.ndarray:
        """A signal of a cell at each place (T,), as it is shown; None is the one that the claim about it is about."""
        shown = self.recording.shown(signal or self.signal_of(cell))
        values: np.ndarray = shown[cell.layer, :, cell.unit]
        return values


def _beginning(trace: Trace, places: int) -> Trace:
    """The first places of a trace."""
    return dataclasses.replace(trace, tokens=trace.tokens[:places], targets=trace.targets[:places],
                               states=[tuple(array[:places] for array in layer) for layer in trace.states])
