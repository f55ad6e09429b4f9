"""Layer inspection: features of words, sentences, lines and paragraphs: the position in them."""

from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise

import numpy as np

from charrnn.inspection.features.enclosures import ends_paragraph
from charrnn.inspection.features.feature import FeatureRule, bools, numbers

_ENDS, _CLOSERS = ".!?", "\"'\u201d\u2019)]"
_TAB = 4  # columns that a tab indents a line by


def _where(is_so: Callable[[str, int], bool]) -> Callable[[str], np.ndarray]:
    """The values of a boolean feature from those of each place."""
    return lambda text: bools(is_so(text, t) for t in range(len(text)))


def _where_word(is_so: Callable[[str], bool]) -> Callable[[str], np.ndarray]:
    """The same from the part of the word that was read so far."""
    return lambda text: bools(is_so(word) for word in _words(text))


def since(begins: Callable[[str, int], bool]) -> Callable[[str], np.ndarray]:
    """Characters since the last one for which `begins` is true; 0 at that one."""
    return lambda text: _since(len(text), lambda t: begins(text, t))


def separator(sign: str) -> FeatureRule:
    """Characters since the last end of `sign`, a character or a few."""
    return FeatureRule(f"since {sign!r}", since(lambda text, t: text.endswith(sign, 0, t + 1)),
                f"characters since the last {sign!r}", restarts=True)


LAYOUT = (
    FeatureRule("first letter of a word", lambda text: bools(_begins_word(text, t) for t in range(len(text))),
                "a letter or digit after something else"),
    FeatureRule("a capitalised word", _where_word(lambda word: word[:1].isupper()),
                "in a word whose first letter is a capital"),
    FeatureRule("a word in CAPITALS", _where_word(lambda word: len(word) > 1 and word.isupper()),
                "in a word of 2 or more letters so far, all of them capitals"),
    FeatureRule("first in a line", _where(lambda text, t: t == 0 or text[t - 1] == "\n"),
                "the character after a line end"),
    FeatureRule("after a blank line", _where(ends_paragraph), "the line end of a line without characters"),
    FeatureRule("first line of a paragraph", lambda text: bools(_first_lines(text)), "the line after a blank line"),
    FeatureRule("column", since(lambda text, t: text[t] == "\n"), "characters of the line read so far", restarts=True),
    FeatureRule("indentation", lambda text: numbers(_indentation(text)),
                f"spaces at the start of the line so far, a tab as {_TAB}"),
    FeatureRule("length of line before", lambda text: numbers(_line_before(text)),
                "characters of the line before this one"),
    FeatureRule("position in the word", since(lambda text, t: not text[t].isalnum()),
                "letters and digits of the word read so far, 0 outside words"),
    FeatureRule("digits in a row", since(lambda text, t: not text[t].isdigit()),
                "digits of the number read so far, 0 outside numbers"),
    FeatureRule("since paragraph start", since(ends_paragraph), "characters since the last blank line", restarts=True),
    FeatureRule("position in the bar", since(lambda text, t: text[t] in "|\n"),
                "characters since the last | or line end, as in a tune in ABC notation", restarts=True),
)
# Of texts that have sentences: elsewhere a full stop means something else.
SENTENCES = (
    FeatureRule("between sentences", lambda text: bools(_between_sentences(text)),
                "white space after . ! or ?, with or without a closing quote or bracket"),
    FeatureRule("since sentence start", since(lambda text, t: text[t] in _ENDS or ends_paragraph(text, t)),
                "characters since the last . ! or ?, or blank line", restarts=True),
)
# Of separate documents.
DOCUMENTS = (
    FeatureRule("since document start", lambda text: numbers(range(len(text))),
                "characters of the document read so far",
         restarts=True),
)


def looks_like_sentences(text: str) -> bool:
    """Whether there is white space after a . ! or ? once in 400 characters or more often."""
    ends = sum(before in _ENDS and here.isspace() for before, here in pairwise(text))
    return 400 * ends >= len(text)


def has_bars(text: str) -> bool:
    """Whether there is a | once in 40 characters or more often."""
    return 40 * text.count("|") >= len(text)


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
