"""Layer render: a text made visible: one sign for each character, and how many columns it takes.

What would move the cursor, hide itself or turn the writing round must not reach a terminal, which would obey it.
"""

import unicodedata
from functools import lru_cache

_TURNS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}  # turn the direction of what follows
_BREAKS = {0x2028, 0x2029}


def visible(text: str, plain: bool = False) -> list[str]:
    """The sign of each character; with `plain`, what a terminal without Unicode can show too."""
    return [_sign(character, plain) for character in text]


@lru_cache(maxsize=1 << 12)
def _sign(character: str, plain: bool) -> str:
    code = ord(character)
    if plain:
        return {"\n": "$", "\t": ">"}.get(character, character if character.isprintable() else "?")
    if character in "\n\t":
        return "⏎" if character == "\n" else "→"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    is_unseen = 0x80 <= code < 0xA0 or code in _TURNS or code in _BREAKS or 0xD800 <= code < 0xE000
    return "\ufffd" if is_unseen else character


@lru_cache(maxsize=1 << 12)
def columns(sign: str) -> int:
    """0 for what stands on the character before it, 2 for what is wide, or else 1."""
    if unicodedata.combining(sign) or (unicodedata.category(sign) in ("Mn", "Me", "Cf") and sign != "\xad"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
