"""Layer settings: arguments of the Python interface under their old names, which go on working with a warning."""

import warnings
from collections.abc import MutableMapping
from typing import Any


def take_renamed(options: MutableMapping[str, Any], old: str, new: str, value: Any, stacklevel: int = 3) -> Any:
    """Takes the argument `old` out of `options`; its value, or `value`, that of `new`, where it was not given.

    stacklevel   how many calls above this one the user's own line is
    """
    if old not in options:
        return value
    warnings.warn(f"{old}= is now {new}=", DeprecationWarning, stacklevel=stacklevel)
    return options.pop(old)
