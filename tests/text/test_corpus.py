"""What a user may name as a text, and what is said about the names that are none."""

import hashlib
import io
import os
import random
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError
from charrnn.settings import TextSettings
from charrnn.text import decode
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.encode import Encoder
from charrnn.text.tokenizers import numbering_of

plain_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff"), min_size=1)


def write(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


def text_of(corpus: Corpus) -> str:
    return corpus.vocabulary.decode(corpus.ids.take(np.arange(len(corpus))))


def refusal(*sources: str, stdin: io.BytesIO | None = None) -> str:
    with pytest.raises(CorpusError) as caught:
        read_corpus(sources, stdin)
    message = str(caught.value)
    assert "\n" not in message
    assert message[0] == message[0].lower()
    return message


@given(plain_text)
def test_text_comes_back_as_it_was(text: str) -> None:
    read = read_corpus(["-"], io.BytesIO(text.encode()))
    assert text_of(read) == text
    assert read.fingerprint == hashlib.sha256(text.encode()).hexdigest()


@given(plain_text, st.sampled_from(["\r\n", "\r"]), st.booleans())
def test_line_ends_and_byte_order_mark_make_no_difference(text: str, end: str, mark: bool) -> None:
    data = ("\ufeff" * mark + text.replace("\n", end)).encode()
    assert read_corpus(["-"], io.BytesIO(data)) == read_corpus(["-"], io.BytesIO(text.encode()))


def test_line_ends_may_be_mixed() -> None:
    assert text_of(read_corpus(["-"], io.BytesIO(b"a\r\nb\rc\n\r\n\rd"))) == "a\nb\nc\n\n\nd"


def test_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a text of more than a few letters " * 50
    expected = Corpus.of(text)

    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    found = Corpus.of(text)
    assert found.fingerprint == expected.fingerprint
    assert found.vocabulary.units == expected.vocabulary.units
    assert found.content.take(np.arange(len(found))).tolist() == expected.content.take(np.arange(len(found))).tolist()


def test_line_end_across_two_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "CHUNK", 3)
    data = "\ufeffa\r\nbé€\r\n🐈".encode()
    assert text_of(read_corpus(["-"], io.BytesIO(data))) == "a\nbé€\n🐈"
    assert "NUL byte at offset 7;" in refusal("-", stdin=io.BytesIO(b"1234567\0"))


def test_sources_are_joined_in_the_order_given(tmp_path: Path) -> None:
    one, two, three = (write(tmp_path / name, data) for name, data in
                       [("z.txt", b"one"), ("y.txt", b"\xef\xbb\xbftwo\n"), ("x.txt", b"three")])
    empty = write(tmp_path / "empty", b"")
    read = read_corpus([one, empty, two, "-", three, empty], io.BytesIO(b"piped"))
    assert text_of(read) == "one\ntwo\npiped\nthree"
    assert read.sources == (one, empty, two, "-", three, empty)
    assert read.name == "z"


def test_folder_is_read_in_order_without_what_is_no_text(tmp_path: Path) -> None:
    for name, data in {"b.txt": b"B", "a/z.md": b"Z", "a/b/c": b"C", "a/.x": b"hidden", ".git/y": b"hidden",
                       "a/picture.png": b"\x89PNG\0", "latin1.txt": b"caf\xe9"}.items():
        write(tmp_path / name, data)
    read = read_corpus([str(tmp_path)])
    assert text_of(read) == "B\nZ\nC"
    assert tuple(read.skipped) == (str(tmp_path / "latin1.txt"), str(tmp_path / "a" / "picture.png"))
    assert "is not UTF-8" in read.skipped[str(tmp_path / "latin1.txt")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_folder_passes_over_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "round").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "no files in it" in refusal(str(tmp_path))


def test_names_fit_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"tiny.shakespeare.txt": "tiny.shakespeare", "été 2024 (2).txt": "été-2024-2",
             ".hidden": "hidden", "x" * 99: "x" * 40, "---": "text"}
    for file, name in named.items():
        assert read_corpus([write(tmp_path / file, b"text")]).name == name
    write(tmp_path / "notes.v2" / "a", b"text")
    monkeypatch.chdir(tmp_path / "notes.v2")
    assert read_corpus(["."]).name == read_corpus([str(tmp_path / "notes.v2")]).name == "notes.v2"
    assert read_corpus(["-"], io.BytesIO(b"text")).name == "stdin"
    assert read_corpus(["@python-docs"]).name == "python-docs"


