"""A packed text is the text that was packed, however it is cut; an archive with a fault is refused in a line."""

import gzip
import io
import sys
import tempfile
import types
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError
from charrnn.text import decode
from charrnn.text.corpus import read_corpus
from tests.text.test_chunks import chunks_of, good_bytes, plainly
from tests.text.test_corpus import refusal, text_of, write

WORDS = "Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich.\r\n" * 40
# Of numbers that do not repeat, so that an archive has something in it.
LONG = "".join(f"{number * number}\n" for number in range(20_000))


class FakeFrame:
    """What zstandard's decompressobj() does with a frame: here its magic bytes before a zlib stream."""

    def __init__(self) -> None:
        self.head, self.frame, self.seen = b"", zlib.decompressobj(), b""

    def decompress(self, data: bytes) -> bytes:
        missing = len(decode.ZSTD) - len(self.head)
        self.head, data = self.head + data[:missing], data[missing:]
        if not decode.ZSTD.startswith(self.head):
            raise FakeError("Unknown frame\ndescriptor")
        try:
            return self.frame.decompress(data)
        except zlib.error as error:
            raise FakeError(str(error)) from error

    @property
    def eof(self) -> bool:
        return self.frame.eof

    @property
    def unused_data(self) -> bytes:
        return self.frame.unused_data


