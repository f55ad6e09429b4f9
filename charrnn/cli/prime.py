"""Layer cli: where the text comes from that a sample goes on from: an option, a file, or what is piped in."""

import os
import select
import stat
import sys

from charrnn.errors import SettingsError

_PATIENCE = 1.0  # seconds without a word from a pipe before a note says what we wait for


def prime_from(prime: str | None, file: str | None) -> str:
    """The text in `prime`, or in `file` ("-" is standard input), or in what is piped in; empty if there is none.

    One line end at the end of a file or a pipe is dropped: editors and echo put it there.
    """
    if prime is not None and file is not None:
        raise SettingsError("--prime and --prime-file contradict each other; give one of them")
    if prime is not None or (file is None and not _is_piped()):
        return prime or ""
    from charrnn.text.sources import read_source

    if file is None:
        _note_if_nothing_comes()
    stdin = sys.stdin.buffer if sys.stdin else None
    text = "".join(read_source(file or "-", stdin, lambda _: None))
    return text.removesuffix("\n").removesuffix("\r")


def _is_piped() -> bool:
    """Whether standard input is a pipe or a file, and not a terminal, nothing or closed."""
    try:
        kind = os.fstat(sys.stdin.fileno()).st_mode if sys.stdin else 0
    except (OSError, ValueError):  # closed, or not the real one
        return False
    return stat.S_ISFIFO(kind) or stat.S_ISREG(kind)


def _note_if_nothing_comes() -> None:
    if os.name == "posix" and not select.select([sys.stdin], [], [], _PATIENCE)[0]:
        print('waiting for the prime on standard input; --prime "" would go without', file=sys.stderr, flush=True)
