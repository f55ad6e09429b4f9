"""Layer text: toy tasks: texts that are written when they are read, the same every time, for networks that train in
seconds.
"""

import random
from collections.abc import Callable
from functools import partial

from charrnn.errors import CorpusError

SEED = 1
GAP, LONGEST_GAP = 20, 1000
GAP_LINES, SYMBOLS, FILLING = 3000, "ABCDEFGH", "abcd"
AVERAGE_LINES, AVERAGE_STEPS = 1000, 20
HELLO_LINES = 400


def gap(longest: int = GAP, lines: int = GAP_LINES, seed: int = SEED, shortest: int = 1) -> str:
    """Lines of a capital, random small letters, a tab and the capital again, for pairs.

    Gaps of all lengths from shortest to longest are equally frequent: short ones are learned first, and teach the rest.
    """
    rng, written = random.Random(seed), []
    for _ in range(lines):
        symbol, k = rng.choice(SYMBOLS), rng.randint(shortest, longest)
        written.append(f"{symbol}{''.join(rng.choices(FILLING, k=k))}\t{symbol}\n")
    return "".join(written)


def gap_of(length: str) -> Callable[[], str]:
    """What writes that text with a length as it was typed; raises CorpusError unless it is 1 to LONGEST_GAP."""
    k = int(length) if length.isascii() and length.isdecimal() and len(length) < 6 else 0
    if not 1 <= k <= LONGEST_GAP:
        raise CorpusError(f"@gap:{length} has no usable length; give a whole number from 1 to {LONGEST_GAP:,}, as in "
                          f"@gap:{GAP}")
    return partial(gap, k)


def average(lines: int = AVERAGE_LINES, seed: int = SEED) -> str:
    """Lines of steps such as 3=3 5=4 1=3: a random digit, and the average of the digits so far, rounded half up."""
    rng, written = random.Random(seed), []
    for _ in range(lines):
        digits = [rng.randint(0, 9) for _ in range(AVERAGE_STEPS)]
        sums = (sum(digits[:n]) for n in range(1, AVERAGE_STEPS + 1))
        written.append(" ".join(f"{digit}={(2 * total + n) // (2 * n)}"
                                for n, (digit, total) in enumerate(zip(digits, sums, strict=True), 1)) + "\n")
    return "".join(written)


def hello() -> str:
    """The word hello, a line each time."""
    return HELLO_LINES * "hello\n"
