"""Layer text: bytes to text, a chunk at a time, decompressed on the way.

A stream comes in, compressed by gzip or Zstandard or not at all; chunks of text go out, without a byte order mark and
with line feeds only. Where the chunks are cut makes no difference to the text, nor to what is refused: bytes that are
not UTF-8, and files that are not text. The first bytes tell whether a stream is compressed, not its name: no UTF-8 text
begins as an archive does, and standard input has no name.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, BinaryIO

from charrnn.errors import CorpusError

# Bytes. What is made of so many fits a core's caches, and the memory for it is used again and again.
CHUNK = 1 << 18
COMPRESSED_SUFFIXES = {".gz", ".zst"}
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# Bytes of a Zstandard archive that are decompressed at a time: few, since each may become 32,768.
PIECE = 1 << 10


def text_of(stream: BinaryIO, name: str, count: Callable[[int], None]) -> Iterator[str]:
    """The text in `stream`, in chunks that are never empty; count() is told of each so many bytes of the stream.

    Raises CorpusError, which calls the stream `name` and tells the offset of the fault, counted after decompression.
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")(), translate=True)
    chunks = _bytes_of(stream, name, count)
    fed, is_first, is_last = 0, True, False
    while not is_last:
        chunk = next(chunks, b"")
        fed, is_last = fed + len(chunk), not chunk
        try:
            text = decoder.decode(chunk, final=is_last)
        except UnicodeDecodeError as error:
            for _ in chunks:  # to the end: a NUL byte there says more, namely that this is no text at all
                pass
            offset = fed - len(error.object) + error.start  # the object may begin in an earlier chunk
            raise CorpusError(f"{name} is not UTF-8: byte 0x{error.object[error.start]:02x} at offset {offset:,}; "
                              "convert it first, for example with iconv -f LATIN1 -t UTF-8") from error
        if text and is_first:
            text, is_first = text.removeprefix("\ufeff"), False
        if text:
            yield text


def _bytes_of(stream: BinaryIO, name: str, count: Callable[[int], None]) -> Iterator[bytes]:
    """The bytes of the stream, decompressed, left at the first NUL so that no disk image is read to its end."""
    decompressed, offset, counted = Decompressed(stream, name), 0, 0
    while chunk := decompressed.read(CHUNK):
        if offset == 0:
            if len(chunk) == 1:
                chunk += decompressed.read(1)
            if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise CorpusError(f"{name} is UTF-16, not UTF-8; convert it first with iconv -f UTF-16 -t UTF-8")
        if b"\0" in chunk:
            raise CorpusError(f"{name} is binary, not text: NUL byte at offset {offset + chunk.index(0):,}; "
                              "give a text file")
        offset += len(chunk)
        if decompressed.taken > counted:
            count(decompressed.taken - counted)
            counted = decompressed.taken
        yield chunk


class Decompressed:
    """The bytes that a stream holds, decompressed; `taken` says how many of its own bytes were read for them."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Raises CorpusError, which calls the stream `name`, where what decompresses it is not installed."""
        self._name, self._source = name, _Source(stream)
        self._stream: Any = self._source
        self._damages: tuple[type[Exception], ...] = ()
        if self._source.head.startswith(GZIP):
            self._stream = gzip.GzipFile(fileobj=self._source, mode="rb")  # type: ignore[call-overload]
            self._damages = (gzip.BadGzipFile, zlib.error)
        elif self._source.head.startswith(ZSTD):
            self._stream, self._damages = _zstandard(self._source, name)

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end; raises CorpusError where the archive is cut off or damaged."""
        try:
            data: bytes = self._stream.read(size)
        except EOFError as error:
            raise CorpusError(f"{self._name} is cut off: it ends after {self.taken:,} bytes, in the middle of its "
                              "compressed data; fetch it again") from error
        except self._damages as error:
            reason = " ".join(str(error).lower().split())
            raise CorpusError(f"{self._name} is damaged: it can't be decompressed ({reason}); fetch it "
                              "again") from error
        return data

    @property
    def taken(self) -> int:
        return self._source.taken


class _Source:
    """A stream that shows its first bytes before they are read, and counts those that were."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.taken = stream, 0
        self.head = b""
        while len(self.head) < len(ZSTD) and (more := stream.read(len(ZSTD) - len(self.head))):
            self.head += more

    def read(self, size: int) -> bytes:
        first, self.head = self.head[:size], self.head[size:]
        data = first + self._stream.read(size - len(first)) if len(first) < size else first
        self.taken += len(data)
        return data


class _ZstandardFrames:
    """What the package zstandard decompresses. Its own reader takes an archive that is cut off for a whole one."""

    def __init__(self, source: _Source, package: Any) -> None:
        self._source, self._package = source, package
        self._frame: Any = None  # the one that is being read
        self._rest, self._ready = b"", bytearray()

    def read(self, size: int) -> bytes:
        while len(self._ready) < size:
            piece = self._rest or self._source.read(PIECE)
            if not piece:
                if self._frame is not None:
                    raise EOFError
                break
            if self._frame is None:
                self._frame = self._package.ZstdDecompressor().decompressobj()
            self._ready += self._frame.decompress(piece)
            self._rest = b""
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
        data = bytes(self._ready[:size])
        del self._ready[:size]
        return data


def _zstandard(source: _Source, name: str) -> tuple[Any, tuple[type[Exception], ...]]:
    """What reads the archive in `source`, and what it raises when that is damaged."""
    try:
        module = import_module("compression.zstd")  # from Python 3.14 on
        return module.ZstdFile(source), (module.ZstdError,)
    except ImportError:
        pass
    try:
        module = import_module("zstandard")
    except ImportError as error:
        raise CorpusError(f"{name} is compressed with Zstandard, which this Python can't read; pip install zstandard, "
                          "or decompress it first with zstd -d") from error
    return _ZstandardFrames(source, module), (module.ZstdError,)
