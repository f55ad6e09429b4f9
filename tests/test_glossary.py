"""The words that the project has given up stand nowhere: not in code, comments, help, pages or documentation."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Left what was once said, right what the field says. Each pattern is tried on words as they are written in prose, with
# identifiers taken apart: `drop_rows`, `DropRows` and "drop rows" read the same.
GLOSSARY = {
    r"foretell\w*|foretold": "predict, predicted",
    r"luck\w*": "seed, random draws",
    r"silenc(?:e|ed|es|ing)": "drop (units, weights); ablate (cells)",
    r"railed": "saturated",
    r"hands": "threads",
    r"ma(?:de|king|kes?) alike": "normalized",
    r"ma(?:de|king|kes?) ready": "prepared, encoded, cached",
    r"doubts": "warnings, corpus checks",
}
# Keys of JSON and of checkpoints that readers already rely on.
KEPT = {"docs/guides/play.md": {"You never to the hands"}}
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks/README.md", ROOT / "corpora/README.md"]
FILES = sorted(file for folder in ("charrnn", "benchmarks", "tests") for file in (ROOT / folder).rglob("*")
               if file.suffix in (".py", ".js", ".html", ".css", ".jinja") and file != Path(__file__))


def plain(text: str) -> str:
    """The text with identifiers taken apart at underscores and capitals, line ends as spaces."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.sub(r"[_\s#]+", " ", apart).lower()


def given_up(text: str) -> list[str]:
    """What of `text` is not said any more, and what is said in its place."""
    words = plain(text)
    return [f"{found} -> {better}" for pattern, better in GLOSSARY.items()
            for found in re.findall(rf"\b(?:{pattern})\b", words)]


def words_in(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    for kept in KEPT.get(file.relative_to(ROOT).as_posix(), ()):
        text = text.replace(kept, "")
    return given_up(text)


def test_words() -> None:
    assert {str(file): found for file in [*FILES, *PAGES] if (found := words_in(file))} == {}


@pytest.mark.parametrize("text", [
    "def silence_gradient(): pass", "class LuckyDraw: pass", "# it foretells",
    "texts that were made\n    # ready before", "hands = 2", "from charrnn.text import doubts", "Railed", "makeAlike"])
def test_a_word_is_found(text: str) -> None:
    assert given_up(text)


@pytest.mark.parametrize("text", ["handshake", "a plucky one", "ready made", "alike in all", "doubtless",
                                  "on either hand"])
def test_other_words_are_left(text: str) -> None:
    assert given_up(text) == []