class FakeError(Exception):
    pass


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package zstandard for a Python that has none."""
    package = types.ModuleType("zstandard")
    package.ZstdError = FakeError  # type: ignore[attr-defined]
    package.ZstdDecompressor = lambda: types.SimpleNamespace(decompressobj=FakeFrame)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", package)


def pack_fake(data: bytes) -> bytes:
    return decode.ZSTD + zlib.compress(data)


def pack_zst(data: bytes) -> bytes:
    """A frame by whichever library is there."""
    try:
        from compression.zstd import compress
    except ImportError:
        return pytest.importorskip("zstandard").ZstdCompressor(write_checksum=True).compress(data)
    return compress(data)


@pytest.fixture(params=["gzip", "fake", "zst"])
def pack(request: pytest.FixtureRequest):
    """What packs bytes into one member or frame."""
    if request.param == "fake":
        request.getfixturevalue("fake")
        return pack_fake
    if request.param == "zst":
        pack_zst(b"")
        return pack_zst
    return gzip.compress


def test_any_bytes_in_any_chunks(pack) -> None:
    @given(st.lists(good_bytes, max_size=4), st.integers(1, 9))
    def same(parts: list[bytes], size: int) -> None:
        text = plainly(b"".join(parts))
        packed = b"".join(map(pack, parts))
        with chunks_of(size):
            if text and not text.startswith("refused"):
                assert text_of(read_corpus(["-"], io.BytesIO(packed))) == text
                return
            with pytest.raises(CorpusError, match=r"is empty|is binary"):
                read_corpus(["-"], io.BytesIO(packed))

    same()


def test_files_and_folders(tmp_path: Path, pack) -> None:
    one = write(tmp_path / "tiny.shakespeare.txt.gz", pack(WORDS.encode()))
    for name, data in {"a.txt": b"plain", "b": pack(b"packed"), "c.gz": b"not packed",
                       "d.tar.zst": pack(b"text and \0"), "e.gz": pack(b"cut off")[:-1]}.items():
        write(tmp_path / "folder" / name, data)
    read = read_corpus([one, str(tmp_path / "folder")])
    assert text_of(read) == WORDS.replace("\r", "") + "plain\npacked\nnot packed"
    assert read.name == "tiny.shakespeare"
    assert [reason.split(" ", 1)[1].split(":")[0] for reason in read.skipped.values()] == [
        "is binary, not text", "is cut off"]


@pytest.mark.parametrize(("name", "short"), [
    ("corpus.txt.gz", "corpus"), ("corpus.txt.zst", "corpus"), ("corpus.gz", "corpus"), ("Corpus.TXT.GZ", "Corpus"),
    ("corpus.txt", "corpus"), ("corpus.gz.txt", "corpus.gz")])
def test_names(tmp_path: Path, name: str, short: str) -> None:
    assert read_corpus([write(tmp_path / name, b"text")]).name == short
    folder = tmp_path / "folder" / name
    write(folder / "a", b"text")
    assert read_corpus([str(folder)]).name == name


def test_cut_off_anywhere(tmp_path: Path, pack) -> None:
    packed = pack(LONG.encode())
    for size in (4, 5, 11, 100, len(packed) // 2, len(packed) - 4, len(packed) - 1):
        file = write(tmp_path / "file.gz", packed[:size])
        message = refusal(file)
        assert message == (f"{file!r} is cut off: it ends after {size:,} bytes, in the middle of its compressed data; "
                           "fetch it again")
    assert "standard input is cut off" in refusal("-", stdin=io.BytesIO(packed[:50]))


def test_damaged(tmp_path: Path, pack) -> None:
    packed = bytearray(pack(LONG.encode()))
    for place in (len(packed) // 2, len(packed) - 3):
        packed[place] ^= 0x55
        message = refusal(write(tmp_path / "file.gz", bytes(packed)))
        assert "file.gz' is " in message
        packed[place] ^= 0x55
    behind = write(tmp_path / "file.gz", pack(b"text") + b"behind it")
    assert "is damaged: it can't be decompressed (" in refusal(behind)


@given(st.binary(max_size=30), st.integers(0, 60), st.integers(0, 255))
def test_any_damage_is_a_line(text: bytes, place: int, value: int) -> None:
    packed = bytearray(gzip.compress(text * 3))
    packed[place % len(packed)] = value
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder, "x"), bytes(packed))
        said = file
        try:
            read_corpus([file])
        except CorpusError as error:
            said = str(error)
    assert file in said
    assert "\n" not in said


@pytest.mark.few(1)
def test_little_that_becomes_much_is_unpacked_in_pieces(pack) -> None:
    packed = pack(bytes(200_000_000))
    stream = decode.Decompressed(io.BytesIO(packed), "zeros")
    assert stream.read(1000) == bytes(1000)
    assert stream.taken < 0.8 * len(packed)  # and no more of the 200 MB than that became: Python takes 128 KB at once
    with pytest.raises(CorpusError, match="standard input is binary, not text: NUL byte at offset 0;"):
        read_corpus(["-"], io.BytesIO(pack(bytes(50_000_000))))


def test_progress_counts_packed_bytes(tmp_path: Path, pack) -> None:
    packed = pack(3 * LONG.encode())  # more than Python takes at once
    told: list[tuple[int, int | None, int]] = []
    with chunks_of(1000):
        read_corpus([write(tmp_path / "file", packed)], None, lambda *progress: told.append(progress))
    done = [bytes_read for bytes_read, _, _ in told]
    assert done == sorted(set(done))
    assert len(done) > 1
    assert told[-1][:2] == (len(packed), len(packed))


def test_without_a_library_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    file = write(tmp_path / "file.zst", pack_fake(b"text"))
    advice = f"{file!r} is compressed with Zstandard, which this Python can't read; pip install zstandard, or"
    assert advice in refusal(file)
    assert advice in refusal(str(tmp_path))
    write(tmp_path / "file.txt", b"text")
    assert read_corpus([str(tmp_path)]).skipped[file].startswith(advice)


def test_a_package_of_python_itself_comes_first(fake: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = types.ModuleType("compression.zstd")
    own.ZstdError, own.ZstdFile = FakeError, lambda source: io.BytesIO(source.read(100)[4:])  # type: ignore
    monkeypatch.setitem(sys.modules, "compression.zstd", own)
    assert text_of(read_corpus([write(tmp_path / "a", decode.ZSTD + b"its own")])) == "its own"


def test_standard_input_that_comes_in_drops(pack) -> None:
    class Drops(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 3))

    assert text_of(read_corpus(["-"], Drops(pack(WORDS.encode())))) == WORDS.replace("\r", "")
