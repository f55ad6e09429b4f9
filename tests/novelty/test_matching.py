"""What of a text stands in another: against Python's own search, whatever the blocks the large text comes in."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charrnn.novelty.matching import Match, find_matches
from charrnn.text.vocabulary import code_points

SMALL = st.lists(st.text("ab", max_size=12) | st.text("abcé\U0001f600", max_size=30), max_size=5)
LARGE = st.text("ab", max_size=60) | st.text("abcdé\U0001f600", max_size=200)


def blocks_of(text: str, size: int) -> list[np.ndarray]:
    return [code_points(text[start:start + size]) for start in range(0, len(text), size)]


def by_search(text: str, large: str, mark: str | None = None) -> Match:
    """The same, by looking for each substring in turn."""
    lengths, ends = [], []
    for stop in range(1, len(text) + 1):
        begin = next(begin for begin in range(stop + 1) if text[begin:stop] in large and (mark or "\0") not in
                     text[begin:stop])
        lengths.append(stop - begin)
        ends.append(large.index(text[begin:stop]) + stop - begin - 1 if begin < stop else -1)
    is_whole = mark is not None and text != "" and text in large.split(mark)[:-1]
    return Match(text, np.array(lengths, np.int64), np.array(ends, np.int64), is_whole)


def same(found: Match, wanted: Match) -> bool:
    return (found.text == wanted.text and found.lengths.tolist() == wanted.lengths.tolist()
            and found.ends.tolist() == wanted.ends.tolist() and found.is_whole == wanted.is_whole)


@given(SMALL, LARGE, st.integers(1, 20))
def test_matches_are_those_of_a_search(texts: list[str], large: str, size: int) -> None:
    found, read = find_matches(texts, blocks_of(large, size))
    assert read == len(large)
    assert len(found) == len(texts)
    for match in found:
        assert same(match, by_search(match.text, large)), match


@given(SMALL, st.lists(st.text("abc", max_size=6), max_size=20), st.integers(1, 9))
def test_documents_are_matched_by_themselves_and_as_a_whole(texts: list[str], documents: list[str], size: int) -> None:
    large = "".join(document + "\n" for document in documents if document)
    for match in find_matches(texts, blocks_of(large, size), "\n")[0]:
        assert same(match, by_search(match.text, large, "\n")), match


@given(st.text("ab", min_size=1, max_size=300), st.text("ab", max_size=2_000))
def test_long_matches(text: str, large: str) -> None:
    large = large + text[1:] + large  # a passage far longer than a block
    [match], _ = find_matches([text], blocks_of(large, 7))
    assert same(match, by_search(text, large))


def test_a_stand_in_is_equal_to_nothing() -> None:
    assert find_matches(["a\ufffdb"], blocks_of("a\ufffdb", 2))[0][0].lengths.tolist() == [1, 2, 3]
    assert find_matches(["a\ufffdb"], blocks_of("a\ufffdb", 2), None, True)[0][0].lengths.tolist() == [1, 0, 1]


def test_a_rare_character_does_not_end_a_document() -> None:
    [match], _ = find_matches(["ab"], blocks_of("x\ufffdab\n", 2), "\n", True)
    assert match.lengths.tolist() == [1, 2]
    assert not match.is_whole
