"""Layer render: the standard streams, as commands write to them.

What goes to a terminal passes terminal_text; files and pipes get every character as it is. Notes on standard error are
no reason to fail: where it can't be written, the command goes on, and is_lost says so.
"""

import errno
import io
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO, cast

from charrnn.errors import StorageError
from charrnn.render.terminal_text import painted_text, terminal_text
from charrnn.storage.files import NO_SPACE


class StandardStream:
    """A text stream that stands in the place of sys.stdout or sys.stderr; everything but writing is the stream's own.

    is_lost   something could not be written
    """

    def __init__(self, stream: TextIO, is_for_notes: bool, is_closed: bool = False,
                 mark: Callable[[str], str] = terminal_text) -> None:
        """is_for_notes   that it can't be written is noted, and no error
        is_closed      it was closed before we began; `stream` leads nowhere
        mark           makes text fit for a terminal
        """
        self._stream, self._is_for_notes, self._is_closed, self._mark = stream, is_for_notes, is_closed, mark
        self._is_terminal = stream.isatty()
        self.is_lost = False

    def write(self, text: str) -> int:
        if self._is_closed:
            self._refuse(StorageError("standard output is closed; send it to a file, or to /dev/null"))
        else:
            self._try(lambda: self._stream.write(self._mark(text) if self._is_terminal else text))
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def marking(self, mark: Callable[[str], str]) -> "StandardStream":
        """The same stream with another way to make text fit for a terminal."""
        return StandardStream(self._stream, self._is_for_notes, self._is_closed, mark)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _try(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except OSError as error:
            self._refuse(error if is_pipe_closed(error) else StorageError(_words(error)))

    def _refuse(self, error: Exception) -> None:
        if not self._is_for_notes:
            raise error
        self.is_lost = True


class QuietStream:
    """A stream that takes notes and shows none; `loud` is the one that it stands for."""

    def __init__(self, stream: TextIO) -> None:
        self.loud = stream

    def write(self, text: str) -> int:
        return len(text)

    def isatty(self) -> bool:
        return False  # so that no bar is drawn

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loud, name)


def be_quiet() -> Callable[[], None]:
    """Keeps notes from standard error, where only what goes to loud() is left; a function that ends that."""
    before, sys.stderr = sys.stderr, cast(TextIO, QuietStream(sys.stderr))

    def end() -> None:
        sys.stderr = before

    return end


def loud() -> TextIO:
    """Standard error for errors and for what was asked for, which --quiet does not keep away."""
    return sys.stderr.loud if isinstance(sys.stderr, QuietStream) else sys.stderr


def take_streams() -> None:
    """Puts StandardStreams in the place of sys.stdout and sys.stderr."""
    sys.stdout = cast(TextIO, _standing_for(sys.stdout, is_for_notes=False))
    sys.stderr = cast(TextIO, _standing_for(sys.stderr, is_for_notes=True))


def is_pipe_closed(error: OSError) -> bool:
    """Whether it says that the reader went away."""
    return isinstance(error, BrokenPipeError) or (os.name == "nt" and error.errno == errno.EINVAL)


def _standing_for(stream: TextIO | None, is_for_notes: bool) -> StandardStream:
    if stream is not None:
        return StandardStream(stream, is_for_notes)
    return StandardStream(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), is_for_notes, is_closed=True)


def _words(error: OSError) -> str:
    if error.errno in NO_SPACE:
        return "no space left for the output; free some, or send it elsewhere"
    return f"cannot write the output: {(error.strerror or str(error)).lower()}; send it elsewhere"


def painted(stream: TextIO) -> TextIO:
    """The stream for text with our colours in it."""
    return cast(TextIO, stream.marking(painted_text)) if isinstance(stream, StandardStream) else stream


def unmarked(stream: TextIO) -> TextIO:
    """The stream for what draws on a terminal, and whose texts have passed terminal_text."""
    return cast(TextIO, stream.marking(str)) if isinstance(stream, StandardStream) else stream


def notes_are_lost() -> bool:
    """Whether standard error could not be written."""
    return isinstance(sys.stderr, StandardStream) and sys.stderr.is_lost
