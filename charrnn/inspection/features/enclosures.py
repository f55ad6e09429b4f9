"""Layer inspection: features of text that is opened and closed: quotes, brackets, comments, web addresses.

Value t is that after character t: true on the opening character, false on the closing one. A blank line ends what was
never closed, except braces, which enclose long parts of programs.
"""

from collections.abc import Iterator

import numpy as np

from charrnn.inspection.features.feature import Feature, bools

DEEPEST = 8
# Typographic single quotes, by number: they look like others.
_OPEN_SINGLE, _CLOSE_SINGLE = "\u2018", "\u2019"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def enclosures(text: str) -> Iterator[Feature]:
    """The features of `text`."""
    yield Feature("inside \"double quotes\"", bools(_double_quotes(text)),
                  "after an opening \", until the closing one or a blank line; “ and ” pair")
    yield Feature("inside 'single quotes'", bools(_single_quotes(text)),
                  "after a ' that follows no letter, until one that no letter follows, or a blank line")
    depths = np.array([*_depths(text)], np.int32).reshape(-1, 3).T
    for depth, pair in zip(depths, ("( )", "[ ]", "{ }"), strict=True):
        opening = pair[0]
        yield Feature(f"inside {pair}", depth > 0, f"after {opening}, until as many were closed as opened")
    yield Feature("inside < >", bools(_between(text, "<", ">", "\n")), "after <, until > or the end of the line")
    yield Feature("inside [[ ]]", bools(_between(text, "[[", "]]", "\n\n")), "after [[, until ]] or a blank line")
    yield Feature("in a web address", bools(_addresses(text)), "after http://, https:// or www., until white space")
    total = np.minimum(depths.sum(axis=0), DEEPEST).astype(np.float32)
    yield Feature("bracket depth", total, f"how many ( [ {{ are open, {DEEPEST} at most")


def comments(text: str) -> Feature:
    """Inside the comments of a program."""
    return Feature("in a comment", bools(_comments(text)), "after // or # to the end of the line, or between /* and */")


def looks_like_code(text: str) -> bool:
    """Whether many lines end like those of programs, or begin with a comment."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    ends = sum(line.endswith((";", "{", "}", "):", "*/")) or line.startswith(("//", "#", "/*", "import ", "def "))
               for line in lines)
    return ends > 0.15 * len(lines)


def _double_quotes(text: str) -> Iterator[bool]:
    inside = False
    for t, character in enumerate(text):
        if character == '"':
            inside = not inside
        elif character in "“”":
            inside = character == "“"
        elif ends_paragraph(text, t):
            inside = False
        yield inside


def _single_quotes(text: str) -> Iterator[bool]:
    """A ' after a letter closes a quote, unless a letter follows, which shows that it was an apostrophe."""
    inside, may_be_apostrophe = False, False
    for t, character in enumerate(text):
        if may_be_apostrophe and character.isalpha():
            inside = True
        may_be_apostrophe = False
        if character in ("'", _OPEN_SINGLE, _CLOSE_SINGLE):
            if inside:
                inside, may_be_apostrophe = False, True
            else:
                inside = character != _CLOSE_SINGLE and not (t and text[t - 1].isalnum())
        elif ends_paragraph(text, t):
            inside = False
        yield inside


def _depths(text: str) -> Iterator[tuple[int, int, int]]:
    """The numbers of open ( [ and {."""
    depth = dict.fromkeys("([{", 0)
    for t, character in enumerate(text):
        if character in depth:
            depth[character] += 1
        elif character in _PAIRS:
            depth[_PAIRS[character]] = max(0, depth[_PAIRS[character]] - 1)
        elif ends_paragraph(text, t):
            depth["("] = depth["["] = 0
        yield depth["("], depth["["], depth["{"]


def _between(text: str, opening: str, closing: str, end: str) -> Iterator[bool]:
    """True from the last character of `opening` until that of `closing` or of `end`."""
    inside = False
    for t in range(len(text)):
        if text.endswith(opening, 0, t + 1):
            inside = True
        elif text.endswith((closing, end), 0, t + 1):
            inside = False
        yield inside


def _addresses(text: str) -> Iterator[bool]:
    inside = False
    for t, character in enumerate(text):
        inside = (inside and not character.isspace()) or text.endswith(("http://", "https://", "www."), 0, t + 1)
        yield inside


def _comments(text: str) -> Iterator[bool]:
    """A comment does not begin inside quotes on one line; it begins at the second of two slashes."""
    end, quote = "", ""
    for t, character in enumerate(text):
        if end:
            if text.endswith(end, 0, t + 1):
                end = ""
        elif quote or character in "\"'":
            quote = "" if character in (quote, "\n") else quote or character
        elif text.endswith("//", 0, t + 1) and not text.endswith("://", 0, t + 1):
            end = "\n"
        elif text.endswith("/*", 0, t + 1):
            end = "*/"
        elif character == "#" and (t == 0 or text[t - 1].isspace()):
            end = "\n"
        yield bool(end)


def ends_paragraph(text: str, t: int) -> bool:
    """Whether character t ends a blank line."""
    return text[t] == "\n" and t > 0 and text[t - 1] == "\n"
