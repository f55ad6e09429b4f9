"""Layer inspection: features of text that is opened and closed: quotes, brackets, comments, web addresses.

Value t is that after character t: true on the opening character, false on the closing one. A blank line ends what was
never closed, except braces, which enclose long parts of programs.
"""

from collections.abc import Iterator

import numpy as np

from charrnn.inspection.features.feature import Feature

DEEPEST = 8
# Typographic single quotes, by number: they look like others.
_OPEN_SINGLE, _CLOSE_SINGLE = "\u2018", "\u2019"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def enclosures(text: str) -> Iterator[Feature]:
    """The features of `text`."""
    yield Feature("inside \"double quotes\"", _double_quotes(text),
                  "after an opening \", until the closing one or a blank line; “ and ” pair")
    yield Feature("inside 'single quotes'", _single_quotes(text),
                  "after a ' that follows no letter, until one that no letter follows, or a blank line")
    depths = _depths(text)
    for opening, pair in zip("([{", ("( )", "[ ]", "{ }"), strict=True):
        yield Feature(f"inside {pair}", depths[opening] > 0, f"after {opening}, until as many were closed as opened")
    yield Feature("inside < >", _between(text, "<", ">", "\n"), "after <, until > or the end of the line")
    yield Feature("inside [[ ]]", _between(text, "[[", "]]", "\n\n"), "after [[, until ]] or a blank line")
    yield Feature("in a web address", _addresses(text), "after http://, https:// or www., until white space")
    total = np.minimum(sum(depths.values()), DEEPEST).astype(np.float32)
    yield Feature("bracket depth", total, f"how many ( [ {{ are open, {DEEPEST} at most")


def comments(text: str) -> Feature:
    """Inside the comments of a program."""
    return Feature("in a comment", _comments(text), "after // or # to the end of the line, or between /* and */")


def looks_like_code(text: str) -> bool:
    """Whether many lines end like those of programs, or begin with a comment."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    ends = sum(line.endswith((";", "{", "}", "):", "*/")) or line.startswith(("//", "#", "/*", "import ", "def "))
               for line in lines)
    return ends > 0.15 * len(lines)


def _double_quotes(text: str) -> np.ndarray:
    inside, values = False, np.zeros(len(text), bool)
    for t, character in enumerate(text):
        if character == '"':
            inside = not inside
        elif character in "“”":
            inside = character == "“"
        elif ends_paragraph(text, t):
            inside = False
        values[t] = inside
    return values


def _single_quotes(text: str) -> np.ndarray:
    """A ' behind a letter may close a quote or stand for a letter: only what follows tells, and it is told then."""
    inside, in_doubt, values = False, False, np.zeros(len(text), bool)
    for t, character in enumerate(text):
        if in_doubt and character.isalpha():
            inside = True
        in_doubt = False
        if character in ("'", _OPEN_SINGLE, _CLOSE_SINGLE):
            if inside:
                inside, in_doubt = False, True
            else:
                inside = character != _CLOSE_SINGLE and not (t and text[t - 1].isalnum())
        elif ends_paragraph(text, t):
            inside = False
        values[t] = inside
    return values


def _depths(text: str) -> dict[str, np.ndarray]:
    """How many of each kind of bracket are open."""
    depth = dict.fromkeys("([{", 0)
    values = {opening: np.zeros(len(text), np.int32) for opening in depth}
    for t, character in enumerate(text):
        if character in depth:
            depth[character] += 1
        elif character in _PAIRS:
            depth[_PAIRS[character]] = max(0, depth[_PAIRS[character]] - 1)
        elif ends_paragraph(text, t):
            depth["("] = depth["["] = 0
        for opening in depth:
            values[opening][t] = depth[opening]
    return values


def _between(text: str, opening: str, closing: str, end: str) -> np.ndarray:
    """True from the last character of `opening` until that of `closing` or of `end`."""
    inside, values = False, np.zeros(len(text), bool)
    for t in range(len(text)):
        if text.endswith(opening, 0, t + 1):
            inside = True
        elif text.endswith((closing, end), 0, t + 1):
            inside = False
        values[t] = inside
    return values


def _addresses(text: str) -> np.ndarray:
    inside, values = False, np.zeros(len(text), bool)
    for t, character in enumerate(text):
        inside = (inside and not character.isspace()) or text.endswith(("http://", "https://", "www."), 0, t + 1)
        values[t] = inside
    return values


def _comments(text: str) -> np.ndarray:
    """A comment does not begin inside quotes on one line; it begins at the second of two slashes."""
    end, quote, values = "", "", np.zeros(len(text), bool)
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
        values[t] = bool(end)
    return values


def ends_paragraph(text: str, t: int) -> bool:
    """Whether character t ends a blank line."""
    return text[t] == "\n" and t > 0 and text[t - 1] == "\n"
