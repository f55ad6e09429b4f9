"""The attacks that `make torture` runs, in this order: python -m tests.torture.NAME [--tries N] [--seed N].

The last line that an attack prints is its figure; it leaves with exit code 1 if it found anything.
"""

from typing import NamedTuple


class Attack(NamedTuple):
    """A module of this package that has a main.

    tries    in `make torture`
    middle   tries in `make test-slow`
    """

    name: str
    tries: int
    middle: int


ATTACKS = (
    Attack("kills", 300, 30),
    Attack("faults", 3000, 150),
    Attack("surroundings", 2000, 60),
    Attack("mutations", 20_000, 1000),
    Attack("texts", 5000, 200),
    Attack("options", 7500, 1500),
    Attack("numbers", 1000, 150),
)
