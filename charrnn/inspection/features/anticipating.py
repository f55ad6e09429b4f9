"""Layer inspection: features of what is still to come. No cell can know them; one that follows them has learned to
expect."""

from collections.abc import Iterator

import numpy as np

from charrnn.inspection.features.feature import Feature


def anticipating(text: str, following: str) -> Iterator[Feature]:
    """What comes after each place of `text`; `following` (one character, or nothing) comes after its end."""
    to_come = (text + (following or "\n"))[1:]

    def next_is(characters: str) -> np.ndarray:
        return np.array([character in characters for character in to_come], bool)

    yield Feature("next: a line end", next_is("\n"), "the character to come ends the line", is_causal=False)
    yield Feature("next: white space", next_is(" \t"), "the character to come is a space or a tab", is_causal=False)
    yield Feature("next: a closing quote", _closing_quotes(text + following)[:len(text)],
                  "the character to come is the second \" of a pair, or ”", is_causal=False)
    yield Feature("until line end", _until_line_end(to_come), "characters to come before the line ends",
                  is_causal=False)


def _closing_quotes(text: str) -> np.ndarray:
    """Where the next character closes a double quote."""
    is_open, values = False, np.zeros(len(text), bool)
    for t, character in enumerate(text):
        if character == '"' or character in "“”":
            closes = character == "”" or (character == '"' and is_open)
            is_open = not closes
            if closes and t:
                values[t - 1] = True
    return values


def _until_line_end(to_come: str) -> np.ndarray:
    count, values = 0, np.zeros(len(to_come), np.float32)
    for t in range(len(to_come) - 1, -1, -1):
        count = 0 if to_come[t] == "\n" else count + 1
        values[t] = count
    return values
