"""Ids that come piece by piece become texts, each of which is over at its first mark."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charrnn.sampling.sampler import DrawnIds
from charrnn.sampling.stopping import Ends, TextWriter, write_texts
from charrnn.text.tokenizers import Tokens, Words
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
            yield DrawnIds(piece, None)

    writers = [TextWriter(KNOWN, Ends(0 if has_documents else -1)) for _ in ids]
    told = [[piece.text for piece in step] for step in write_texts(counted(), writers)]
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
    pieces = [DrawnIds(piece, None) for piece in pieces]
    writers = [TextWriter(known, after="a") for _ in range(2)]
    told = [[piece.text for piece in step] for step in write_texts(pieces, writers)]
    assert told == [[" a b", " b a"], [" a", "\n"], [" b", "b"], ["", ""]]
    ends = Ends(mark=int(known.encode("\n")[0]))
    writers = [TextWriter(known, ends, "a ") for _ in range(2)]
    told = [[piece.text for piece in step] for step in write_texts(pieces, writers)]
    assert told == [["a b", "b a"], [" a", ""], [" b", ""], ["", ""]]


@given(st.text("ab\n", max_size=30), st.lists(st.text("ab\n", min_size=1, max_size=4), min_size=1, max_size=3),
       st.lists(st.integers(0, 30), max_size=5), st.integers(0, 12), st.booleans())
def test_a_text_ends_before_the_first_stop(text: str, stops: list[str], cuts: list[int], min_length: int,
                                           with_nats: bool) -> None:
    places = [place for stop in stops if (place := text.find(stop, min_length)) >= 0]
    writer = TextWriter(KNOWN, Ends(-1, tuple(stops), min_length))
    ids, nats = KNOWN.encode(text), np.arange(len(text), dtype=np.float32)
    told, so_far = [], 0
    for part in np.split(np.arange(len(text)), sorted(min(cut, len(text)) for cut in cuts)):
        told.append(writer.write(ids[part], nats[part] if with_nats else None))
        so_far += len(part)
        written = "".join(piece.text for piece in told)
        assert text.startswith(written)
        # what can't be part of a stop any more is out at once, but for as much as a stop has less one
        assert writer.ending or len(written) > so_far - max(map(len, stops))
    told.append(writer.close(with_nats))
    assert "".join(piece.text for piece in told) == text[:min(places, default=len(text))]
    assert writer.ending == ("stop" if places else "length")
    if with_nats:
        of_units = [(unit, nat) for piece in told for unit, nat in zip(piece.units, piece.nats, strict=True)]
        assert of_units == list(zip(text[:min(places, default=len(text))], nats, strict=False))


@given(st.lists(st.sampled_from(["a", "bb", " ", "abc"]), max_size=12), st.sampled_from(["ba", "b", "c a", "bbb"]),
       st.integers(0, 5), st.integers(0, 12))
def test_units_of_several_characters_are_cut_too(units: list[str], stop: str, min_length: int, cut: int) -> None:
    known = Words(["a", "bb", " ", "abc"])
    text, first = "".join(units), len("".join(units[:min_length]))
    place = text.find(stop, first)
    ids = np.array([known.units.index(unit) for unit in units], np.int32)
    writer = TextWriter(known, Ends(-1, (stop,), min_length))
    told = [writer.write(part, part.astype(np.float32)) for part in np.split(ids, [min(cut, len(ids))])]
    told.append(writer.close(True))
    assert "".join(piece.text for piece in told) == (text if place < 0 else text[:place])
    for piece in told:
        assert "".join(piece.units) == piece.text
        assert piece.nats is not None
        assert len(piece.nats) == len(piece.units)


def test_a_stop_in_front_of_the_documents_end_counts() -> None:
    writer = TextWriter(KNOWN, Ends(0, ("b",)))
    assert writer.write(KNOWN.encode("ab\nab")).text + writer.close().text == "a"
    assert writer.ending == "stop"
    writer = TextWriter(KNOWN, Ends(0, ("b",)))
    assert writer.write(KNOWN.encode("a\nb")).text == "a"
    assert writer.ending == "document"
    assert writer.write(KNOWN.encode("aaa")).text == ""


@given(st.text("ab", max_size=20), st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3))
def test_a_stop_that_comes_character_by_character(text: str, stops: list[str]) -> None:
    writer = TextWriter(KNOWN, Ends(-1, tuple(stops)))
    told = [writer.write(KNOWN.encode(character)).text for character in text]
    place = min((found for stop in stops if (found := text.find(stop)) >= 0), default=len(text))
    assert "".join(told) + writer.close().text == text[:place]
