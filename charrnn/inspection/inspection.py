"""Floor 6: a network looked at with a text: its recording, what its cells follow, and the check that both are right."""

import math
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from charrnn.errors import SettingsError
from charrnn.inspection.cells import CellFacts, explained, main_signal, pairs
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.finder import Finding, Search
from charrnn.inspection.names import CellName
from charrnn.inspection.passage import Passage
from charrnn.inspection.recording import Recording, evaluated, record
from charrnn.network.network import Network

# How far the loss of a recording may be from evaluation's, in nats: the rounding of float32.
AGREEMENT = 1e-5


class Inspection:
    """What is found in `network` with `passage`: everything is made when it is first asked for."""

    def __init__(self, network: Network, passage: Passage, own: Sequence[Feature] = (),
                 signals: Sequence[str] | None = None) -> None:
        """own   features of the user's, with a value for each place of the passage

        Raises SettingsError where one of them has the name of another feature.
        """
        self.network, self.passage, self.own, self._signals = network, passage, list(own), signals

    @cached_property
    def recording(self) -> Recording:
        return record(self.network, self.passage.ids, self._signals)

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
        features = [*self.passage.features(), *self.own]
        names = [one.name for one in features]
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise SettingsError(f"two features are called {twice[0]!r}; give yours another name with --feature "
                                "NAME=REGEX")
        return Search(self.recording, features)

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

    def values(self, cell: CellName, signal: str | None = None) -> np.ndarray:
        """What a cell shows at each place (T,): its main signal if none is named."""
        shown = self.recording.shown(signal or main_signal(self.recording))
        values: np.ndarray = shown[cell.layer, :, cell.unit]
        return values


def _each_cell_once(findings: Iterable[Finding]) -> list[Finding]:
    once: dict[CellName, Finding] = {}
    for one in findings:
        once.setdefault(one.cell, one)
    return list(once.values())
