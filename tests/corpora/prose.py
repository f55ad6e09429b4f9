"""Reads a text as its paragraphs, and follows the quotes and parentheses of each."""

import re

INDENT = "    "


def paragraphs_of(text: str) -> list[str]:
    """The blocks between blank lines."""
    return [block.strip("\n") for block in re.split(r"\n\n+", text.strip("\n"))]


def fables_of(text: str) -> list[tuple[str, list[str]]]:
    """Title and paragraphs of each; two blank lines part the fables."""
    fables = [paragraphs_of(fable) for fable in text.split("\n\n\n")]
    return [(title, rest) for title, *rest in fables]


def is_stanza(paragraph: str) -> bool:
    return paragraph.startswith(INDENT) and paragraph.strip() != "*"


def faults(paragraph: str) -> list[str]:
    """Quotes and parentheses that do not match: " for speech, ' only within it, ( within ( as deep as it likes.

    A ' between two letters is an apostrophe. What opens stands after a space or an opening mark, and what
    closes stands before none.
    """
    found = []
    open_marks: list[str] = []
    closes = {"(": ")", '"': '"', "'": "'"}
    padded = f" {paragraph} "
    for before, mark, after in zip(padded, padded[1:], padded[2:], strict=False):
        if mark not in "()\"'" or (mark == "'" and before.isalnum() and after.isalnum()):
            continue
        where = f"{before}{mark}{after}"
        if open_marks and mark == closes[open_marks[-1]]:
            open_marks.pop()
            if before.isspace() or before == "(" or after.isalnum():
                found.append(f"closes as if it opened: {where!r}")
        elif mark == ")" or (mark in open_marks and mark != "("):
            found.append(f"closes out of turn: {where!r}")
        else:
            if (not before.isspace() and before not in "(\"'") or after.isspace():
                found.append(f"opens as if it closed: {where!r}")
            if mark == "'" and '"' not in open_marks:
                found.append(f"a single quote outside speech: {where!r}")
            open_marks.append(mark)
    return found + [f"never closed: {mark}" for mark in open_marks]
