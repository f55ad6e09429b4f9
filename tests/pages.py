"""The project's Markdown pages as a CommonMark parser reads them: code fences, headings, links, and what is wrong."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")),
         *(ROOT / folder / "README.md" for folder in ("benchmarks", "corpora", "checkpoints")),
         *(ROOT / f"{name}.md" for name in ("CHANGELOG", "CODE_OF_CONDUCT", "CONTRIBUTING", "SECURITY")))
# Languages whose comments begin with one #, which would look like a heading.
COMMENTED = ("python", "toml", "yaml", "sh", "make")
LANGUAGES = ("", "text", "console", "{eval-rst}", *COMMENTED)


class Fence(NamedTuple):
    """A fenced block of code; `line` counts from 1 and is that of its first fence."""

    language: str
    content: str
    line: int


class Heading(NamedTuple):
    """A heading as plain text, and the anchor that GitHub gives it."""

    level: int
    text: str
    anchor: str


def tokens(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def fences(text: str) -> list[Fence]:
    return [Fence(token.info.strip(), token.content, token.map[0] + 1)
            for token in tokens(text) if token.type == "fence" and token.map]


def command_lines(text: str) -> list[str]:
    """The lines that a reader would type, continued ones joined.

    All of `sh`, what stands behind a $ in `console`, and elsewhere in code what begins with the program's name.
    """
    found = []
    for token in tokens(text):
        language = token.info.strip() if token.type == "fence" else ""
        if token.type in ("fence", "code_block"):
            for line in token.content.replace("\\\n", " ").splitlines():
                if line.startswith("$ ") or (language == "sh" and line.strip()) or (
                        language == "" and line.startswith("charrnn ")):
                    found.append(line.removeprefix("$ "))
    return found


def calls(line: str, program: str) -> Iterator[list[str]]:
    """The arguments of each call of `program` in a line of shell."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    arguments: list[str] | None = None
    for word in [*words, ";"]:
        if set(word) <= set("|&;<>()"):
            if arguments is not None:
                yield arguments
            arguments = None
        elif arguments is not None:
            arguments.append(word)
        elif word == program:
            arguments = []


def headings(text: str) -> list[Heading]:
    """In the order of the page. A heading that is there twice has -1 at the end of its second anchor."""
    found, seen = [], Counter[str]()
    read = tokens(text)
    for token, inline in pairwise(read):
        if token.type == "heading_open":
            plain = "".join(child.content for child in inline.children or ())
            anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
            found.append(Heading(int(token.tag[1]), plain, anchor + (f"-{seen[anchor]}" if seen[anchor] else "")))
            seen[anchor] += 1
    return found


def links(text: str) -> list[str]:
    """The targets of links and pictures."""
    inline = [child for token in tokens(text) for child in token.children or ()]
    targets = [child.attrGet("href") or child.attrGet("src") for child in inline]
    return [unquote(str(target)) for target in targets if target]


def fence_faults(text: str) -> list[str]:
    """Signs of a fence too many or too few, which turns everything after it inside out."""
    lines = text.splitlines()
    faults = []
    for token in tokens(text):
        if token.type != "fence" or not token.map:
            continue
        first, end = token.map
        language = token.info.strip()
        if language not in LANGUAGES:
            faults.append(f"line {first + 1}: {language!r} is no language of our examples")
        if not re.fullmatch(r"\s*(`{3,}|~{3,})\s*", lines[end - 1]) or end - first < 2:
            faults.append(f"line {first + 1}: the fence is never closed")
        for number, line in enumerate(token.content.splitlines(), start=first + 2):
            if re.match(r"\s*```", line):
                faults.append(f"line {number}: a fence within the code that begins in line {first + 1}")
            elif re.match(r"#{1,6} \S" if language not in COMMENTED else r"#{2,6} \S", line):
                faults.append(f"line {number}: a heading within the code that begins in line {first + 1}: {line}")
    return faults


def table_faults(text: str) -> list[str]:
    """Rows that stand outside of a table, and those with more or fewer cells than its heading: GitHub cuts a row at
    every | that has no backslash, in code too."""
    lines = text.splitlines()
    faults, known = [], set[int]()
    for token in tokens(text):
        if not token.map:
            continue
        if token.type == "table_open":
            cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines[slice(*token.map)]]
            faults += [f"line {number}: a row of {count - 1} cells beneath a heading of {cells[0] - 1}"
                       for number, count in enumerate(cells, start=token.map[0] + 1) if count != cells[0]]
        if token.type in ("table_open", "fence", "code_block"):
            known |= set(range(*token.map))
    return faults + [f"line {number + 1}: a row without a table" for number, line in enumerate(lines)
                     if line.startswith("|") and number not in known]


def link_faults(path: Path, text: str) -> list[str]:
    """Links of the page at `path` to files and headings that do not exist."""
    faults = []
    for target in links(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if name and not file.exists():
            faults.append(f"no file {name}")
        elif anchor and anchor not in {heading.anchor for heading in headings(text_of(file) if name else text)}:
            faults.append(f"no heading {target}")
    return faults
