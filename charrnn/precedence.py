"""Floor 0: who has the say where the same setting is made in several places: the command line, a file, a preset.

A dict of chosen values by name for each place comes in; one dict goes out.
"""

from collections.abc import Mapping
from typing import Any

# To choose one of these is to choose against the others.
RIVALS = (frozenset({"epochs", "minutes"}),)


def settled(*places: Mapping[str, Any]) -> dict[str, Any]:
    """What all places choose together; an earlier one has the say over those after it.

    A choice also puts aside its rivals in the places after it: with `--minutes 5` the `epochs` of a file are void.
    Rivals within one place stay, for the settings to refuse.
    """
    chosen: dict[str, Any] = {}
    for place in places:
        void = {rival for group in RIVALS if group & chosen.keys() for rival in group}
        chosen.update({name: value for name, value in place.items() if name not in chosen and name not in void})
    return chosen
