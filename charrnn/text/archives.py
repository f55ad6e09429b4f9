"""Layer text: packed texts, unpacked while they are read.

A stream comes in, packed by gzip or Zstandard or not at all; the bytes that were packed go out. The first bytes tell
which it is, not the name: no UTF-8 text begins as an archive does, a text that is not packed but still called .gz is
read as what it is, and standard input has no name.
"""

import gzip
import zlib
from importlib import import_module
from typing import Any, BinaryIO

from charrnn.errors import CorpusError

SUFFIXES = {".gz", ".zst"}
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

# Bytes of a Zstandard archive that are unpacked at a time: few, since each may become 32,768 where it was made to.
PIECE = 1 << 10


class Unpacked:
    """The bytes that a stream holds, unpacked; `taken` says how many of its own bytes were read for them."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Raises CorpusError, which calls the stream `name`, where what unpacks it is not installed."""
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
            raise CorpusError(f"{self._name} is cut off: it ends after {self.taken:,} bytes, in the middle of what is "
                              "packed in it; fetch it again") from error
        except self._damages as error:
            raise CorpusError(f"{self._name} is damaged: it can't be unpacked ({_one_line(error)}); fetch it "
                              "again") from error
        return data

    @property
    def taken(self) -> int:
        return self._source.taken


class _Source:
    """A stream whose first bytes can be looked at before they are read."""

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


class _Frames:
    """What the package zstandard unpacks. Its own reader takes an archive that is cut off for a whole one."""

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
        raise CorpusError(f"{name} is packed with Zstandard, and this Python can't unpack that; pip install zstandard, "
                          "or unpack it first with zstd -d") from error
    return _Frames(source, module), (module.ZstdError,)


def _one_line(error: Exception) -> str:
    """What a library says, in lower case and on one line."""
    return " ".join(str(error).lower().split())