@pytest.mark.parametrize(("data", "said"), [
    (b"", "is empty"),
    (b"\xef\xbb\xbf", "is empty"),
    (b"text\0text", "is binary, not text: NUL byte at offset 4;"),
    (b"caf\xe9 au lait", "is not UTF-8: byte 0xe9 at offset 3; convert it first, for example with iconv"),
    (b"\xef\xbb\xbfcaf\xe9", "at offset 6;"),
    (b"cut short \xe2\x82", "byte 0xe2 at offset 10;"),
    (b"lone \xed\xa0\x80 surrogate", "byte 0xed at offset 5;"),
    ("text".encode("utf-16"), "is UTF-16, not UTF-8"),
])
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    file = write(tmp_path / "file.txt", data)
    message = refusal(file)
    assert repr(file) in message
    assert said in message
    assert said in refusal("-", stdin=io.BytesIO(data))


def test_names_that_are_nothing_are_refused(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.txt")
    assert f"no file or folder {missing!r}" in refusal(missing)
    assert "no text was given" in refusal()
    below_a_file = os.path.join(write(tmp_path / "file", b"text"), "below")
    for name in ("", "a\0b", "x" * 5000, below_a_file, "line\nbreak"):
        assert refusal(name)


def test_folder_without_text_is_refused(tmp_path: Path) -> None:
    assert ": no files in it; name a folder" in refusal(str(tmp_path))
    picture = write(tmp_path / "picture.png", b"\0")
    write(tmp_path / "z.png", b"\0")
    assert f": 2 skipped, the first because {picture!r} is binary" in refusal(str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "secret.txt", b"text")
    write(tmp_path / "open.txt", b"open")
    if os.geteuid() == 0:  # root may read everything, so the refusal is played
        monkeypatch.setattr("builtins.open", _deny("secret.txt", open))
    else:
        os.chmod(file, 0)
    assert f"cannot read {file!r}: permission denied; give a file you may read" in refusal(file)
    assert read_corpus([str(tmp_path)]).skipped.keys() == {file}


def _deny(name: str, really_open):
    def open_or_deny(path, *rest, **named):
        if str(path).endswith(name):
            raise PermissionError(13, "Permission denied", path)
        return really_open(path, *rest, **named)
    return open_or_deny


def test_standard_input_must_be_there() -> None:
    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    closed = io.BytesIO(b"text")
    closed.close()
    assert "there is no standard input" in refusal("-")
    assert "is a terminal; pipe a text into it" in refusal("-", stdin=Terminal(b"text"))
    assert "cannot read standard input" in refusal("-", stdin=closed)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_text_or_refused(data: bytes) -> None:
    try:
        read = read_corpus(["-"], io.BytesIO(data))
    except CorpusError:
        return
    without_mark = data.removeprefix(b"\xef\xbb\xbf")
    assert text_of(read).encode().replace(b"\n", b"") == without_mark.translate(None, b"\r\n")


def test_a_runs_folder_is_no_text(tmp_path: Path) -> None:
    run = tmp_path / "checkpoints" / "a"
    run.mkdir(parents=True)
    (tmp_path / "text.txt").write_text("words")
    (run / "metrics.jsonl").write_text("{}")
    assert "{}" in text_of(read_corpus([str(tmp_path)]))
    (run / "last.safetensors").write_bytes(b"\0")
    corpus = read_corpus([str(tmp_path)])
    assert text_of(corpus) == "words"
    assert corpus.skipped == {}


@pytest.mark.parametrize("unit", ["char", "byte", "word", "token"])
def test_chunks_that_are_looked_up_ahead(unit: str) -> None:
    """Units that are new in chunks which other threads look up are numbered as one after the other."""
    rng = random.Random(1)
    chunks = ["".join(chr(rng.randrange(33, 40 + 6 * number)) + " " * rng.randrange(2) for _ in range(50))
              for number in range(40)]
    settings = TextSettings(unit=unit)
    encoder, numbering = Encoder(settings), numbering_of(unit)
    expected = [*map(numbering.numbers, chunks[:17] + chunks[23:]), numbering.numbers("", is_last=True)]
    with closing(encoder):
        for number, chunk in enumerate(chunks):
            if number == 17:
                position = encoder.position()
            if number == 23:
                encoder.rollback(position)
            encoder.append(chunk)
        encoder.flush()
        found = encoder.finish()
    assert list(found.counts) == numbering.units
    order = np.array([found.vocabulary.units.index(name) for name in numbering.units])
    np.testing.assert_array_equal(found.ids.take(np.arange(len(found.ids))), order[np.concatenate(expected)])
