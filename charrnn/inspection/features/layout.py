"""Layer inspection: features of words, sentences, lines and paragraphs: the position in them."""

from collections.abc import Callable, Iterator

import numpy as np

from charrnn.inspection.features.enclosures import ends_paragraph
from charrnn.inspection.features.feature import Feature

_ENDS, _CLOSERS = ".!?", "\"'\u201d\u2019)]"
_TAB = 4  # columns that a tab indents a line by


def layout(text: str) -> Iterator[Feature]:
    """The features of `text`."""
    yield Feature("first letter of a word", _places(lambda t: _begins_word(text, t), len(text)),
                  "a letter or digit behind something else")
    yield Feature("a capitalised word", _words(text, lambda word: word[0].isupper()),
                  "in a word whose first letter is a capital")
    yield Feature("a word in CAPITALS", _words(text, lambda word: len(word) > 1 and word.isupper()),
                  "in a word of 2 or more letters so far, all of them capitals")
    yield Feature("between sentences", _between_sentences(text),
                  "white space behind . ! or ?, with or without a closing quote or bracket")
    yield Feature("first in a line", _places(lambda t: t == 0 or text[t - 1] == "\n", len(text)),
                  "the character behind a line end")
    yield Feature("after a blank line", _places(lambda t: ends_paragraph(text, t), len(text)),
                  "the line end of a line without characters")
    yield Feature("first line of a paragraph", _first_lines(text), "the line behind a blank line")
    yield from _counts(text)


def _counts(text: str) -> Iterator[Feature]:
    """Counters, which restart."""
    length = len(text)
    yield Feature("column", _since(length, lambda t: text[t] == "\n"), "characters of the line read so far")
    yield Feature("indentation", _indentation(text), f"spaces at the start of the line so far, a tab as {_TAB}")
    yield Feature("length of line before", _line_before(text), "characters of the line before this one")
    yield Feature("position in the word", _since(length, lambda t: not text[t].isalnum()),
                  "letters and digits of the word read so far, 0 outside words")
    yield Feature("digits in a row", _since(length, lambda t: not text[t].isdigit()),
                  "digits of the number read so far, 0 outside numbers")
    yield Feature("since sentence start", _since(length, lambda t: text[t] in _ENDS),
                  "characters since the last . ! or ?")
    yield Feature("since paragraph start", _since(length, lambda t: ends_paragraph(text, t)),
                  "characters since the last blank line")


def _places(is_so: Callable[[int], bool], length: int) -> np.ndarray:
    return np.array([is_so(t) for t in range(length)], bool)


def _since(length: int, begins: Callable[[int], bool]) -> np.ndarray:
    """Characters since the last one for which `begins` is true; 0 at that one."""
    count, values = 0, np.zeros(length, np.float32)
    for t in range(length):
        count = 0 if begins(t) else count + 1
        values[t] = count
    return values


def _begins_word(text: str, t: int) -> bool:
    return text[t].isalnum() and not (t and text[t - 1].isalnum())


def _words(text: str, is_so: Callable[[str], bool]) -> np.ndarray:
    """Where `is_so` holds for the part of a word read so far."""
    word, values = "", np.zeros(len(text), bool)
    for t, character in enumerate(text):
        word = word + character if character.isalpha() else ""
        values[t] = bool(word) and is_so(word)
    return values


def _between_sentences(text: str) -> np.ndarray:
    has_ended, values = False, np.zeros(len(text), bool)
    for t, character in enumerate(text):
        has_ended = character in _ENDS or (has_ended and (character.isspace() or character in _CLOSERS))
        values[t] = has_ended and character.isspace()
    return values


def _first_lines(text: str) -> np.ndarray:
    inside, values = False, np.zeros(len(text), bool)
    for t, character in enumerate(text):
        inside = ends_paragraph(text, t) or (inside and character != "\n")
        values[t] = inside
    return values


def _indentation(text: str) -> np.ndarray:
    depth, is_leading, values = 0, True, np.zeros(len(text), np.float32)
    for t, character in enumerate(text):
        if character == "\n":
            depth, is_leading = 0, True
        elif is_leading and character in " \t":
            depth += _TAB if character == "\t" else 1
        else:
            is_leading = False
        values[t] = depth
    return values


def _line_before(text: str) -> np.ndarray:
    before, now, values = 0, 0, np.zeros(len(text), np.float32)
    for t, character in enumerate(text):
        now += 1
        if character == "\n":
            before, now = now - 1, 0
        values[t] = before
    return values
