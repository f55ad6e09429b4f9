"""What an attack found: counted, printed as it is found, and its figure as the last line."""

import argparse
import random
import sys
from typing import NoReturn

_SHOWN = 20  # findings that are printed whole


class Findings:
    """The command line of one attack, and what it has found so far."""

    def __init__(self, text: str, tries: int, arguments: list[str] | None = None) -> None:
        """text   the attack's docstring
        tries  how many there are if none are given
        """
        parser = argparse.ArgumentParser(description=text)
        parser.add_argument("--tries", type=int, default=tries, metavar="N")
        parser.add_argument("--seed", type=int, default=1, metavar="N")
        given = parser.parse_args(arguments)
        self.tries: int = given.tries
        self.seed: int = given.seed
        self.random = random.Random(given.seed)
        self.found: list[str] = []

    def add(self, what: str) -> None:
        """Notes a finding; `what` says how to see it again."""
        self.found.append(what)
        if len(self.found) <= _SHOWN:
            print(f"FOUND {what}", flush=True)

    def leave(self, figure: str) -> NoReturn:
        """Prints the figure and ends the program."""
        print(figure + (f"; {len(self.found)} findings" if self.found else ""), flush=True)
        sys.exit(bool(self.found))
