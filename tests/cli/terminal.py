"""A program in a terminal of its own: keys go in, and what its screen was told comes out."""

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.cli.tiny import ROOT

# The terminal becomes the program's own, so that Ctrl-C reaches it.
_CODE = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from charrnn.cli.main import main
sys.argv[0] = "charrnn"
main()
"""
_PATIENCE = 300  # seconds; a busy machine may need many
CTRL_C, CTRL_D, ENTER, UP, BACKSPACE = "\x03", "\x04", "\r", "\x1b[A", "\x7f"


class Terminal:
    """One run of charrnn; all that it has written stands in `screen`."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, output: str, environment: dict[str, str]) -> None:
        import pty

        self._keys, program = pty.openpty()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "LC_ALL": "C.UTF-8",
                       **environment}
        with open(folder / output, "wb") if output else os.fdopen(os.dup(program), "wb") as out:
            self.process = subprocess.Popen([sys.executable, "-c", _CODE, *arguments], cwd=folder, env=environment,
                                            stdin=program, stdout=out, stderr=program, start_new_session=True)
        os.close(program)
        self.screen, self._seen = "", 0

    def type(self, keys: str) -> None:
        """Presses keys."""
        os.write(self._keys, keys.encode())

    def wait_for(self, text: str) -> str:
        """Waits until `text` appears behind what was waited for before; what came until then."""
        end = time.monotonic() + _PATIENCE
        while (found := self.screen.find(text, self._seen)) < 0:
            assert time.monotonic() < end, f"no {text!r} in {self.screen[self._seen:]!r}"
            assert self._read(), f"the program ended without {text!r}: {self.screen!r}"
        before, self._seen = self.screen[self._seen:found], found + len(text)
        return before

    def end(self) -> int:
        """Waits until the program ends; its exit code."""
        end = time.monotonic() + _PATIENCE
        while self._read():
            assert time.monotonic() < end, f"still running: {self.screen!r}"
        return self.process.wait(_PATIENCE)

    def close(self) -> None:
        """Ends the program, if it still runs."""
        self.process.kill()
        self.process.wait()
        os.close(self._keys)

    def _read(self) -> bool:
        """Takes in what there is; False at the end."""
        ready, _, _ = select.select([self._keys], [], [], 1)
        if not ready:
            return True
        data = b""
        with contextlib.suppress(OSError):  # Linux refuses to read where macOS gives nothing
            data = os.read(self._keys, 1 << 16)
        self.screen += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


@contextlib.contextmanager
def terminal(*arguments: str, folder: Path, output: str = "", **environment: str) -> Iterator[Terminal]:
    """charrnn with these arguments, in a terminal whose TERM is dumb unless another is given.

    output   a file for standard output
    """
    own = {"HOME" if sys.platform == "darwin" else "XDG_STATE_HOME": str(folder), "TERM": "dumb"}
    opened = Terminal(arguments, folder, output, {**own, **environment})
    try:
        yield opened
    finally:
        opened.close()
