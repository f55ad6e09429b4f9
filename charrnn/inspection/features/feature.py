"""Layer inspection: a feature of a text, which a cell may track: a value for each place."""

from collections.abc import Callable, Iterable, Sequence
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
    of          its values for another text; None where only labels say what they are
    restarts    of a count: it counts from the last time that something came, so it means nothing where that is rare
    """

    name: str
    values: np.ndarray = field(repr=False)
    definition: str = field(repr=False)
    is_causal: bool = True
    is_plain: bool = False
    is_custom: bool = False
    of: Callable[[str], np.ndarray] | None = field(default=None, repr=False, compare=False)
    restarts: bool = False

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


@dataclass(frozen=True)
class FeatureRule:
    """A causal feature of any text: `of` gives its values."""

    name: str
    of: Callable[[str], np.ndarray]
    definition: str
    restarts: bool = False

    def feature(self, texts: Sequence[str]) -> Feature:
        """Its values in separate texts, one after the other."""
        return Feature(self.name, np.concatenate([self.of(text) for text in texts]), self.definition, of=self.of,
                       restarts=self.restarts)


def bools(values: Iterable[bool]) -> np.ndarray:
    return np.fromiter(values, bool)


def numbers(values: Iterable[int]) -> np.ndarray:
    return np.fromiter(values, np.float32)
