"""Layer settings: what all settings are made of: a field with its default, its bounds and its help text, and the check.

A frozen instance is always valid: its bounds are checked when it is made.
"""

import dataclasses
import difflib
import numbers
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from typing import Any

from charrnn.errors import CHOICES, SettingsError, shortened

PRECISIONS = ("float32", "bf16")


# What a field says of itself beside its help text, where it says nothing:
#   low, high   its bounds, both inclusive
#   choices     the values that it can have
#   letter      of its option
#   metavar     stands for the value of free text in help
#   fitted      whether `charrnn train` chooses a value that fits text and time, where none is given
#   only_with   `optimizer sgd`: it has no effect unless that setting has one of those values
#   group       the heading in help over its option and those of the fields after it
#   formerly    an old name of its option, which still works
#   decided     what the text decides: there is no option for it
#   is_later    it came later than the others of its class: it is stored only where it is not its default
_METADATA = {"low": None, "high": None, "choices": (), "letter": "", "metavar": "", "fitted": False, "only_with": "",
             "group": "", "formerly": "", "decided": False, "is_later": False}


def setting(default: Any, help: str, **metadata: Any) -> Any:
    """A dataclass field that carries its help text and what _METADATA lists."""
    if unknown := metadata.keys() - _METADATA.keys():
        raise TypeError(f"a setting has no {', '.join(sorted(unknown))}")
    CHOICES.update(metadata.get("choices", ()))
    return field(default=default, metadata={**_METADATA, "help": help, **metadata})


class Bounded:
    """Checks each field against the bounds in its metadata; shared by all the settings below."""

    def __post_init__(self) -> None:
        for spec in dataclasses.fields(self):  # type: ignore[arg-type]
            # frozen means for others: whatever kind of number came in, 16.0 or numpy's 16, a plain one is kept
            object.__setattr__(self, spec.name, _checked(spec, getattr(self, spec.name)))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Any:
        """The settings whose to_dict() is `values`; raises SettingsError for a name that does not exist."""
        known = [spec.name for spec in dataclasses.fields(cls)]  # type: ignore[arg-type]
        refuse_unknown(values, known)
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The fields by name; what the text decides only where it did, and later ones only where they are used, so that
        earlier versions can read the rest."""
        return {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(self)  # type: ignore[arg-type]
                if not (spec.metadata["decided"] or spec.metadata["is_later"])
                or getattr(self, spec.name) != spec.default}


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> None:
    """Raises SettingsError for the first of the `given` names, by the alphabet, that is not known."""
    if unknown := sorted(set(given).difference(known)):
        nearest = difflib.get_close_matches(unknown[0], known, n=1)
        meant = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(sorted(known))}"
        raise SettingsError(f"unknown setting {shortened(unknown[0])}; {meant}")


def _checked(spec: Any, value: Any) -> Any:
    """The value, of the type of its bounds; raises SettingsError where it does not fit."""
    name, meta = spec.name, spec.metadata
    if value is None and spec.default is None:
        return None
    if isinstance(spec.default, tuple):
        return tuple(_checked_item(name, meta, item)
                     for item in (value if isinstance(value, (tuple, list)) else [value]))
    if meta["choices"]:
        if value not in meta["choices"]:
            raise SettingsError(f"{name} is {shortened(value)}; it must be one of {', '.join(meta['choices'])}")
        return value
    if isinstance(spec.default, bool):
        if not isinstance(value, bool):
            raise SettingsError(f"{name} is {shortened(value)}; it must be True or False")
        return value
    if meta["low"] is None:
        if not isinstance(value, str):
            raise SettingsError(f"{name} is {shortened(value)}; it must be text")
        return value
    return _checked_number(name, meta, value)


def _checked_number(name: str, meta: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or value != value:
        raise SettingsError(f"{name} is {shortened(value)}; it must be a number")
    if value < meta["low"]:
        raise SettingsError(f"{name} is {shortened(value)}; it must be at least {meta['low']}")
    if meta["high"] is not None and value > meta["high"]:
        raise SettingsError(f"{name} is {shortened(value)}; it must be at most {meta['high']}")
    is_whole = isinstance(meta["low"], int)
    if is_whole and value % 1 != 0:
        raise SettingsError(f"{name} is {shortened(value)}; it must be a whole number")
    return int(value) if is_whole else float(value)  # type: ignore[call-overload]


def _checked_item(name: str, meta: Mapping[str, Any], item: Any) -> Any:
    """One of several values: a number where there are bounds, else a text."""
    if meta["low"] is not None:
        return _checked_number(name, meta, item)
    if not isinstance(item, str):
        raise SettingsError(f"{name} has {shortened(item)}; it must be text")
    return item
