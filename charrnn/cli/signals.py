"""Layer cli: Ctrl-C and SIGTERM, which ask a run to stop after its step, so that it is saved."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Makes the first Ctrl-C or SIGTERM call stop(), and a second one end the program at once."""
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def received_one(number: int, frame: Any) -> None:
        received.append(number)
        stop()
        # not print(): the signal may have come in the middle of one
        with contextlib.suppress(OSError):
            os.write(2, b"\nstopping after this step and saving; press again to quit at once\n")
        signal.signal(number, before[signal.Signals(number)] or signal.SIG_DFL)

    for number in before:
        signal.signal(number, received_one)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
