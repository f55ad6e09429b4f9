"""A text read in chunks is the text read whole: the same ids, vocabulary, fingerprint and refusals."""

import contextlib
import hashlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.errors import CorpusError, VocabularyError
from charrnn.text import decode, sources
from charrnn.text import encode as encoder
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.vocabulary import Vocabulary

# What can be torn apart by a border, what is refused, and plain letters between.
PIECES = ["\r", "\n", "\r\n", "\ufeff", "é", "€", "🐈", "a", "b", b"\xe2\x82", b"\xef\xbb", b"\xff", b"\xff\xfe",
          b"\0", b"\xed\xa0\x80"]
any_bytes = st.lists(st.sampled_from([p if isinstance(p, bytes) else p.encode() for p in PIECES]),
                     max_size=12).map(b"".join)
good_bytes = st.lists(st.sampled_from([p.encode() for p in PIECES if isinstance(p, str)]), max_size=12).map(b"".join)
sizes = st.integers(1, 9)


@contextlib.contextmanager
def chunks_of(size: int) -> Iterator[None]:
    with (mock.patch.object(decode, "CHUNK", size), mock.patch.object(sources, "CHUNK", size),
          mock.patch.object(encoder, "BLOCK", size)):
        yield


def plainly(data: bytes) -> str:
    """The text in `data`, or the refusal, in one go and with all of it at hand."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "refused: is UTF-16"
    if b"\0" in data:
        return f"refused: is binary, not text: NUL byte at offset {data.index(0)};"
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return f"refused: is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start};"
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def check(corpus: Corpus, text: str) -> None:
    """That `corpus` holds `text`."""
    assert corpus.fingerprint == hashlib.sha256(text.encode()).hexdigest()
    assert corpus.vocabulary == Vocabulary.of(text)
    assert len(corpus) == len(text)
    ids = corpus.ids.take(np.arange(len(text)))
    assert ids.dtype == np.int32
    assert np.array_equal(ids, corpus.vocabulary.encode(text))


@given(any_bytes, sizes)
@example(b"\xef\xbb\xbf\xef\xbb\xbfa\r", 1)
@example(b"\xe2\x82", 1)
@example(b"ab\xff\0", 2)
@example(b"\xff\xfe", 1)
def test_any_bytes_in_any_chunks(data: bytes, size: int) -> None:
    text = plainly(data)
    with chunks_of(size):
        if text and not text.startswith("refused"):
            check(read_corpus(["-"], io.BytesIO(data)), text)
            return
        with pytest.raises(CorpusError) as caught:
            read_corpus(["-"], io.BytesIO(data))
    assert (text.removeprefix("refused: ") or "is empty") in str(caught.value)


@given(st.lists(any_bytes | good_bytes, min_size=1, max_size=5), sizes)
def test_a_folder_without_what_is_no_text(files: list[bytes], size: int) -> None:
    texts = [plainly(data) for data in files]
    kept = [text for text in texts if text and not text.startswith("refused")]
    with tempfile.TemporaryDirectory() as folder, chunks_of(size):
        paths = [Path(folder, f"{number}.txt") for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        if not kept:
            with pytest.raises(CorpusError):
                read_corpus([folder])
            return
        corpus = read_corpus([folder])
    check(corpus, "".join(text if text.endswith("\n") else text + "\n" for text in kept[:-1]) + kept[-1])
    assert tuple(corpus.skipped) == tuple(str(path) for path, text in zip(paths, texts, strict=True)
                                          if text.startswith("refused"))


@given(st.text(st.characters()), sizes)
@example("\ufeffa\r\nb\0", 1)
@example("a\ud83d\udc08", 1)  # two halves are not one character
def test_a_text_in_memory_is_taken_as_it_is(text: str, size: int) -> None:
    halves = any("\ud800" <= c <= "\udfff" for c in text)
    with chunks_of(size):
        if text and not halves:
            check(Corpus.of(text), text)
            return
        with pytest.raises(VocabularyError if halves else CorpusError):
            Corpus.of(text)


def characters(count: int) -> str:
    """So many different ones, the highest first, so that their order in the text is not that of their ids."""
    return "".join(chr(code) for code in (*range(0xE000, 0x20000), *range(0x100, 0xD800))[:count])[::-1]


@pytest.mark.few(3)
@pytest.mark.parametrize(("count", "bytes_each"), [
    (1, 1), (256, 1), (257, 2), (1 << 16, 2), ((1 << 16) + 1, 4), (70_000, 4)])
def test_a_character_costs_what_the_vocabulary_needs(count: int, bytes_each: int) -> None:
    text = characters(min(count, 200)) * 7 + characters(count) + characters(1)
    with chunks_of(1000):
        corpus = Corpus.of(text)
    assert corpus.ids.bytes_each == bytes_each
    check(corpus, text)


@pytest.mark.parametrize("count", [256, 257, 70_000])
def test_what_was_rolled_back_costs_nothing(tmp_path: Path, count: int) -> None:
    files = {"1": b"abc" * 999 + b"\n", "2": characters(count).encode() + b"\xff", "3": b"cde" * 999}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with chunks_of(1000):
        corpus = read_corpus([str(tmp_path)])
    assert corpus.ids.bytes_each == 1
    check(corpus, (files["1"] + files["3"]).decode())


@pytest.mark.slow
def test_how_far_it_is_is_told(tmp_path: Path) -> None:
    one, below = tmp_path / "one.txt", tmp_path / "below"
    below.mkdir()
    one.write_bytes(b"1" * 25)
    (below / "two.txt").write_bytes(b"2" * 7)
    (below / "three.bin").write_bytes(b"\0" * 5)
    told: list[tuple[int, int | None]] = []

    def on_read(done: int, total: int | None, unpacked: int) -> None:
        told.append((done, total))

    with chunks_of(10):
        read_corpus([str(one), str(below), "@python-docs"], None, on_read)
        assert told == [(10, 37), (20, 37), (25, 37), (32, 37)]  # three.bin was left at its NUL
        told.clear()
        read_corpus(["-", str(one)], io.BytesIO(b"3" * 11), on_read)
        assert told == [(10, None), (11, None), (21, None), (31, None), (36, None)]


def test_a_wrong_name_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    one, told = tmp_path / "one.txt", []
    one.write_bytes(b"1")
    for wrong in ("missing.txt", "@nothing"):
        with pytest.raises(CorpusError, match=r"missing|nothing"):
            read_corpus([str(one), wrong], None, lambda *progress: told.append(progress))
    assert not told
