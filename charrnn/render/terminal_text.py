"""Layer render: text that a terminal may be sent: what would move its cursor, hide itself or turn the writing round is
shown as a sign.

Names in checkpoints, texts and samples come from strangers, and a terminal obeys what it reads.
"""

import re
from functools import lru_cache
from itertools import product

from charrnn.render.colour.palette import DIVERGING, RESET, SEQUENTIAL, TOP, escape

_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
_C1, _SURROGATES = range(0x80, 0xA0), range(0xD800, 0xE000)
_DIRECTIONS = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_BREAKS = {0x2028, 0x2029}
# The sign of each character that is not shown as it is; where there is none of its own, U+FFFD.
SIGNS = {**_CONTROLS, **dict.fromkeys([*_C1, *_SURROGATES, *_DIRECTIONS, *_BREAKS], "\ufffd")}
_TABLE = {code: sign for code, sign in SIGNS.items() if chr(code) not in "\n\t"}
# Of the terminal's own colours those that pictures are drawn in: cyan, yellow, magenta, green, red, blue.
LETTERS = (36, 33, 35, 32, 31, 34)
DIM = "\x1b[2m"


def terminal_text(text: str) -> str:
    """The text with signs for everything that a terminal would obey but line ends and tabs."""
    return text if text.isprintable() else text.translate(_TABLE)


def painted_text(text: str) -> str:
    """The same for text that we painted: our colours stay."""
    return "".join(part if number % 2 else terminal_text(part) for number, part in enumerate(_colours().split(text)))


@lru_cache(maxsize=1)
def _colours() -> re.Pattern[str]:
    """What paints as we do, and nothing else: no colour that hides letters, as black on black."""
    palettes = (*DIVERGING.values(), *SEQUENTIAL.values())
    codes = {RESET, DIM, *(f"\x1b[{number}m" for number in LETTERS),
             *(escape(*code) for code in product(palettes, range(-TOP, TOP + 1), ("16", "256", "24bit")))}
    return re.compile(f"({'|'.join(map(re.escape, sorted(codes)))})")
