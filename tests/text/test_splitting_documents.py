"""Documents are found wherever chunks end, and what stands between them is one mark."""

import re
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.settings import TextSettings
from charrnn.text import documents as module
from charrnn.text.documents import RECORD, Splitter, mark_of, separator_of

# What ends documents in one way or another, what may stand around that, and plain letters.
texts = st.lists(st.sampled_from(["\n", "\n\n", " ", "\t", "-", "--", "---", "a", "bc", "é"]), max_size=25).map("".join)
ways = st.sampled_from(["line", "blank", "file", "---", "--", r"\n---\n", r"\t", r"a\n"])


def plainly(text: str, documents: str) -> list[str]:
    """The documents in `text`, found in one go with all of it at hand."""
    if documents in ("line", "blank", "file"):
        found = {"line": text.split("\n"), "blank": re.split(r"\n\s*\n", text), "file": [text]}[documents]
    else:
        found = text.split(documents.replace(r"\n", "\n").replace(r"\t", "\t"))
    tidy = [re.sub(r"\A([^\S\n]*\n)+", "", document.rstrip()) for document in found]
    return [document for document in tidy if document]


@given(texts, ways, st.integers(1, 9), st.integers(1, 12))
@example("a\n\n  \nb", "blank", 3, 1)
@example("a--", "---", 2, 1)
@example("a\n\n\n---\n\nb", "---", 2, 1)
@example("   a", "line", 1, 1)
def test_any_text_in_any_chunks(text: str, documents: str, size: int, held: int) -> None:
    splitter = Splitter(documents)
    chunks = [text[start:start + size] for start in range(0, len(text), size)]
    with mock.patch.object(module, "CHUNK", held):
        pieces = list(splitter.marked(chunks))
    assert all(pieces)
    assert "".join(pieces) == "".join(document + splitter.mark for document in plainly(text, documents))
    assert not splitter.has_met_mark


def test_what_is_between_documents() -> None:
    def found(text: str, documents: str) -> list[str]:
        splitter = Splitter(documents)
        return "".join(splitter.marked([text])).split(splitter.mark)[:-1]

    assert found("Anna\n\n \nBo\nAnna \n\n", "line") == ["Anna", "Bo", "Anna"]
    assert found("\nX:1\n  K:G\n\n \n\n  X:2\n", "blank") == ["X:1\n  K:G", "  X:2"]
    assert found("one\ntwo\n\nthree\n", "file") == ["one\ntwo\n\nthree"]
    assert found("one\n%\ntwo\n%\n%\n\n", "%") == ["one", "two"]
    assert found("50% of\n%\nthree", r"\n%\n") == ["50% of", "three"]


def test_escapes() -> None:
    assert [separator_of(text) for text in ("line", r"\n", r"\t\n\t", r"\\n", r"a\b")] == [
        "line", "line", "\t\n\t", r"\n", r"a\b"]
    marks = [mark_of(TextSettings(documents=text)) for text in (None, "line", r"\n", "blank", "---")]
    assert marks == [None, "\n", "\n", RECORD, RECORD]


@pytest.mark.parametrize(("documents", "is_met"), [("line", False), ("blank", True), ("file", True), ("---", True)])
def test_a_mark_in_the_text_is_noticed(documents: str, is_met: bool) -> None:
    splitter = Splitter(documents)
    list(splitter.marked(["ab\n", f"c{RECORD}d"]))
    assert splitter.has_met_mark == is_met


def test_a_long_document_is_not_held() -> None:
    splitter = Splitter("---")
    pieces = splitter.marked(["x" * 50_000] * 20)
    with mock.patch.object(module, "CHUNK", 100_000):
        assert max(len(piece) for piece in pieces) < 200_000
