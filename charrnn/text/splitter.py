"""Layer text: where one document of a text ends and the next begins.

Chunks of a file's text come in; out they come again with one mark, a single character, behind each document, in the
place of whatever stood there. A document loses blank lines at its start and white space at its end; one that has
nothing else is left out.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from charrnn.settings import TextSettings
from charrnn.text.decoder import CHUNK
from charrnn.text.normalize import alike

LINE, BLANK, FILE = "line", "blank", "file"
# What no text should hold, made to stand between records: it cannot be taken for a part of a document.
RECORD = "\x1e"

_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\\": "\\"}
_BLANK_LINES = re.compile(r"\n\s*\n")
_LEADING = re.compile(r"(?:[^\S\n]*\n)*")


def mark_of(settings: TextSettings) -> str | None:
    """The character that stands for the end of a document; None for a text without documents."""
    if settings.documents is None:
        return None
    return "\n" if separator_of(settings.documents) == LINE else RECORD


def separator_of(documents: str) -> str:
    """LINE, BLANK or FILE, or the text between documents, with \\n and \\t in it read as in Python."""
    separator = unescaped(documents)
    return LINE if separator == "\n" else separator


def unescaped(text: str) -> str:
    """The text with \\n, \\t and \\\\ in it read as in Python."""
    return re.sub(r"\\[nt\\]", lambda found: _ESCAPES[found[0]], text)


def splitter_of(settings: TextSettings) -> "Splitter | None":
    """What finds the documents in a text made ready as `settings` say; None for a text without documents."""
    if settings.documents is None:
        return None
    return Splitter(settings.documents, lambda separator: alike(separator, settings))


class Splitter:
    """Finds the documents of one file after the other."""

    def __init__(self, documents: str, change: Callable[[str], str] = str) -> None:
        """`change` is what was done to the text, so that a separator is found in it."""
        self.separator = separator_of(documents)
        self.mark = "\n" if self.separator == LINE else RECORD
        self.has_met_mark = False  # in a text, where it must not be
        is_text = self.separator not in (LINE, BLANK, FILE)
        if is_text and (changed := change(self.separator)) not in (LINE, BLANK, FILE):
            self.separator = changed
        self._begun_separator = len(self.separator) - 1 if is_text else 0

    def marked(self, chunks: Iterable[str]) -> Iterator[str]:
        """The text in `chunks`, in chunks, with a mark behind each document; never more than a document is held."""
        rest, is_begun = "", False  # a document longer than a chunk is handed on before its end is seen
        for chunk in chunks:
            self.has_met_mark |= self.mark == RECORD and RECORD in chunk
            *ended, rest = self._parts(rest + chunk)
            text = self._ended(ended, is_begun)
            is_begun &= not ended
            if len(rest) > CHUNK and (safe := self._safe(rest)):
                text += rest[:safe] if is_begun else _without_blank_lines(rest[:safe])
                rest, is_begun = rest[safe:], True
            if text:
                yield text
        if text := self._ended([rest], is_begun):
            yield text

    def _parts(self, text: str) -> list[str]:
        if self.separator == FILE:
            return [text]
        if self.separator == BLANK:
            return _BLANK_LINES.split(text)
        return text.split("\n" if self.separator == LINE else self.separator)

    def _ended(self, parts: list[str], is_begun: bool) -> str:
        """The documents that have come to their ends, marked."""
        begun = "".join(part.rstrip() + self.mark for part in parts[:is_begun])
        return begun + "".join([text + self.mark for part in parts[is_begun:]
                                if (text := _without_blank_lines(part.rstrip()))])

    def _safe(self, text: str) -> int:
        """How much of `text`, in which no document ends, belongs to the document whatever follows."""
        return len(text[:len(text) - self._begun_separator].rstrip())


def _without_blank_lines(text: str) -> str:
    """The text without the blank lines it begins with."""
    found = _LEADING.match(text)
    return text[found.end():] if found and found.end() else text
