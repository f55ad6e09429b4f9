"""Layer inspection: features of text that is opened and closed: quotes, brackets, comments, web addresses.

Value t is that after character t: true on the opening character, false on the closing one. A blank line ends what was
never closed, except braces, which enclose long parts of programs.
"""

from collections.abc import Iterator

import numpy as np

from charrnn.inspection.features.feature import FeatureRule, bools

DEEPEST = 8
# Typographic single quotes, by number: they look like others.
_OPEN_SINGLE, _CLOSE_SINGLE = "\u2018", "\u2019"
_DOUBLE, _GUILLEMETS, _DASHES = "“”„", {"«": "»", "»": "«"}, "\u2014\u2013\u2015"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def _inside(part: str) -> FeatureRule:
    """Inside brackets of one kind, ( [ or {."""
    number = "([{".index(part[0])
    return FeatureRule(f"inside {part}", lambda text: _depth_array(text)[number] > 0,
                f"after {part[0]}, until as many were closed as opened")


def _bracket_depth(text: str) -> np.ndarray:
    total: np.ndarray = np.minimum(_depth_array(text).sum(axis=0), DEEPEST).astype(np.float32)
    return total


ENCLOSURES = (
    FeatureRule("inside \"double quotes\"", lambda text: bools(_double_quotes(text)),
                "after an opening \", until the closing one or a blank line; “ ” and „ “ pair"),
    FeatureRule("inside 'single quotes'", lambda text: bools(_single_quotes(text)),
                "after a ' that follows no letter, until one that no letter follows, or a blank line"),
    FeatureRule("inside « »", lambda text: bools(_guillemets(text)),
                "after « until », or after » until «, or a blank line"),
    FeatureRule("in dialogue after a dash", lambda text: bools(_dialogue(text)),
                "on a line that begins with a dash (- only with a space), from the dash to its end"),
    *(_inside(part) for part in ("( )", "[ ]", "{ }")),
    FeatureRule("inside < >", lambda text: bools(_between(text, "<", ">", "\n")),
                "after <, until > or the end of the line"),
    FeatureRule("inside [[ ]]", lambda text: bools(_between(text, "[[", "]]", "\n\n")),
                "after [[, until ]] or a blank line"),
    FeatureRule("in a web address", lambda text: bools(_addresses(text)),
                "after http://, https:// or www., until white space"),
    FeatureRule("bracket depth", _bracket_depth, f"how many ( [ {{ are open, {DEEPEST} at most"),
)
COMMENTS = FeatureRule("in a comment", lambda text: bools(_comments(text)),
                "after // or # to the end of the line, or between /* and */")


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
        elif character in _DOUBLE:
            inside = character == "„" or (character == "“" and not inside)
        elif ends_paragraph(text, t):
            inside = False
        yield inside


def _guillemets(text: str) -> Iterator[bool]:
    """The first of the two signs opens, the other one closes: « » in French, » « in German."""
    closing = ""
    for t, character in enumerate(text):
        if character in _GUILLEMETS:
            if not closing:
                closing = _GUILLEMETS[character]
            elif character == closing:
                closing = ""
        elif ends_paragraph(text, t):
            closing = ""
        yield bool(closing)


def _dialogue(text: str) -> Iterator[bool]:
    inside, is_leading, may_be = False, True, False
    for character in text:
        if character == "\n":
            inside, is_leading, may_be = False, True, False
        elif is_leading and not character.isspace():
            inside, may_be, is_leading = character in _DASHES, character == "-", False
        else:
            inside, may_be = inside or (may_be and character == " "), False
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


def _depth_array(text: str) -> np.ndarray:
    """The numbers of open ( [ and { at each character, (3, T)."""
    return np.array([*_depths(text)], np.int32).reshape(-1, 3).T


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


def closing_quotes(text: str) -> np.ndarray:
    """Which characters (T,) close a double quote, or one of « »."""
    closes = np.zeros(len(text), bool)
    for inside in (bools(_double_quotes(text)), bools(_guillemets(text))):
        closes[1:] |= inside[:-1] & ~inside[1:]
    is_quote: np.ndarray = np.fromiter((character in '"' + _DOUBLE + "«»" for character in text), bool, len(text))
    closing: np.ndarray = closes & is_quote
    return closing


def ends_paragraph(text: str, t: int) -> bool:
    """Whether character t ends a blank line."""
    return text[t] == "\n" and t > 0 and text[t - 1] == "\n"
