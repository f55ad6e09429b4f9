"""Layer text: bytes to text, a chunk at a time.

A stream comes in, packed or not; chunks of text go out, without a byte order mark and with line feeds only. What the
chunks are makes no difference to the text, nor to what is refused: bytes that are no UTF-8, and files that are no text.
"""

import codecs
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from charrnn.errors import CorpusError
from charrnn.text.archives import Unpacked

# Bytes. What is made of so many fits a core's caches, and the memory for it is used again and again.
CHUNK = 1 << 18


def text_of(stream: BinaryIO, name: str, count: Callable[[int], None]) -> Iterator[str]:
    """The text in `stream`, in chunks that are never empty; count() is told of each so many bytes of the stream.

    Raises CorpusError, which calls the stream `name` and tells the offset of the fault, of an archive in what is
    packed in it.
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
    """The bytes of the stream, unpacked, left at the first NUL so that no disk image is read to its end."""
    unpacked, offset, told = Unpacked(stream, name), 0, 0
    while chunk := unpacked.read(CHUNK):
        if offset == 0:
            if len(chunk) == 1:
                chunk += unpacked.read(1)
            if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise CorpusError(f"{name} is UTF-16, not UTF-8; convert it first with iconv -f UTF-16 -t UTF-8")
        if b"\0" in chunk:
            raise CorpusError(f"{name} is binary, not text: NUL byte at offset {offset + chunk.index(0):,}; "
                              "give a text file")
        offset += len(chunk)
        if unpacked.taken > told:
            count(unpacked.taken - told)
            told = unpacked.taken
        yield chunk
