"""Layer render: a text made visible, line ends too: one sign for each character, and how many columns it takes."""

from functools import lru_cache

from wcwidth import wcwidth, wrap

from charrnn.render.terminal_text import SIGNS


def visible(text: str, plain: bool = False) -> list[str]:
    """The sign of each character; with `plain`, what a terminal without Unicode can show too."""
    return [_sign(character, plain) for character in text]


@lru_cache(maxsize=1 << 12)
def _sign(character: str, plain: bool) -> str:
    if plain:
        return {"\n": "$", "\t": ">"}.get(character, character if character.isprintable() else "?")
    if character in "\n\t":
        return "⏎" if character == "\n" else "→"
    return SIGNS.get(ord(character), character)


def columns(text: str) -> int:
    """The columns of a terminal that visible text takes: an accent none, an ideograph two."""
    return sum(max(0, wcwidth(character)) for character in text)


def cut(text: str, width: int) -> list[str]:
    """Visible text in pieces of at most `width` columns, of which an accent stays with its letter."""
    pieces, used = [""], 0
    for character in text:
        size = columns(character)
        if used + size > width and pieces[-1]:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += size
    return pieces


def end_of(text: str, width: int) -> str:
    """The end of visible text that takes at most `width` columns."""
    used = 0
    for place in range(len(text) - 1, -1, -1):
        used += columns(text[place])
        if used > width:
            return text[place + 1:]
    return text


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, broken between words where that is possible."""
    return wrap(text, width)


def padded(text: str, width: int) -> str:
    """The text with spaces behind it, to `width` columns."""
    return text + " " * (width - columns(text))
