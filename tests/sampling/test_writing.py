"""Ids that come piece by piece become texts, each of which is over at its first mark."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charrnn.sampling.sampler import Drawn
from charrnn.sampling.writing import Ends, Writer, written
from charrnn.text.units import Tokens
from charrnn.text.vocabulary import Vocabulary

KNOWN = Vocabulary("\nab")  # the mark is 0
streams = st.lists(st.lists(st.integers(0, 2), min_size=9, max_size=9), min_size=1, max_size=4)


@given(streams, st.lists(st.integers(0, 9), max_size=4), st.booleans())
def test_each_stream_ends_at_its_first_mark(ids: list[list[int]], cuts: list[int], has_documents: bool) -> None:
    pieces = np.split(np.array(ids, np.int32).T, sorted(cuts))
    asked = 0

    def counted():
        nonlocal asked
        for piece in pieces:
            asked += 1
            yield Drawn(piece, None)

    writers = [Writer(KNOWN, Ends(0 if has_documents else -1)) for _ in ids]
    told = [[piece.text for piece in step] for step in written(counted(), writers)]
    all_ended = has_documents and all(0 in stream for stream in ids)
    assert len(told) == asked + (not all_ended)  # what was held back comes last
    assert [writer.ending for writer in writers] == [
        "document" if has_documents and 0 in stream else "length" for stream in ids]
    whole = [KNOWN.decode(stream) for stream in ids]
    texts = ["".join(parts) for parts in zip(*told, strict=True)]
    assert texts == ([text.partition("\n")[0] for text in whole] if has_documents else whole)
    # what no stream needs is never made
    read = sum(len(piece) for piece in pieces[:asked - 1])
    assert asked == len(pieces) or (has_documents and all("\n" in text for text in whole))
    assert not has_documents or read <= max([text.find("\n") % 10 for text in whole])


def test_streams_of_tokens_keep_apart() -> None:
    known = Tokens(["a", "b", "\n"])
    pieces = [np.array([[1, 2], [2, 1]], np.int32), np.array([[1, 0]], np.int32), np.array([[2, 2]], np.int32)]
    pieces = [Drawn(piece, None) for piece in pieces]
    told = [[piece.text for piece in step] for step in written(pieces, [Writer(known, after="a") for _ in range(2)])]
    assert told == [[" a b", " b a"], [" a", "\n"], [" b", "b"], ["", ""]]
    ends = Ends(mark=int(known.encode("\n")[0]))
    told = [[piece.text for piece in step] for step in written(pieces, [Writer(known, ends, "a ") for _ in range(2)])]
    assert told == [["a b", "b a"], [" a", ""], [" b", ""], ["", ""]]
