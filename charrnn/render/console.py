"""Layer render: the standard streams of a session of writing: a person at a terminal, or a script in a pipe.

With a person, the text appears on standard output as it is made, and notes on standard error. With a script there is no
prompt and no talk. Where standard output is no terminal, it gets the text as it stands at the end and nothing else.
"""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from charrnn.errors import PlayError
from charrnn.render.screen import has_colour
from charrnn.render.streams import painted
from charrnn.render.terminal_text import terminal_text


class Console:
    """Where lines come from and text goes.

    is_talking     whether a person types the lines
    wants_result   whether the text is to be delivered at the end
    """

    def __init__(self) -> None:
        self.is_talking = sys.stdin is not None and sys.stdin.isatty()
        is_shown = sys.stdout.isatty()
        self.wants_result = not (self.is_talking and is_shown)
        self._screen = sys.stdout if is_shown else sys.stderr
        self._has_line_editor = self.is_talking and is_shown and _load_line_editor()
        self._has_colour = has_colour("auto", sys.stderr)
        self._last = "\n"
        self._script = _script() if not self.is_talking else iter(())

    def ask(self, prompt: str) -> str:
        """The next line, without its end; raises EOFError when there is none, PlayError for one that is no text."""
        self.end_line()
        try:
            if not self.is_talking:
                return next(self._script)
            if self._has_line_editor:
                return input(terminal_text(prompt))  # which is written by the line editor itself
            self._write(prompt)
            self._last = "\n"  # the person ends it
            line = sys.stdin.readline()
        except UnicodeDecodeError as error:
            raise PlayError(f"these are not characters: {error.reason} in {error.encoding}; nothing was added"
                            ) from error
        except StopIteration:
            line = ""
        if not line:
            raise EOFError
        return line.removesuffix("\n")

    def show(self, text: str) -> None:
        """Text as it is made, for the person."""
        if self.is_talking and text:
            self._write(text)

    def end_line(self) -> None:
        """Whatever comes next begins a line."""
        if self._last != "\n":
            self.show("\n")

    def note(self, line: str) -> None:
        """Something that is no text; a script does not get it."""
        if self.is_talking:
            self.tell(click.style("-- " + terminal_text(line), dim=True))

    def tell(self, line: str) -> None:
        """A line on standard error."""
        self.end_line()
        sys.stdout.flush()
        click.echo(line, file=painted(sys.stderr), color=self._has_colour)

    def deliver(self, text: str, ends_line: bool) -> None:
        """The text on standard output, with a line end behind it if that is wanted."""
        self.end_line()
        is_ended = text.endswith("\n") or not text or not (ends_line or sys.stdout.isatty())
        sys.stdout.write(text + ("" if is_ended else "\n"))
        sys.stdout.flush()

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[Callable[[], bool]]:
        """Gives a function that says whether Ctrl-C was pressed; a second Ctrl-C interrupts as usual."""
        pressed: list[int] = []
        before = signal.getsignal(signal.SIGINT)

        def press(number: int, frame: Any) -> None:
            pressed.append(number)
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)

        if self.is_talking:
            signal.signal(signal.SIGINT, press)
        try:
            yield lambda: bool(pressed)
        finally:
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)

    def _write(self, text: str) -> None:
        self._screen.write(text)
        self._screen.flush()
        self._last = text[-1:]


def _load_line_editor() -> bool:
    """Lets input() edit lines and remember them, where there is GNU readline or its like; Windows edits by itself."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401
    return True


def _script() -> Iterator[str]:
    """The lines of standard input, which is UTF-8 whatever the locale says."""
    try:
        for number, line in enumerate(sys.stdin.buffer if sys.stdin is not None else ()):
            text = line.decode()
            yield (text if number else text.removeprefix("\ufeff")).rstrip("\r\n")
    except OSError as error:
        raise PlayError(f"cannot read standard input: {(error.strerror or str(error)).lower()}; give it a file or a "
                        "terminal") from error
