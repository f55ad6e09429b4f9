"""Layer render: text that a terminal may be sent: what would move its cursor, hide itself or turn the writing round is
shown as a sign.

Names in checkpoints, texts and samples come from strangers, and a terminal obeys what it reads.
"""

import re

_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
_C1, _SURROGATES = range(0x80, 0xA0), range(0xD800, 0xE000)
_DIRECTIONS = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_BREAKS = {0x2028, 0x2029}
# The sign of each character that is not shown as it is; where there is none of its own, U+FFFD.
SIGNS = {**_CONTROLS, **dict.fromkeys([*_C1, *_SURROGATES, *_DIRECTIONS, *_BREAKS], "\ufffd")}
_TABLE = {code: sign for code, sign in SIGNS.items() if chr(code) not in "\n\t"}
# The colours that we paint with: of letters, of backgrounds, dim, and none. Not those that hide or blink.
_NUMBER = r"\d{1,3}"
_COLOUR = re.compile(rf"(\x1b\[(?:0|2|3[0-7]|(?:30|97);(?:4|10)[0-7]|38;5;{_NUMBER};48;5;{_NUMBER}|"
                     rf"38;2;{_NUMBER};{_NUMBER};{_NUMBER};48;2;{_NUMBER};{_NUMBER};{_NUMBER})m)")


def terminal_text(text: str) -> str:
    """The text with signs for everything that a terminal would obey but line ends and tabs."""
    return text if text.isprintable() else text.translate(_TABLE)


def painted_text(text: str) -> str:
    """The same for text that we painted: our colours stay."""
    return "".join(part if number % 2 else terminal_text(part) for number, part in enumerate(_COLOUR.split(text)))
