"""Layer inspection: a feature of a text, which a cell may track: a value for each place."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True)
class Feature:
    """One property of a text of T characters.

    values      (T,) bool, or float32 for a numeric feature; value t describes the text up to character t
    definition  one line that defines it
    is_causal   value t follows from characters 0 to t, so a cell can know it; otherwise it depends on later characters
    is_plain    it follows from the current character alone
    is_custom   the user asked for it
    """

    name: str
    values: np.ndarray = field(repr=False)
    definition: str
    is_causal: bool = True
    is_plain: bool = False
    is_custom: bool = False

    def with_values(self, values: np.ndarray) -> "Feature":
        """The same feature with other values."""
        return replace(self, values=values)

    @property
    def is_boolean(self) -> bool:
        return bool(self.values.dtype == np.bool_)

    @property
    def measure(self) -> str:
        """The measure of its score."""
        return "AUC" if self.is_boolean else "rho"


def bools(values: Iterable[bool]) -> np.ndarray:
    return np.fromiter(values, bool)


def numbers(values: Iterable[int]) -> np.ndarray:
    return np.fromiter(values, np.float32)
