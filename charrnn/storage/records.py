"""Layer storage: objects that came from JSON, read once into typed values; what is of another type is refused by name.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from charrnn.errors import shortened

Default = TypeVar("Default")
LARGEST = 2**63 - 1


class Record:
    """The fields of an object by name. A missing one, or null, is the default, if one is given.

    Raises TypeError for anything that is not what is asked for.
    """

    def __init__(self, values: Any, name: str) -> None:
        if not isinstance(values, dict):
            raise TypeError(f"{name} is {shortened(values)}, which is not an object")
        self._values, self._name = values, name

    def whole(self, key: str, *default: Default) -> int | Default:
        """A whole number from 0 to LARGEST."""
        return cast("int | Default", self._checked(key, default, is_whole, "a whole number"))

    def size(self, key: str, *default: Default) -> float | Default:
        """A finite number from 0."""
        return cast("float | Default", self._checked(key, default, is_size, "a finite number from 0"))

    def number(self, key: str, *default: Default) -> float | Default:
        """Any number; NaN and infinity too."""
        return cast("float | Default", self._checked(key, default, is_number, "a number"))

    def text(self, key: str, *default: Default) -> str | Default:
        return cast("str | Default", self._checked(key, default, lambda value: isinstance(value, str), "text"))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        return tuple(self._checked(key, ([],), lambda value: isinstance(value, list)
                                   and all(isinstance(item, str) for item in value), "a list of texts"))

    def finite(self, key: str) -> tuple[float, ...]:
        """A list of finite numbers; empty where there is none."""
        return tuple(self._checked(key, ([],), lambda value: isinstance(value, list) and all(
            is_number(item) and math.isfinite(item) for item in value), "a list of finite numbers"))

    def list(self, key: str) -> Sequence[Any]:
        found: Sequence[Any] = self._checked(key, (), lambda value: isinstance(value, list), "a list")
        return found

    def object(self, key: str, *default: Default) -> dict[str, Any] | Default:
        return cast("dict[str, Any] | Default",
                    self._checked(key, default, lambda value: isinstance(value, dict), "an object"))

    def wholes(self, key: str) -> dict[str, int]:
        """An object of whole numbers."""
        return cast("dict[str, int]", self._checked(
            key, (), lambda value: isinstance(value, dict) and all(map(is_whole, value.values())),
            "an object of whole numbers"))

    def _checked(self, key: str, default: tuple[Any, ...], is_right: Callable[[Any], bool], kind: str) -> Any:
        value = self._values.get(key)
        if value is None and default:
            return default[0]
        if not is_right(value):
            found = shortened(value) if key in self._values else "missing"
            raise TypeError(f"{key} of {self._name} is {found}; it must be {kind}")
        return value


def is_whole(value: Any) -> bool:
    """Whether it is a whole number from 0 to LARGEST."""
    return type(value) is int and 0 <= value <= LARGEST


def is_number(value: Any) -> bool:
    """Whether it is a number that calculations take: no bool, and no whole number beyond LARGEST."""
    return type(value) is float or (type(value) is int and abs(value) <= LARGEST)


def is_size(value: Any) -> bool:
    """Whether it is a finite number from 0."""
    return is_number(value) and 0 <= value < math.inf
