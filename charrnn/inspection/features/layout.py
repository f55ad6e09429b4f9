"""Layer inspection: features of words, sentences, lines and paragraphs: the position in them."""

from collections.abc import Callable, Iterator
from itertools import accumulate

import numpy as np

from charrnn.inspection.features.enclosures import ends_paragraph
from charrnn.inspection.features.feature import Feature, bools, numbers

_ENDS, _CLOSERS = ".!?", "\"'\u201d\u2019)]"
_TAB = 4  # columns that a tab indents a line by


def layout(text: str) -> Iterator[Feature]:
    """The features of `text`."""
    places = range(len(text))
    yield Feature("first letter of a word", bools(_begins_word(text, t) for t in places),
                  "a letter or digit after something else")
    yield Feature("a capitalised word", bools(word[:1].isupper() for word in _words(text)),
                  "in a word whose first letter is a capital")
    yield Feature("a word in CAPITALS", bools(len(word) > 1 and word.isupper() for word in _words(text)),
                  "in a word of 2 or more letters so far, all of them capitals")
    yield Feature("between sentences", bools(_between_sentences(text)),
                  "white space after . ! or ?, with or without a closing quote or bracket")
    yield Feature("first in a line", bools(t == 0 or text[t - 1] == "\n" for t in places),
                  "the character after a line end")
    yield Feature("after a blank line", bools(ends_paragraph(text, t) for t in places),
                  "the line end of a line without characters")
    yield Feature("first line of a paragraph", bools(_first_lines(text)), "the line after a blank line")
    yield from _counts(text)


def _counts(text: str) -> Iterator[Feature]:
    """Counters, which restart."""
    length = len(text)
    yield Feature("column", _since(length, lambda t: text[t] == "\n"), "characters of the line read so far")
    yield Feature("indentation", numbers(_indentation(text)),
                  f"spaces at the start of the line so far, a tab as {_TAB}")
    yield Feature("length of line before", numbers(_line_before(text)), "characters of the line before this one")
    yield Feature("position in the word", _since(length, lambda t: not text[t].isalnum()),
                  "letters and digits of the word read so far, 0 outside words")
    yield Feature("digits in a row", _since(length, lambda t: not text[t].isdigit()),
                  "digits of the number read so far, 0 outside numbers")
    yield Feature("since sentence start", _since(length, lambda t: text[t] in _ENDS),
                  "characters since the last . ! or ?")
    yield Feature("since paragraph start", _since(length, lambda t: ends_paragraph(text, t)),
                  "characters since the last blank line")


def _since(length: int, begins: Callable[[int], bool]) -> np.ndarray:
    """Characters since the last one for which `begins` is true; 0 at that one."""
    return numbers(accumulate(range(length), lambda count, t: 0 if begins(t) else count + 1, initial=0))[1:]


def _begins_word(text: str, t: int) -> bool:
    return text[t].isalnum() and not (t and text[t - 1].isalnum())


def _words(text: str) -> Iterator[str]:
    """The part of a word read so far; empty outside words."""
    word = ""
    for character in text:
        word = word + character if character.isalpha() else ""
        yield word


def _between_sentences(text: str) -> Iterator[bool]:
    has_ended = False
    for character in text:
        has_ended = character in _ENDS or (has_ended and (character.isspace() or character in _CLOSERS))
        yield has_ended and character.isspace()


def _first_lines(text: str) -> Iterator[bool]:
    inside = False
    for t, character in enumerate(text):
        inside = ends_paragraph(text, t) or (inside and character != "\n")
        yield inside


def _indentation(text: str) -> Iterator[int]:
    depth, is_leading = 0, True
    for character in text:
        if character == "\n":
            depth, is_leading = 0, True
        elif is_leading and character in " \t":
            depth += _TAB if character == "\t" else 1
        else:
            is_leading = False
        yield depth


def _line_before(text: str) -> Iterator[int]:
    before, now = 0, 0
    for character in text:
        now += 1
        if character == "\n":
            before, now = now - 1, 0
        yield before
