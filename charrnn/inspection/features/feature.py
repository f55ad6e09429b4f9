"""Layer inspection: what a cell may be found to track: a value for each place of a text."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Feature:
    """One property of a text of T characters.

    values      (T,) bool, or float32 for one that counts something; value t describes the text up to character t
    definition  one line that says exactly what it is
    is_causal   value t follows from characters 0 to t alone, so that a cell can know it; one that is not, anticipates
    is_plain    it says no more than which character was just read
    is_own      the user asked for it
    """

    name: str
    values: np.ndarray
    definition: str
    is_causal: bool = True
    is_plain: bool = False
    is_own: bool = False

    def with_values(self, values: np.ndarray) -> "Feature":
        """The same with its values elsewhere."""
        return replace(self, values=values)

    @property
    def is_boolean(self) -> bool:
        return bool(self.values.dtype == np.bool_)

    @property
    def measure(self) -> str:
        """What it is scored by."""
        return "AUC" if self.is_boolean else "rho"
